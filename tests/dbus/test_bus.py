"""The connection to a bus, with a real daemon between."""

import asyncio

import pytest
from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import open_dbus_connection

from llamaswap_desktop.dbus import DAEMON, Bus, serve_nothing
from llamaswap_desktop.tasks import spawn
from tests.tray.sni.bus_daemon import session_bus

PATH, INTERFACE = "/test", "a.Test"


@pytest.mark.child
@pytest.mark.linux
async def test_asker_goes_on_before_the_signal_behind_the_answer_is_heard(tmp_path):
    """A notification service may tell of a button right behind the number of the message that has it."""
    order: list[str] = []
    async with session_bus(tmp_path) as daemon, await open_dbus_connection(daemon.address) as service:
        bus = await Bus.open(daemon.address, serve_nothing, lambda member, _body: order.append(member))

        async def ask() -> None:
            await bus.call(DBusAddress(PATH, service.unique_name, INTERFACE), "Ask")
            order.append("answered")

        asking = spawn("ask", ask())
        while (call := await service.receive()).header.message_type is not MessageType.method_call:
            pass
        signal = new_signal(DBusAddress(PATH, interface=INTERFACE), "Pressed")
        signal.header.fields[HeaderFields.destination] = bus.unique_name
        await service.send(new_method_return(call))
        await service.send(signal)
        await service.send(message_bus.GetId())
        while (await service.receive()).header.message_type is not MessageType.method_return:
            pass  # the daemon has passed on both
        reading = spawn("read", bus.run_until_gone())
        await asking
        await bus.call(DAEMON, "GetId")
        assert order == ["answered", "Pressed"]
        reading.cancel()
        await asyncio.wait({reading})
        await bus.close()
