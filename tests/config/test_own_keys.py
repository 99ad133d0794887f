"""Section 20: the keys of this project."""

import pytest

from tests.config.loading import M, first, load, model, models, refused, said

PEER = "peers: {p: {proxy: 'http://h', models: [x]}}\n"


def fifo(text: str) -> str:
    return f"routing: {{scheduler: {{settings: {{fifo: {{{text}}}}}}}}}\n"


def memory(text: str) -> str:
    return f"routing: {{router: {{use: memory, settings: {{memory: {{{text}}}}}}}}}\n"


def test_defaults():
    config = load(M)
    found, queue, desktop = config.models["m"], config.routing.scheduler.settings.fifo, config.desktop
    assert (config.evict_timeout_s, found.evict_timeout_s, found.load_timeout_s) == (0, 120, 120)
    assert (found.load_stall_timeout_s, found.queue_timeout_s, found.pinned) == (0, 0, False)
    assert (found.memory.vram_mib, found.memory.ram_mib) == (None, None)
    assert (queue.max_wait_s, queue.aging_step_s, queue.max_queued) == (60, 30, 0)
    assert (desktop.visible_failures, desktop.reload_as_diff) == (True, True)
    assert (desktop.keep_alive_after_s, desktop.allowed_hosts, desktop.allowed_origins, desktop.admin_keys) == (
        20,
        (),
        (),
        (),
    )
    limits = desktop.limits
    assert (limits.header_bytes, limits.body_bytes, limits.head_time_s, limits.connections) == (1048576, 0, 0, 0)
    assert (desktop.retry.failures, desktop.retry.max_pause_s, desktop.wake_on_lan) == (3, 60, {})


@pytest.mark.parametrize(
    ("top", "own", "seconds"),
    [("", "", 120), ("0", "0", 120), ("40", "", 40), ("40", "0", 40), ("40", "7", 7), ("", "7", 7)],
)
def test_the_grace_of_evicted_models(top, own, seconds):
    text = (f"evictTimeout: {top}\n" if top else "") + model(f"evictTimeout: {own}" if own else "")
    assert load(text).models["m"].evict_timeout_s == seconds


def test_the_load_timeout_falls_back_to_the_health_check():
    assert load("healthCheckTimeout: 300\n" + model()).models["m"].load_timeout_s == 300
    assert load("healthCheckTimeout: 300\n" + model("loadTimeout: 20")).models["m"].load_timeout_s == 20


