"""Section 8.2: groups."""

import pytest

from tests.config.loading import first, load, models, said

STYLES = pytest.mark.parametrize(
    "wrap", ["groups: {}", "routing: {{router: {{settings: {{groups: {}}}}}}}"], ids=["legacy", "new"]
)


def groups(text: str, *names: str):
    return load(models(*(names or ("a", "b", "c"))), text).routing.router.settings.groups


def test_without_groups_every_model_is_in_the_default_one():
    (default,) = groups("", "b", "a", "B").values()
    assert (default.id, default.members) == ("(default)", ("B", "a", "b"))
    assert (default.swap, default.exclusive, default.persistent) == (True, True, False)


def test_the_default_group_exists_even_empty():
    assert groups("groups: {g: {members: [a, b, c]}}")["(default)"].members == ()
    assert load("").routing.router.settings.groups["(default)"].members == ()


@STYLES
def test_switches_and_members(wrap):
    found = groups(wrap.format("{g: {members: [c, a]}, h: {swap: no, exclusive: no, persistent: yes, members: [b]}}"))
    g, h = found["g"], found["h"]
    assert (g.members, g.swap, g.exclusive, g.persistent) == (("c", "a"), True, True, False)
    assert (h.members, h.swap, h.exclusive, h.persistent) == (("b",), False, False, True)
    assert list(found) == ["g", "h", "(default)"]


@STYLES
@pytest.mark.parametrize(
    ("text", "carries"),
    [
        ("{g: {members: [a, b, a]}}", ("'a'", "'g'", "twice", "members[2]")),
        ("{g: {members: [a]}, h: {members: [b, a]}}", ("'a'", "'g'", "'h'")),
        ("{g: {members: [nope]}}", ("'nope'", "'g'", "no model")),
        ("{g: {members: [x]}}", ("'x'", "'g'", "no model")),
    ],
)
def test_refused_members(wrap, text, carries):
    message = first(models("a", "b") + "peers: {p: {proxy: 'http://h', models: [x]}}", wrap.format(text))
    assert all(part in message for part in carries), message


def test_an_alias_passes_but_counts_for_nothing():
    text = "models: {a: {cmd: x, proxy: 'http://h', aliases: [al]}, b: {cmd: x, proxy: 'http://h'}}\n"
    config = load(text + "groups: {g: {members: [al, b]}}")
    found = config.routing.router.settings.groups
    assert (found["g"].members, found["(default)"].members) == (("b",), ("a",))
    assert "'al'" in said(config)


def test_an_own_default_group_counts_for_nothing():
    config = load(models("a", "b"), "groups: {(default): {swap: no, members: [a]}, g: {members: [b]}}")
    default = config.routing.router.settings.groups["(default)"]
    assert (default.members, default.swap) == (("a",), True)
    assert "(default)" in said(config)
