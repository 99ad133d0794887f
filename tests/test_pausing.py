"""Pauses by rule, and above them the user's word."""

import pytest

from llamaswap_desktop.commands import PauseModels, ResumeModels
from llamaswap_desktop.pausing import PauseRule, PauseWatch
from llamaswap_desktop.settings import SettingsFile
from tests.core.fakes import World, config, model
from tests.waiting import until

BEGIN, END = PauseModels(None), ResumeModels()


@pytest.mark.parametrize(
    "looks",
    [
        # reason, is it paused, what to do
        [("", False, None), ("game", False, BEGIN), ("game", True, None), ("", True, END), ("", False, None)],
        [("game", False, BEGIN), ("game", True, None), ("game", False, None), ("game", False, None), ("", False, None),
         ("game", False, BEGIN)],
        [("game", True, None), ("game", True, None), ("", True, None)],
        [("game", False, BEGIN), ("other", True, None), ("", True, END)],
        [("game", False, BEGIN), ("", False, None)],
    ],
    ids=["while it runs", "resumed by hand", "paused by hand", "one after the other", "resumed as it ends"],
)  # fmt: skip
def test_rule(looks):
    rule = PauseRule()
    assert [rule.decide(reason, is_paused=is_paused) for reason, is_paused, _ in looks] == [wish for *_, wish in looks]


def test_requests_may_wait():
    assert PauseRule().decide("game", is_paused=False, holds=True) == PauseModels(None, holds=True)


class Sense:
    def __init__(self) -> None:
        self.plays = False
        self.looks = 0
        self.is_closed = False

    async def is_on(self) -> bool:
        self.looks += 1
        return self.plays

    async def close(self) -> None:
        self.is_closed = True


async def test_watch_follows_programs_games_and_settings(tmp_path):
    world = World(config(model("a")))
    core = world.core
    settings, sense, running = SettingsFile(tmp_path / "settings.yaml"), Sense(), set()
    watch = PauseWatch(
        core,
        settings,
        find_program=lambda names: next((name for name in names if name in running), ""),
        build_sense=lambda: sense,
        interval_s=0.002,
    )
    watch.start()
    assert watch._task is None, "without a rule nobody looks"
    settings.change({"pause": {"programs": ["game"], "games": True}})
    await until(lambda: sense.looks, "it looks")
    assert core.snapshot().paused is None
    running.add("game")
    await until(lambda: core.snapshot().paused, "paused for the program")
    running.clear()
    await until(lambda: core.snapshot().paused is None, "resumed")
    sense.plays = True
    await until(lambda: core.snapshot().paused, "paused for a game")
    settings.change({"pause": {}})
    await until(lambda: core.snapshot().paused is None, "no rule, no pause")
    await until(lambda: sense.is_closed, "nobody looks any more")
    await watch.stop()
    await world.end()
