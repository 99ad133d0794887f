"""Sections 6 and 13: the keys at the top."""

import pytest

from llamaswap_desktop.config import IgnoredPaths
from llamaswap_desktop.config.top import store_problem
from tests.config.loading import M, first, load, models, refused, said


def test_defaults():
    config = load("")
    assert (config.health_check_timeout_s, config.start_port, config.global_ttl_s, config.unload_timeout_s) == (
        120, 5800, 0, 10,
    )  # fmt: skip
    assert (config.log_level, config.log_time_format, config.log_to_stdout) == ("info", "", "proxy")
    assert (config.metrics_max_in_memory, config.capture_buffer_mb) == (1000, 5)
    assert not any((config.send_loading_state, config.include_aliases_in_list, config.log_requests))
    assert (config.api_keys, config.store, config.performance.disabled, config.performance.every_s) == (
        (),
        None,
        False,
        5.0,
    )
    assert config.ui.activity.session_id == ("X-Session-ID", "X-Litellm-Session-Id")
    assert config.upstream.ignore_paths == (r".*\.(js|json|css|png|gif|jpg|jpeg|ico|txt)$",)
    assert (config.routing.router.use, config.routing.scheduler.use) == ("group", "fifo")


@pytest.mark.parametrize(
    ("written", "seconds"), [("0", 15), ("14", 15), ("15", 15), ("-5", 15), ("16", 16), ("600", 600)]
)
def test_health_checks_take_fifteen_seconds_at_least(written, seconds):
    config = load(f"healthCheckTimeout: {written}\n" + M)
    assert config.health_check_timeout_s == config.models["m"].health_check_timeout_s == seconds


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("startPort: 0", "startPort", "0"),
        ("startPort: -1", "startPort", "-1"),
        ("globalTTL: -1", "globalTTL", "-1"),
        ("unloadTimeout: -1", "unloadTimeout", "-1"),
        ("logToStdout: all", "logToStdout", "all"),
        ("logToStdout: ''", "logToStdout", "both"),
        ("logToStdout: Proxy", "logToStdout", "upstream"),
        ("performance: {every: 4s}", "performance.every", "5s"),
        ("performance: {every: 4999ms, disabled: true}", "performance.every", "4.999"),
        ("performance: {every: -10s}", "performance.every", "-10"),
    ],
)
def test_refused_values_carry_the_key_and_what_is_allowed(text, path, value):
    message = first(text)
    assert path in message
    assert value in message


@pytest.mark.parametrize("written", ["proxy", "upstream", "both", "none"])
def test_log_outputs(written):
    assert load(f"logToStdout: {written}").log_to_stdout == written


def test_start_port_one_is_fine_and_huge_ones_too():
    assert load("startPort: 1").start_port == 1
    assert load("startPort: 99999").start_port == 99999


def test_an_unload_timeout_of_zero_is_the_default():
    assert load("unloadTimeout: 0").unload_timeout_s == 10


@pytest.mark.parametrize(
    ("written", "level"),
    [("DEBUG", "debug"), ("' Warn '", "warn"), ("error", "error"), ("loud", "info"), ("''", "info")],
)
def test_log_levels(written, level):
    assert load(f"logLevel: {written}").log_level == level


@pytest.mark.parametrize(
    ("written", "name"), [("RFC3339", "rfc3339"), ("' Kitchen '", "kitchen"), ("iso", ""), ("''", "")]
)
def test_time_formats(written, name):
    assert load(f"logTimeFormat: {written}").log_time_format == name


@pytest.mark.parametrize(("written", "count"), [("0", 1000), ("-1", 1000), ("7", 7)])
def test_metrics_in_memory(written, count):
    assert load(f"metricsMaxInMemory: {written}").metrics_max_in_memory == count


@pytest.mark.parametrize(("written", "mb"), [("0", 0), ("-1", 0), ("7", 7)])
def test_capture_buffer(written, mb):
    assert load(f"captureBuffer: {written}").capture_buffer_mb == mb


def test_log_requests_is_accepted():
    assert not said(load("logRequests: true"))


# -- 13.1 preload


@pytest.mark.parametrize(
    ("written", "preloaded"),
    [
        ("[a, b]", ("a", "b")),
        ("[' b ', al, a, a]", ("b", "a", "a", "a")),
        ("['', '  ', nope, a]", ("a",)),
        ("[p/x, sel, b]", ("b",)),
    ],
)
def test_preload(written, preloaded):
    text = (
        "models: {a: {cmd: x, proxy: 'http://h', aliases: [al]}, b: {cmd: x, proxy: 'http://h'}}\n"
        "peers: {p: {proxy: 'http://h', models: [x]}}\nselectors: {sel: {strategy: pin, targets: [a]}}\n"
    )
    assert load(text + f"hooks: {{on_startup: {{preload: {written}}}}}").hooks.on_startup.preload == preloaded


