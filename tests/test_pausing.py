"""Pauses by rule, and above them the user's word."""

import itertools

import pytest

from llamaswap_desktop.commands import PauseModels, ResumeModels
from llamaswap_desktop.gpu_use import GpuUse
from llamaswap_desktop.pausing import PauseRule, PauseWatch
from llamaswap_desktop.settings import SettingsFile
from llamaswap_desktop.snapshot import PauseSnapshot
from tests.core.fakes import World, config, model
from tests.waiting import until

BEGIN, END = PauseModels(None, reason="game"), ResumeModels()


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
    assert PauseRule().decide("game", is_paused=False, holds=True) == PauseModels(None, True, "game")


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
    settings, sense, screen, running = SettingsFile(tmp_path / "settings.yaml"), Sense(), Sense(), set()
    used, clock = [GpuUse(5, 900)], itertools.count(0, 5)
    watch = PauseWatch(
        core,
        settings,
        find_program=lambda names: next((name for name in names if name in running), ""),
        build_game_sense=lambda: sense,
        build_full_screen_sense=lambda: screen,
        others_on_gpus=lambda: used,
        now=lambda: next(clock),
        interval_s=0.002,
    )
    watch.start()
    assert watch._task is None, "without a rule nobody looks"
    rules = {"programs": ["game"], "games": True, "fullScreen": True, "gpuPercent": 50, "gpuMemoryMib": 2000}
    settings.change({"pause": rules})
    await until(lambda: sense.looks, "it looks")
    assert core.snapshot().paused is None
    running.add("game")
    await until(lambda: core.snapshot().paused == PauseSnapshot(None, "game"), "paused for the program")
    running.clear()
    await until(lambda: core.snapshot().paused is None, "resumed")
    screen.plays = True
    await until(lambda: core.snapshot().paused == PauseSnapshot(None, "a program in full screen"), "full screen")
    screen.plays = False
    await until(lambda: core.snapshot().paused is None, "resumed")
    used[:] = [GpuUse(5, 900), GpuUse(None, 2001)]
    await until(lambda: core.snapshot().paused == PauseSnapshot(None, "another program on the GPU"), "in use")
    used[:] = [GpuUse(5, 900)]
    await until(lambda: core.snapshot().paused is None, "resumed")
    sense.plays = True
    await until(lambda: core.snapshot().paused == PauseSnapshot(None, "a game"), "paused for a game")
    settings.change({"pause": {}})
    await until(lambda: core.snapshot().paused is None, "no rule, no pause")
    await until(lambda: sense.is_closed and screen.is_closed, "nobody looks any more")
    await watch.stop()
    await world.end()


@pytest.mark.parametrize(
    "pause",
    [{"programs": ["x"]}, {"games": True}, {"fullScreen": True}, {"gpuPercent": 1}, {"gpuMemoryMib": 1}],
    ids=lambda pause: next(iter(pause)),
)
async def test_each_rule_alone_is_looked_after_and_gpus_only_where_they_have_a_limit(tmp_path, pause):
    world, settings, asked = World(config(model("a"))), SettingsFile(tmp_path / "settings.yaml"), []
    settings.change({"pause": pause})
    looks = itertools.count()
    watch = PauseWatch(
        world.core,
        settings,
        others_on_gpus=lambda: asked.append(1) or (),
        find_program=lambda _names: "",
        build_game_sense=Sense,
        build_full_screen_sense=Sense,
        now=lambda: next(looks),
        interval_s=0.001,
    )
    watch.start()
    await until(lambda: next(looks) > 5, "it looks")
    assert bool(asked) is any(key.startswith("gpu") for key in pause)
    await watch.stop()
    await world.end()
