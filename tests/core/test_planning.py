"""From the configuration to a planner."""

import sys
import time
import types

import msgspec
import pytest

from llamaswap_desktop.core import planning
from llamaswap_desktop.core.planning import build_planner
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.routing import Facts, Picture
from tests.core.fakes import config, model

BOTH = Picture(("a", "b"), {"a": Facts(), "b": Facts(), "c": Facts()})


def using(use: str):
    given = config(model("a"), model("b"), model("c"), together=True)
    router = msgspec.structs.replace(given.routing.router, use=use)
    return msgspec.structs.replace(given, routing=msgspec.structs.replace(given.routing, router=router))


@pytest.fixture
def module(monkeypatch):
    made = types.ModuleType("users_planners")
    monkeypatch.setitem(sys.modules, "users_planners", made)
    return made


@pytest.mark.parametrize("use", ["group", "memory"])
def test_engine_by_name(use):
    assert build_planner(using(use)).name == use


def test_planner_of_the_user(module):
    class Mine:
        def victims(self, target, picture):
            return {"a"}

    module.Mine = Mine
    assert build_planner(using("users_planners:Mine")).plan("c", BOTH).victims == {"a"}


@pytest.mark.parametrize("use", ["no_such_module:Mine", "users_planners:Missing", "users_planners:Broken"])
def test_planner_that_cannot_be_imported_is_refused(module, use):
    class Broken:
        def __init__(self):
            raise RuntimeError("no")

    module.Broken = Broken
    with pytest.raises(ConfigError, match="routing.router.use") as caught:
        build_planner(using(use))
    assert use in str(caught.value)


def test_planner_that_its_author_has_mended_is_taken_as_its_file_is_now(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "mended_planners.py"
    text = "class Mine:\n    def victims(self, target, picture):\n        return {answer}\n"
    for answer in (["a"], ["b"]):
        file.write_text(text.format(answer=answer))
        assert build_planner(using("mended_planners:Mine")).plan("c", BOTH).victims == set(answer)
    file.write_text("class Mine(:\n")
    with pytest.raises(ConfigError, match="invalid syntax"):
        build_planner(using("mended_planners:Mine"))
    del sys.modules["mended_planners"]


def test_planner_that_never_ends_is_interrupted_and_replaced(module, monkeypatch):
    class Endless:
        def victims(self, target, picture):
            while True:
                time.monotonic()

    module.Endless = Endless
    monkeypatch.setattr(planning, "_WATCHDOG_S", 0.05)
    plan = build_planner(using("users_planners:Endless")).plan("c", BOTH)
    assert "PlannerNeverEnded" in plan.problem
