"""Sections 3, 15 and 19: the order of loading, messages, and what comes out."""

import subprocess
import sys

import pytest

from llamaswap_desktop.config import Config
from llamaswap_desktop.errors import Severity
from tests.config.loading import M, first, load, model, models, refused


def test_nothing_at_all_is_the_default_configuration():
    config = load("")
    assert dict(config.models) == {}
    assert config == load("# nothing\n", "{}") or config.warnings != load("", "{}").warnings


def test_the_value_is_frozen():
    config = load(M)
    for value, name in (
        (config, "models"),
        (config.models["m"], "cmd"),
        (config.routing, "router"),
        (config.desktop, "retry"),
    ):
        with pytest.raises(AttributeError):
            setattr(value, name, None)


def test_equal_texts_give_equal_values():
    text = models("a", "b") + "matrix: {sets: {s: a & b}}\nselectors: {x: {strategy: pin, targets: [a]}}"
    assert load(text) == load(text)


def test_models_are_in_byte_order():
    assert list(load(models("b", "é", "A", "m10", "m2")).models) == ["A", "b", "m10", "m2", "é"]


def test_several_errors_come_in_the_order_of_loading():
    text = """
        startPort: 0
        apiKeys: ["a b"]
        models:
          b: {cmd: x, proxy: "http://h:port", ttl: -5}
          a: {cmd: x, proxy: "http://h", aliases: [z, z]}
        groups: {g: {members: [nope]}}
        peers: {p: {proxy: "http://h", models: [x]}}
        selectors: {s: {strategy: no, targets: [a]}}
        profiles: {d: {pins: {k: nope}}}
        evictTimeout: -1
    """
    assert [problem.path for problem in refused(text)] == [
        "startPort",
        "models.a.aliases[1]",
        "models.b.ttl",
        "models.b.proxy",
        "groups.g.members[0]",
        "apiKeys[0]",
        "selectors.s.strategy",
        "profiles.d.pins.k",
        "evictTimeout",
    ]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("a: {{\n", "x: ${env.NOPE}\n"),
        ("macros: {a.b: 1}\n", "models: {m: {cmd: '${nope}', proxy: 'http://h'}}\n"),
        ("models: {m: {cmd: '${nope}', proxy: 'http://h'}}\n", "startPort: soon\n"),
        ("startPort: soon\n", "logToStdout: nope\n"),
    ],
)
def test_a_stage_that_fails_ends_loading(earlier, later):
    problems = refused(later, earlier)
    assert {problem.file for problem in problems} <= {"b.yaml"} or earlier.startswith("a: {{")


def test_the_errors_of_several_files_come_file_by_file():
    problems = refused("a: [\n", "b: ${env.NOPE}\n", "c: {\n")
    assert [problem.file for problem in problems] == ["a.yaml", "b.yaml", "c.yaml"]


def test_all_type_errors_are_reported_together():
    problems = refused("startPort: soon\nlogLevel: []\n" + model("ttl: x, aliases: y"))
    assert [problem.path for problem in problems] == ["startPort", "logLevel", "models.m.ttl", "models.m.aliases"]


def test_errors_carry_the_file_that_they_are_in():
    assert first(models("a"), models("b").replace("x,", "x, ttl: soon,")).startswith("b.yaml:2:")


def test_warnings_come_with_the_errors_behind_them():
    problems = refused("strtPort: 5\nstartPort: 0\n")
    assert [problem.severity for problem in problems] == [Severity.ERROR, Severity.WARNING]


SECRETS = ("sk-first-secret", "sk-admin-secret", "sk-peer-secret", "sk-env-secret", "sk-macro-secret")


@pytest.mark.parametrize(
    "text",
    [
        "apiKeys: ['sk-first-secret ']",
        "desktop: {adminKeys: ['sk-admin-secret x']}",
        "apiKeys: [sk-first-secret]\nstartPort: sk-first-secret",
        "apiKeys: [sk-first-secret, {a: sk-first-secret}]",
        "peers: {p: {proxy: 'http://u:sk-peer-secret@h:x', models: [a], apiKey: sk-peer-secret}}",
        "peers: {p: {proxy: 'http://h', models: [a], apiKey: [sk-peer-secret]}}",
        "macros: {k: sk-macro-secret}\napiKeys: ['${k}', '${k} x']\nstartPort: 'x ${k}'",
        "logToStdout: ${env.SECRET}",
        "startPort: ${env.SECRET}",
        "macros: {k: '${env.SECRET}'}\nmodels: {m: {cmd: x, proxy: 'http://${k}:p'}}",
        "apiKeys: [sk-first-secret\n",
        "apiKeys: {sk-first-secret: 1, sk-first-secret2: 2}\nx: y: z\n",
        "peers: {p: {proxy: 'http://h', models: [a], apiKey: '${nope}sk-peer-secret'}}",
        "apiKeys: sk-first-secret",
        "desktop: {adminKeys: sk-admin-secret}",
        "models: {m: {cmd: x, proxy: 'http://h', env: TOKEN=sk-env-secret}}",
        "apiKeys: [!!int sk-first-secret]",
    ],
)
def test_a_secret_never_appears_in_a_message(text):
    message = "\n".join(map(str, refused(text, env={"SECRET": "sk-env-secret"})))
    assert not any(secret in message for secret in SECRETS), message


def test_nothing_is_ever_evaluated():
    text = (
        "a: !!python/object/apply:os.system ['touch /tmp/evaluated']\nmodels: {m: {cmd: '$(x) `x`', proxy: 'http://h'}}"
    )
    assert load(text).models["m"].cmd == "$(x) `x`"


def test_the_default_value_is_what_an_empty_file_means():
    empty = load("")
    assert (empty.start_port, empty.desktop, empty.ui, empty.performance) == (
        Config().start_port, Config().desktop, Config().ui, Config().performance,
    )  # fmt: skip


def test_loading_imports_neither_the_editor_nor_asyncio_servers():
    code = (
        "import sys, llamaswap_desktop.config; print(sorted(n for n in ('ruamel.yaml', 'aiohttp') if n in sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
