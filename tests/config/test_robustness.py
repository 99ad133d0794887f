"""Loading never raises anything but ``ConfigError``, never hangs, and stays fast."""

import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llamaswap_desktop.config import Config, SourceText, describe, example_config_text, parse_config, to_yaml
from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.read import plain_value
from llamaswap_desktop.errors import ConfigError
from tests.config.loading import load

LONG = bool(os.environ.get("SOAK"))
FUZZ = settings(
    max_examples=20_000 if LONG else 100,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

pytestmark = pytest.mark.timeout(3600 if LONG else 60)


def try_to_load(*texts: str) -> Config | None:
    """Return what the texts mean, None if they are refused; anything else that happens fails the test."""
    sources = [SourceText(f"{index}.yaml", text) for index, text in enumerate(texts)]
    try:
        config = parse_config(sources, environment={"A": "a", "B": "${env.A}", "C": "[x, '"})
    except ConfigError as error:
        assert all(problem.message for problem in error.problems)
        return None
    return config


# -- any text

_FRAGMENTS = st.sampled_from(
    [
        *(
            "models:",
            "  m: ",
            "{",
            "}",
            "[",
            "]",
            ": ",
            ", ",
            "- ",
            "\n",
            "\n  ",
            "\n\t",
            "&a ",
            "*a",
            "<<: ",
            "? ",
            "| \n",
            "> ",
            "#",
        ),
        *(
            "!!int ",
            "!x ",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
            "'",
            '"',
            "\\",
            "${PORT}",
            "${env.A}",
            "${env.B}",
            "${env.C}",
            "${m}",
            "${",
        ),
        *(
            "cmd",
            "ttl",
            "macros",
            "groups",
            "matrix",
            "sets",
            "proxy",
            "routing",
            "x",
            "1",
            "0x1",
            "~",
            "true",
            "é",
            "\ufeff",
            "\0",
            "\u2028",
        ),
    ]
)


@FUZZ
@given(st.lists(_FRAGMENTS, max_size=60).map("".join))
def test_any_yaml_like_text(text):
    try_to_load(text)


@FUZZ
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text(one, other):
    try_to_load(one, other)


_EXAMPLE = example_config_text()


@FUZZ
@given(st.integers(0, len(_EXAMPLE)), st.integers(0, 30), st.lists(_FRAGMENTS, max_size=3).map("".join))
def test_the_example_with_a_hole_or_a_patch(at, length, patch):
    try_to_load(_EXAMPLE[:at] + patch + _EXAMPLE[at + length :])


# -- any structure, under keys that mean something

_WORDS = st.sampled_from(
    [
        "a",
        "b",
        "m",
        "${x}",
        "${PORT}",
        "a & b",
        "+s",
        "pin",
        "warm",
        "spillover",
        "group",
        "matrix",
        "memory",
        "5s",
        "x:y",
        "",
    ]
)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | _WORDS | st.text(max_size=8)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def keys_below(tree: object) -> list[str]:
    if isinstance(tree, dict):
        return [*tree, *(key for value in tree.values() for key in keys_below(value))]
    return [key for item in tree for key in keys_below(item)] if isinstance(tree, list) else []


def _plain(text: str) -> dict:
    root = compose(text.replace("<<: *whisper", ""))
    return plain_value(root)


_TREE = _plain(_EXAMPLE)


@st.composite
def changed_configs(draw) -> dict:
    """Draw the example with a few values replaced, or keys put in places where they do not belong."""

    def change(tree: object, depth: int) -> object:
        if depth == 0 or draw(st.integers(0, 3)) == 0:
            return draw(_VALUES)
        if isinstance(tree, dict) and tree:
            key = draw(st.sampled_from(list(tree)))
            if draw(st.integers(0, 5)) == 0:
                return {name: value for name, value in tree.items() if name != key}
            return {**tree, key: change(tree[key], depth - 1)}
        if isinstance(tree, list) and tree:
            index = draw(st.integers(0, len(tree) - 1))
            return [*tree[:index], change(tree[index], depth - 1), *tree[index + 1 :]]
        return draw(_VALUES)

    config: object = _TREE
    for _ in range(draw(st.integers(1, 3))):
        if isinstance(config, dict) and config:
            key = draw(st.sampled_from(list(config)))
            config = {**config, key: change(config[key], 5)}
    return config


@FUZZ
@given(changed_configs())
def test_structured_configurations(tree):
    config = try_to_load(to_yaml(tree))
    if config is not None:
        describe(config)
        for target in config.models:
            matrix = config.routing.router.settings.matrix
            if matrix is not None:
                assert matrix.choose(target, config.models).victims <= set(config.models)


# -- hostile, 100 KB each (a third of it in the fast ring)

K = 100_000 if LONG else 30_000


def doubling_macros() -> str:
    return (
        "macros:\n  m0: xx\n"
        + "".join(f"  m{n}: '${{m{n - 1}}}${{m{n - 1}}}'\n" for n in range(1, 2500))
        + "logLevel: '${m2499}'\n"
    )


def many_macros_in_one_text() -> str:
    names = range(K // 40)
    return (
        "macros:\n"
        + "".join(f"  m{n}: x\n" for n in names)
        + "logLevel: '"
        + "".join(f"${{m{n}}}" for n in names)
        + "'\n"
    )


def many_models_and_macros() -> str:
    macros = "macros:\n" + "".join(f"  m{n}: x\n" for n in range(K // 50))
    return macros + "models:\n" + "".join(f"  a{n}: {{cmd: x, proxy: y, macros: {{m: 1}}}}\n" for n in range(K // 66))


HOSTILE = {
    "brackets": "[" * K,
    "braces": "{" * K,
    "dashes": "- " * (K // 2),
    "indented": "".join(" " * n + "a:\n" for n in range(440)),
    "questions": "? " * (K // 2),
    "one long word": "a" * K,
    "digits": "startPort: " + "9" * K,
    "nines in hex": "startPort: 0x" + "f" * K,
    "unknown keys": "".join(f"startPrt{n}: 1\n" for n in range(K // 15)),
    "unknown model keys": "models:\n  m:\n    cmd: x\n    proxy: h\n"
    + "".join(f"    comd{n}: 1\n" for n in range(K // 14)),
    "duplicate keys": "a: 1\n" * (K // 5),
    "anchors": "".join(f"a{n}: &a{n} x\n" for n in range(K // 15)),
    "aliases": "a: &a {x: 1}\nb: [" + "*a," * (K // 3) + "]",
    "alias bomb": "a0: &a0 ["
    + "x," * 1000
    + "]\n"
    + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 100}]\n" for n in range(1, 100)),
    "merges": "t: &t {"
    + ",".join(f"k{n}: 1" for n in range(5000))
    + "}\nm:\n"
    + "".join("  - {<<: *t}\n" for _ in range(3000)),
    "empty list": "apiKeys: [" + "x," * (K // 2) + "]",
    "bad keys": "apiKeys: [" + "' '," * (K // 4) + "]",
    "doubling macros": doubling_macros(),
    "many macros in one text": many_macros_in_one_text(),
    "many models and macros": many_models_and_macros(),
    "references": "models: {m: {cmd: '" + "${a}" * (K // 4) + "', proxy: h}}",
    "half references": "models: {m: {cmd: '" + "${" * (K // 2) + "', proxy: h}}",
    "environment": "x: '" + "${env.A}" * (K // 8) + "'",
    "environment without end": "x: '" + "${env." * (K // 6) + "'",
    "missing variables": "x: '" + "".join(f"${{env.V{n}}}" for n in range(K // 12)) + "'",
    "parentheses": "models: {m: {cmd: x, proxy: h}}\nmatrix: {sets: {s: '" + "(" * K + "m" + ")" * K + "'}}",
    "operators": "models: {m: {cmd: x, proxy: h}}\nmatrix: {sets: {s: 'm" + "&m" * (K // 2) + "'}}",
    "alternatives": "models: {m: {cmd: x, proxy: h}}\nmatrix: {sets: {s: 'm" + "|m" * (K // 2) + "'}}",
    "circles": "models: {m: {cmd: x, proxy: h}}\nmatrix:\n  sets:\n"
    + "".join(f"    s{n}: +s{n + 1}\n" for n in range(K // 18)),
    "group members": "groups: {g: {members: [" + ",".join(f"m{n}" for n in range(K // 7)) + "]}}",
    "same members": "groups: {g: {members: [" + "m," * (K // 2) + "]}}",
    "aliases of a model": "models: {m: {cmd: x, proxy: h, aliases: [" + "a," * (K // 2) + "]}}",
    "targets": "selectors: {s: {strategy: spillover, targets: [" + "a," * (K // 2) + "]}}",
    "known targets": "models: {a: {cmd: x, proxy: h}}\nselectors: {s: {strategy: spillover, targets: ["
    + "a," * (K // 2)
    + "]}}",
    "duration": "performance: {every: '" + "1s" * (K // 2) + "'}",
    "expression": "upstream: {ignorePaths: ['" + "(a*)*" * (K // 5) + "']}",
    "nested expression": "upstream: {ignorePaths: ['" + "(" * (K // 2) + ")" * (K // 2) + "']}",
    "url": "peers: {p: {proxy: 'http://" + "[" * K + "', models: [x]}}",
    "documents": "---\n" * (K // 4),
    "comments": "#\n" * (K // 2),
    "spaces": "a: b\n" + " " * K + "\n---\n" + " " * K + "#",
    "quotes": 'a: "' + '\\"' * (K // 2) + '"',
    "tags": "a: [" + "!!int 1," * (K // 8) + "]",
    "dates": "a: [" + "2024-01-01," * (K // 11) + "]",
    "floats": "models: {m: {cmd: x, proxy: h, name: 1" + "0" * 300 + ".5}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_answered_soon(name):
    assert timed(HOSTILE[name]) < 5, "the promise is 1 s on an idle machine"


def timed(text: str) -> float:
    began = time.perf_counter()
    try_to_load(text)
    return time.perf_counter() - began


# -- and honest, but large


def five_hundred_models() -> str:
    entry = """\
  model-{n}:
    name: Model {n}
    description: "Number {n} of many"
    cmd: |
      ${{server}}
      --model ${{dir}}/model-{n}.gguf
      --ctx-size ${{ctx}}
    aliases: [alias-{n}, other-{n}]
    ttl: {n}
    env: [A=1, B={n}]
    filters: {{stripParams: "a, b", setParams: {{temperature: 0.7}}}}
    metadata: {{size: {n}.5, tags: [x, y]}}
    capabilities: {{in: [text], out: [text], context: 8192}}
"""
    macros = "macros:\n  dir: /srv/models\n  ctx: 8192\n  server: /bin/llama-server --port ${PORT}\n"
    groups = "groups:\n" + "".join(
        f"  g{group}: {{swap: no, members: [{', '.join(f'model-{group * 10 + n}' for n in range(10))}]}}\n"
        for group in range(50)
    )
    return macros + "models:\n" + "".join(entry.format(n=n) for n in range(500)) + groups


def test_five_hundred_models_load_in_reasonable_time():
    text = five_hundred_models()
    began = time.perf_counter()
    config = load(text)
    assert time.perf_counter() - began < 5
    assert len(config.models) == 500
    assert config.resolve("other-499") == "model-499"
