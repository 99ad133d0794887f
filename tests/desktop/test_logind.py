"""What logind says before sleep and shutdown, and that it is made to wait for us."""

import asyncio
import contextlib
import os

import pytest
from jeepney import DBusAddress, MessageType, new_method_return
from jeepney.io.blocking import open_dbus_connection

from llamaswap_desktop.desktop.logind import Logind
from tests.tray.sni.bus_daemon import session_bus
from tests.waiting import until

pytestmark = [pytest.mark.child, pytest.mark.linux]

NAME = "org.freedesktop.login1"
PATH = DBusAddress("/org/freedesktop/login1", interface=f"{NAME}.Manager")


class PlayedLogind:
    """Gives inhibitors, each the writing end of a pipe, and says what is about to happen."""

    def __init__(self, address: str) -> None:
        self.connection = open_dbus_connection(address, enable_fds=True)
        from jeepney import message_bus
        from jeepney.io.blocking import Proxy

        Proxy(message_bus, self.connection).RequestName(NAME)
        self.pipes: list[int] = []
        self.asked: list[tuple] = []

    def give_inhibitors(self) -> None:
        """Answer calls until there is one inhibitor more."""
        while True:
            call = self.connection.receive(timeout=5)
            if call.header.message_type is MessageType.method_call:
                break
        reading, writing = os.pipe()
        self.pipes.append(reading)
        self.asked.append(call.body)
        self.connection.send(new_method_return(call, "h", (writing,)))
        os.close(writing)

    def say(self, member: str, begins: bool) -> None:
        from jeepney import new_signal

        self.connection.send(new_signal(PATH, member, "b", (begins,)))

    def is_held(self, number: int) -> bool:
        """Whether somebody still has the other end of that inhibitor."""
        os.set_blocking(self.pipes[number], False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self.pipes[number], 1) != b""
        return True

    def end(self) -> None:
        for pipe in self.pipes:
            os.close(pipe)
        self.connection.close()


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