def test_what_is_written_is_read():
    found = load(model("pinned: yes, memory: {vram: 8000, ram: 0}, loadStallTimeout: 9, queueTimeout: 8")).models["m"]
    assert (found.pinned, found.memory.vram_mib, found.memory.ram_mib) == (True, 8000, 0)
    assert (found.load_stall_timeout_s, found.queue_timeout_s) == (9, 8)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("evictTimeout: -1", "evictTimeout", "-1"),
        (model("evictTimeout: -1"), "models.m.evictTimeout", "'m'"),
        (model("loadTimeout: -2"), "models.m.loadTimeout", "-2"),
        (model("loadStallTimeout: -3"), "models.m.loadStallTimeout", "-3"),
        (model("queueTimeout: -4"), "models.m.queueTimeout", "-4"),
        (model("memory: {vram: -5}"), "models.m.memory.vram", "-5"),
        (model("memory: {ram: -6}"), "models.m.memory.ram", "-6"),
        (fifo("maxWait: -1"), "routing.scheduler.settings.fifo.maxWait", "-1"),
        (fifo("agingStep: -1"), "routing.scheduler.settings.fifo.agingStep", "-1"),
        (fifo("maxQueued: -1"), "routing.scheduler.settings.fifo.maxQueued", "-1"),
        (memory("reserve: -1"), "routing.router.settings.memory.reserve", "-1"),
        (memory("budgets: {gpu0: -1}"), "routing.router.settings.memory.budgets.gpu0", "'gpu0'"),
        (memory("releaseWait: -1"), "routing.router.settings.memory.releaseWait", "-1"),
        ("desktop: {keepAliveAfter: -1}", "desktop.keepAliveAfter", "-1"),
        ("desktop: {allowedHosts: [a, '']}", "desktop.allowedHosts[1]", "index 1"),
        ("desktop: {allowedOrigins: ['']}", "desktop.allowedOrigins[0]", "index 0"),
        ("desktop: {adminKeys: [a, '']}", "desktop.adminKeys[1]", "index 1"),
        ("desktop: {adminKeys: ['geheim nis']}", "desktop.adminKeys[0]", "index 0"),
        ("desktop: {limits: {header: 0}}", "desktop.limits.header", "0"),
        ("desktop: {limits: {body: -1}}", "desktop.limits.body", "-1"),
        ("desktop: {limits: {headTime: -1}}", "desktop.limits.headTime", "-1"),
        ("desktop: {limits: {connections: -1}}", "desktop.limits.connections", "-1"),
        ("desktop: {retry: {failures: -1}}", "desktop.retry.failures", "-1"),
        ("desktop: {retry: {maxPause: 0}}", "desktop.retry.maxPause", "0"),
        ("desktop: {wakeOnLan: {nope: {mac: '00:11:22:33:44:55'}}}", "desktop.wakeOnLan.nope", "'nope'"),
        (PEER + "desktop: {wakeOnLan: {p: {}}}", "desktop.wakeOnLan.p.mac", "'p'"),
        (PEER + "desktop: {wakeOnLan: {p: ~}}", "desktop.wakeOnLan.p.mac", "'p'"),
        (PEER + "desktop: {wakeOnLan: {p: {mac: '00:11:22'}}}", "desktop.wakeOnLan.p.mac", "00:11:22"),
        (PEER + "desktop: {wakeOnLan: {p: {mac: 0011.2233.4455}}}", "desktop.wakeOnLan.p.mac", "'p'"),
        (
            PEER + "desktop: {wakeOnLan: {p: {mac: '00:11:22:33:44:55', broadcast: h}}}",
            "desktop.wakeOnLan.p.broadcast",
            "'h'",
        ),
        (
            PEER + "desktop: {wakeOnLan: {p: {mac: '00:11:22:33:44:55', broadcast: '::1'}}}",
            "desktop.wakeOnLan.p.broadcast",
            "::1",
        ),
        (PEER + "desktop: {wakeOnLan: {p: {mac: '00:11:22:33:44:55', wait: 0}}}", "desktop.wakeOnLan.p.wait", "0"),
    ],
)
def test_refused_values_carry_key_and_value(text, path, value):
    message = first(text)
    assert f"{path}:" in message
    assert value in message
    assert "geheim" not in message


@pytest.mark.parametrize(
    "keys",
    [
        "evictTimeout: soon",
        "desktop: {limits: [1]}",
        "desktop: {wakeOnLan: 5}",
        "desktop: 5",
        model("pinned: 1"),
        model("memory: 5"),
    ],
)
def test_types_count(keys):
    assert "expected" in first(keys)


def test_wake_on_lan():
    text = "desktop: {wakeOnLan: {p: {mac: 00-1a-2B-33-44-55, broadcast: 192.168.1.255, wait: 5}}}"
    found = load(PEER, text).desktop.wake_on_lan["p"]
    assert (found.mac, found.broadcast, found.wait_s) == ("00-1a-2B-33-44-55", "192.168.1.255", 5)
    default = load(PEER, "desktop: {wakeOnLan: {p: {mac: '00:1a:2B:33:44:55'}}}").desktop.wake_on_lan["p"]
    assert (default.broadcast, default.wait_s) == ("255.255.255.255", 60)


def test_unknown_devices_are_warned_of():
    assert "'cuda0'" in said(load(memory("budgets: {cuda0: 5, gpu11: 5, ram: 5}")))


def test_macros_and_leftovers():
    assert load("macros: {w: 9}\ndesktop: {keepAliveAfter: '${w}'}").desktop.keep_alive_after_s == 9
    assert "desktop.keepAliveAfter" in first("desktop: {keepAliveAfter: '${nope}'}")


def test_they_are_merged_like_any_mapping():
    config = load(
        "desktop: {allowedHosts: [a], limits: {body: 5}}", "desktop: {allowedHosts: [b], limits: {connections: 6}}"
    )
    assert config.desktop.allowed_hosts == ("a", "b")
    assert (config.desktop.limits.body_bytes, config.desktop.limits.connections) == (5, 6)


def test_what_llama_swap_refuses_comes_first():
    text = "evictTimeout: -1\ndesktop: {keepAliveAfter: -1}\n" + fifo("maxWait: -1") + "profiles: {d: {}}\n"
    text += models("b", "a").replace("x,", "x, loadTimeout: -1,")
    assert [problem.path for problem in refused(text)] == [
        "profiles.d.pins",
        "evictTimeout",
        "models.a.loadTimeout",
        "models.b.loadTimeout",
        "routing.scheduler.settings.fifo.maxWait",
        "desktop.keepAliveAfter",
    ]