def test_dropped_preloads_are_warned_of():
    assert "nope" in said(load("hooks: {on_startup: {preload: [nope]}}"))


# -- 13.2 API keys


@pytest.mark.parametrize(
    ("written", "index"), [("['']", 0), ("[good, '']", 1), ("[good, 'with space']", 1), ("[' x']", 0)]
)
def test_bad_api_keys_are_named_by_index_alone(written, index):
    message = first(f"apiKeys: {written}")
    assert f"apiKeys[{index}]" in message
    assert "with space" not in message
    assert "good" not in message


def test_tabs_in_keys_are_not_looked_at():
    assert load('apiKeys: ["a\\tb"]').api_keys == ("a\tb",)


# -- 13.3 store


@pytest.mark.parametrize("path", ["''", "'  '"])
def test_a_blank_store_is_refused(path):
    message = first(f"store: {{path: {path}}}", check_store=store_problem)
    assert "store.path" in message
    assert "blank" in message


def test_a_store_without_a_path_is_refused():
    assert "store.path" in first("store: {}", check_store=store_problem)


def test_where_a_store_may_lie(tmp_path):
    assert store_problem(str(tmp_path / "new.db")) == ""
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old.db").write_bytes(b"kept")
    assert store_problem(str(tmp_path / "old.db")) == ""
    assert (tmp_path / "old.db").read_bytes() == b"kept"
    assert "directory" in store_problem(str(tmp_path))
    assert "does not exist" in store_problem(str(tmp_path / "no" / "x.db"))
    assert "does not exist" in store_problem("~/x/y.db")


@pytest.mark.linux
def test_a_store_that_cannot_be_written():
    assert "cannot be written" in store_problem("/proc/version")


def test_relative_stores_count_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert store_problem("new.db") == ""
    assert store_problem(" new.db ") == ""


def test_an_absent_store_is_none():
    assert load("store: ~", check_store=store_problem).store is None


# -- 13.5 and 13.7


@pytest.mark.parametrize(
    ("written", "headers"),
    [("[' A ', '', a, B, '  ']", ("A", "B")), ("[]", ()), ("[X-Session-ID, x-session-id]", ("X-Session-ID",))],
)
def test_session_headers(written, headers):
    assert load(f"ui: {{activity: {{session_id: {written}}}}}").ui.activity.session_id == headers


@pytest.mark.parametrize(
    ("expressions", "path", "ignored"),
    [
        (None, "/x/app.js", True),
        (None, "/app.js/x", False),
        (None, "/app.JS", False),
        ("[]", "/x/app.js", True),
        ("['^/a']", "/app.js", True),
        ("['^/a']", "/b/app.js", False),
        ("['/b', '/c']", "/x/c", True),
        (r"['\Qa.b\E\z']", "/a.b", True),
        (r"['a$']", "a\n", False),
        (r"['\pL{3}']", "/éàü", True),
        (r"['(?i)(?P<n>X)']", "x", True),
        (r"['[[:digit:]]']", "a1", True),
    ],
)
def test_ignored_paths_are_searched_for(expressions, path, ignored):
    config = load("" if expressions is None else f"upstream: {{ignorePaths: {expressions}}}")
    assert (path in IgnoredPaths(config.upstream.ignore_paths)) is ignored


@pytest.mark.parametrize(
    "expression",
    [r"(?=a)", r"(?<!a)b", r"(a)\1", "a*+", "(?>a)", r"a\Z", r"\h", "a{1001}", "a**", "(", "[z-a]", r"\u0041"],
)
def test_what_re2_refuses_is_refused(expression):
    message = first(f"upstream: {{ignorePaths: [ok, '{expression}']}}")
    assert "upstream.ignorePaths[1]" in message
    assert expression in message


def test_the_order_of_the_checks():
    text = """
        logToStdout: x
        store: {path: ''}
        unloadTimeout: -1
        globalTTL: -1
        startPort: 0
        performance: {every: 1s}
    """
    paths = [problem.path for problem in refused(text, check_store=store_problem)]
    assert paths == ["performance.every", "startPort", "globalTTL", "unloadTimeout", "store.path", "logToStdout"]


def test_models_come_after_the_top_and_keys_after_models():
    text = "apiKeys: ['']\nlogToStdout: x\n" + models("a").replace("x,", "x, ttl: -9,")
    assert [problem.path for problem in refused(text)] == ["logToStdout", "models.a.ttl", "apiKeys[0]"]
