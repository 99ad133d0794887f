"""Sections 8.1, 8.4 and 20: which engine, which scheduler."""

import pytest

from tests.config.loading import first, load, models, said

GROUPS = "{g: {members: [a]}}"
MATRIX = "{sets: {s: a & b}}"


def router(text: str):
    return load(models("a", "b", "c"), text).routing.router


def new(use: str = "", groups: str = "", matrix: str = "", memory: str = "") -> str:
    settings = {"groups": groups, "matrix": matrix, "memory": memory}
    written = ", ".join(f"{key}: {value}" for key, value in settings.items() if value)
    keys = (f"use: '{use}', " if use else "") + f"settings: {{{written}}}"
    return f"\nrouting: {{router: {{{keys}}}}}\n"


@pytest.mark.parametrize(
    ("text", "use", "groups", "has_matrix"),
    [
        ("", "group", ["(default)"], False),
        (f"groups: {GROUPS}", "group", ["g", "(default)"], False),
        (f"matrix: {MATRIX}", "matrix", [], True),
        ("groups: {}\n" + new(groups=GROUPS), "group", ["g", "(default)"], False),
        (f"groups: {{}}\nmatrix: {MATRIX}", "matrix", [], True),
        (new(groups=GROUPS), "group", ["g", "(default)"], False),
        (new("group", GROUPS, MATRIX), "group", ["g", "(default)"], False),
        (new("matrix", GROUPS, MATRIX), "matrix", [], True),
        (new(matrix=MATRIX), "group", ["(default)"], False),
        (new("memory", GROUPS), "memory", ["g"], False),
        (new("memory", GROUPS, MATRIX), "memory", ["g"], False),
        (new("my.planners:Greedy", GROUPS), "my.planners:Greedy", ["g"], False),
        ("routing: {router: {use: ''}}", "group", ["(default)"], False),
        (f"groups: {GROUPS}\nrouting: {{scheduler: {{use: fifo}}}}", "group", ["g", "(default)"], False),
        (f"groups: {GROUPS}\n" + new(memory="{reserve: 5}"), "group", ["g", "(default)"], False),
        (f"matrix: {MATRIX}\nrouting: {{router: {{settings: {{groups: {{}}}}}}}}", "matrix", [], True),
    ],
)
def test_the_engine(text, use, groups, has_matrix):
    found = router(text)
    assert (found.use, list(found.settings.groups), found.settings.matrix is not None) == (use, groups, has_matrix)


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        (f"groups: {GROUPS}\n" + new("group"), ("groups", "routing.router")),
        (f"groups: {GROUPS}\n" + new(groups="{h: {members: [b]}}"), ("groups", "routing.router")),
        (f"matrix: {MATRIX}\n" + new(matrix=MATRIX), ("matrix", "routing.router")),
        (f"matrix: {MATRIX}\n" + new("memory"), ("matrix", "routing.router")),
        ("matrix: {}\n" + new("group"), ("matrix", "routing.router")),
        (f"groups: {GROUPS}\nmatrix: {MATRIX}", ("'groups'", "'matrix'")),
        (new("matrix"), ("routing.router.use", "settings.matrix")),
        (new("matrix", GROUPS), ("routing.router.use", "settings.matrix")),
        (new("Group"), ("'Group'", "group, matrix")),
        (new("a.b"), ("'a.b'",)),
        (new("a.b:"), ("'a.b:'",)),
        (new("a:b:c"), ("'a:b:c'",)),
        (new("a-b:c"), ("'a-b:c'",)),
        (new("1a:c"), ("'1a:c'",)),
        ("matrix: {}", ("matrix.sets", "no sets")),
        ("matrix: {sets: ~}", ("matrix.sets", "no sets")),
    ],
)
def test_refused(text, carries):
    message = first(models("a", "b"), text)
    assert all(part in message for part in carries), message


@pytest.mark.parametrize("name", ["a:b", "a.b:c.d", "_x.y1:Z"])
def test_user_planners_go_by_the_form_of_their_name_and_are_not_imported(name):
    assert router(new(name)).use == name


def test_the_settings_of_the_other_engine_are_not_validated():
    router(new("group", matrix="{sets: {s: 'a &'}}"))
    router(new("matrix", groups="{g: {members: [nope, nope]}}", matrix=MATRIX))
    router(new("group", memory="{reserve: [no number], budgets: 5}"))
    router(new("memory", matrix="{sets: [no mapping]}"))


def test_memory_settings():
    settings = router(
        new("memory", memory="{reserve: 1024, budgets: {gpu0: 8000, ram: 16000}, releaseWait: 3}")
    ).settings.memory
    assert (settings.reserve_mib, settings.budgets_mib, settings.release_wait_s) == (
        1024,
        {"gpu0": 8000, "ram": 16000},
        3,
    )
    defaults = router(new("memory")).settings.memory
    assert (defaults.reserve_mib, defaults.budgets_mib, defaults.release_wait_s) == (512, {}, 10)


# -- 8.4 scheduler


def fifo(text: str) -> str:
    return f"routing: {{scheduler: {{settings: {{fifo: {text}}}}}}}"


def test_priorities():
    config = load(models("a", "b"), fifo("{priority: {a: 5, b: -3}}"))
    assert config.routing.scheduler.settings.fifo.priority == {"a": 5, "b": -3}


@pytest.mark.parametrize("name", ["nope", "x"])
def test_a_priority_for_no_model_is_refused(name):
    text = models("a") + "peers: {p: {proxy: 'http://h', models: [x]}}\n"
    message = first(text, fifo(f"{{priority: {{{name}: 1}}}}"))
    assert f"'{name}'" in message
    assert "priority" in message


def test_a_priority_for_an_alias_is_warned_of():
    text = "models: {a: {cmd: x, proxy: 'http://h', aliases: [al]}}\n"
    assert "'al'" in said(load(text, fifo("{priority: {al: 1}}")))


@pytest.mark.parametrize("use", ["lifo", "FIFO", "' fifo'"])
def test_there_is_only_fifo(use):
    message = first(f"routing: {{scheduler: {{use: {use}}}}}")
    assert use.strip("'") in message
    assert "fifo" in message
