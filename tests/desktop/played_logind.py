"""As much of logind as the program asks: it gives inhibitors, and says what is about to happen."""

import contextlib
import os

from jeepney import DBusAddress, MessageType, message_bus, new_method_return, new_signal
from jeepney.io.blocking import Proxy, open_dbus_connection

NAME = "org.freedesktop.login1"
PATH = DBusAddress("/org/freedesktop/login1", interface=f"{NAME}.Manager")


class PlayedLogind:
    """Gives inhibitors, each the writing end of a pipe, and says what is about to happen."""

    def __init__(self, address: str) -> None:
        self.connection = open_dbus_connection(address, enable_fds=True)
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
