"""Loading models at the start, one after the other."""

import asyncio
import contextlib

from llamaswap_desktop.core import preload
from llamaswap_desktop.events import Preloaded
from tests.core.fakes import World, config, model


@contextlib.asynccontextmanager
async def server(status: int):
    asked = []

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            asked.append(head.split(b"\r\n")[0].decode())
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], asked
    finally:
        listening.close()


async def test_each_model_is_asked_for_its_root_and_failures_do_not_stop_the_rest():
    async with server(200) as (good, asked), server(500) as (bad, _):
        world = World(config(model("a", port=bad), model("b"), model("c", port=good)))
        world.processes["b"].fails = "it broke"
        await preload(world.core, ["a", "b", "c"])
        preloaded = [event for event in world.events if isinstance(event, Preloaded)]
        assert preloaded == [Preloaded("a", False), Preloaded("b", False), Preloaded("c", True)]
        assert asked == ["GET / HTTP/1.1"]
        assert world.core.snapshot().models[2].in_flight == 0
        await world.end()
