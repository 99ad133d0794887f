"""What logind says before sleep and shutdown, and that it is made to wait for us."""

import asyncio

import pytest

from llamaswap_desktop.desktop.logind import Logind
from tests.desktop.played_logind import PlayedLogind
from tests.tray.sni.bus_daemon import session_bus
from tests.waiting import until

pytestmark = [pytest.mark.child, pytest.mark.linux]


async def test_sleep_waits_for_us_and_shutdown_is_told(tmp_path):
    done, said = asyncio.Event(), []

    async def before_sleep() -> None:
        said.append("sleep")
        await done.wait()

    async with session_bus(tmp_path) as bus:
        played = PlayedLogind(bus.address)
        logind = Logind(bus.address, before_sleep=before_sleep, shutting_down=lambda: said.append("shutdown"))
        await asyncio.to_thread(played.give_inhibitors)
        await until(lambda: logind._inhibitor is not None, "it holds the inhibitor")
        assert played.asked == [("sleep:shutdown", "llama-swap Desktop", "Models are stopped first", "delay")]
        played.say("PrepareForSleep", True)
        await until(lambda: said, "it is told")
        assert played.is_held(0), "logind waits"
        done.set()
        await until(lambda: not played.is_held(0), "logind goes on")
        played.say("PrepareForSleep", False)
        await asyncio.to_thread(played.give_inhibitors)
        await until(lambda: logind._inhibitor is not None, "it holds the next one")
        played.say("PrepareForShutdown", True)
        await until(lambda: said == ["sleep", "shutdown"], "shutdown is told")
        await logind.close()
        await until(lambda: not played.is_held(1), "nobody waits for us any more")
        played.end()


async def test_system_without_logind_costs_nothing(tmp_path):
    async def before_sleep() -> None:
        raise AssertionError

    nowhere = Logind(f"unix:path={tmp_path}/none", before_sleep=before_sleep, shutting_down=print)
    await until(nowhere._task.done, "it has given up")
    await nowhere.close()
    async with session_bus(tmp_path) as bus:
        alone = Logind(bus.address, before_sleep=before_sleep, shutting_down=print)
        await asyncio.sleep(0)
        await alone.close()
