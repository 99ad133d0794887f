"""The effective configuration, as ``check --print`` shows it."""

import msgspec

from llamaswap_desktop.config import describe, to_yaml
from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.read import plain_value
from tests.config.loading import load

TEXT = """
macros: {key: sk-macro-secret}
globalTTL: 300
apiKeys: [sk-first-secret, "${key}"]
models:
  m:
    cmd: run ${PORT} --api-key ${key} --hf-token hf-command-secret
    env: [HF_TOKEN=hf-secret-1, PATH=/bin, "API_KEY=x", HF_HOME=/m]
    description: "uses hf-secret-1"
    timeouts: {connect: 5}
    metadata: {none: ~, yes: "on", num: "12"}
  n: {cmd: x, proxy: http://h, memory: {vram: 5}}
peers: {p: {proxy: http://h, models: [x], apiKey: sk-peer-secret}}
desktop: {adminKeys: [sk-admin-secret]}
matrix: {vars: {v: m}, evict_costs: {v: 5}, sets: {s: v & n}}
performance: {every: 1m30s}
"""


def test_what_holds_stands_under_the_yaml_s_own_keys():
    shown = describe(load(TEXT))
    model = shown["models"]["m"]
    assert (model["ttl"], model["timeouts"]["connect"], model["timeouts"]["idleConn"]) == (300, 5, 90)
    assert model["cmd"].startswith("run 5800 ")
    assert model["proxy"] == "http://localhost:5800"
    assert "id" not in model
    assert "port" not in model
    assert model["metadata"] == {"none": None, "yes": "on", "num": "12"}
    assert (model["memory"], shown["models"]["n"]["memory"]) == ({}, {"vram": 5})
    assert shown["performance"] == {"disabled": False, "every": 90.0}
    assert shown["routing"]["router"] == {
        "use": "matrix",
        "settings": {"groups": {}, "matrix": {"vars": {"v": "m"}, "evict_costs": {"m": 5}, "sets": {"s": "v & n"}}},
    }
    assert "store" not in shown
    assert "groups" not in shown
    assert "warnings" not in shown


def test_secrets_are_masked_wherever_they_stand():
    shown = describe(load(TEXT))
    for secret in (
        "sk-macro-secret",
        "sk-first-secret",
        "hf-secret-1",
        "hf-command-secret",
        "sk-peer-secret",
        "sk-admin-secret",
    ):
        assert secret not in str(shown)
    assert shown["apiKeys"] == ["***", "***"]
    assert shown["macros"] == {"key": "***"}
    assert shown["models"]["m"]["env"] == ["HF_TOKEN=***", "PATH=/bin", "API_KEY=***", "HF_HOME=/m"]
    assert shown["models"]["m"]["cmd"] == "run 5800 --api-key *** --hf-token ***"
    assert shown["peers"]["p"]["apiKey"] == "***"


def test_the_default_group_and_the_memory_engine_are_shown():
    assert describe(load(""))["routing"]["router"]["settings"] == {
        "groups": {"(default)": {"members": [], "swap": True, "exclusive": True, "persistent": False}}
    }
    memory = describe(load("routing: {router: {use: memory}}"))["routing"]["router"]["settings"]["memory"]
    assert memory == {"reserve": 512, "budgets": {}, "releaseWait": 10}


def test_as_yaml_every_value_reads_back_as_it_was():
    config = load(
        "models: {m: {cmd: \"a\\nb\", proxy: 'http://h', metadata: {a: '017', b: 'on', c: '0o17', d: '1e3', e: '~', "
        "f: '', g: 1.5, h: true, i: ~, j: [1, '1'], k: '2024-01-31', l: ' x ', m: 'a: b', n: '#', o: '0x_1'}}}"
    )
    shown = describe(config)
    root = compose(to_yaml(shown))
    assert root is not None
    assert plain_value(root)["models"] == shown["models"]


def test_it_is_json():
    assert msgspec.json.decode(msgspec.json.encode(describe(load(TEXT)))) == describe(load(TEXT))


def test_depth_does_not_matter():
    text = "models: {m: {cmd: x, proxy: 'http://h', metadata: {d: " + "[" * 450 + "]" * 450 + "}}}"
    shown = describe(load(text))
    root = compose(to_yaml(shown))
    assert root is not None
    assert plain_value(root) == shown
