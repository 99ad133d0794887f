"""What one request costs the data plane by itself: everything real but the sockets, whose transports swallow the bytes.

    python -m tests.benchmarks.stages [--profile]

A chat of 600 bytes answered by 400, on 32 connections.  Prints CPU µs of the event loop's thread per request, the best
of many rounds (which another program on the machine disturbs least), and what one streamed event costs.  With
``--profile`` it prints where the time goes, as far as a profiler can tell that multiplies it by six.
"""

import argparse
import asyncio
import cProfile
import gc
import pstats
import socket
import sys
import time
from pathlib import Path

from llamaswap_desktop.activity import ActivityLog, Settings
from llamaswap_desktop.http1 import ServerConnection, TurnEnd
from llamaswap_desktop.logs import AccessLines, AppLines, Logs
from llamaswap_desktop.proxy import Server
from llamaswap_desktop.proxy.observe import UNOBSERVED
from tests.core.fakes import World, config, model

sys.path.insert(0, str(Path(__file__).parent))

import load  # noqa: E402 - the scripts beside this one
import upstream as answers  # noqa: E402

CONNECTIONS = 32
ROUNDS = 60


class Swallowing(asyncio.Transport):
    """Takes what is written and counts it."""

    def __init__(self):
        super().__init__({"peername": ("127.0.0.1", 1), "socket": socket.socket()})
        self.written_bytes = 0

    def write(self, data):
        self.written_bytes += len(data)

    def is_closing(self):
        return False

    def close(self):
        self.get_extra_info("socket").close()

    abort = close


class House:
    """A server with its clients on one side and its upstream's connections on the other."""

    def __init__(self, core, observer):
        self.upstreams = []
        self.clients = []
        house = self

        async def create_connection(build, *_where):
            connection = build()
            connection.connection_made(Swallowing())
            house.upstreams.append(connection)
            return None, connection

        asyncio.get_running_loop().create_connection = create_connection
        server = Server(core, build_borrower=lambda _: None, observer=observer)
        turn_end = TurnEnd()
        for _ in range(CONNECTIONS):
            client = ServerConnection(server, turn_end)
            client.connection_made(Swallowing())
            self.clients.append(client)

    async def ask(self, request):
        for client in self.clients:
            client.data_received(request)
        for _ in range(3):
            await asyncio.sleep(0)

    async def answer(self, data):
        for connection in self.upstreams:
            connection.data_received(data)
        for _ in range(2):
            await asyncio.sleep(0)

    def written_bytes(self):
        return sum(client._transport.written_bytes for client in self.clients)


async def best_us(act, times):
    """Return the least CPU time of one call of ``act`` per connection, in µs."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(times):
            await act()
        best = min(best, time.thread_time() - began)
    return best / times / CONNECTIONS * 1e6


async def measure(*, is_observed, is_logged, profile=None):
    core = World(config(model("bench", concurrency_limit=4096))).core
    activity = ActivityLog(Settings(), report=print)
    lines = AppLines(Logs().proxy.write)
    lines.attach()
    lines.configure()
    lines.bind(asyncio.get_running_loop())
    access = AccessLines(lines)
    if is_observed:
        activity.start()
    if is_logged:
        core.requests.subscribe(access.add)
    (await core.acquire("bench")).release()
    house = House(core, activity if is_observed else UNOBSERVED)

    async def turn():
        await house.ask(load.Asking.message)
        await house.answer(answers.PLAIN)

    for client in house.clients:
        client.data_received(load.Asking.message)
    while len(house.upstreams) < CONNECTIONS:
        await asyncio.sleep(0.01)
    await house.answer(answers.PLAIN)
    before = house.written_bytes()
    if profile is not None:
        profile.enable()
    request_us = await best_us(turn, 10)
    if profile is not None:
        profile.disable()
    assert house.written_bytes() - before >= ROUNDS * 10 * CONNECTIONS * len(answers.BODY), "every answer arrived"

    event = answers.chunk(answers.EVENT % (1, 1.0))
    await house.ask(load.request(stream_events=1))
    await house.answer(answers.STREAM_HEAD)
    event_us = await best_us(lambda: house.answer(event), 10)
    lines.detach()
    if is_observed:
        await activity.close()
    what = f"{'observed' if is_observed else 'unobserved'}, {'with' if is_logged else 'without'} access lines"
    print(f"{what:40} {request_us:6.1f} us a request {event_us:6.1f} us a streamed event", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    gc.freeze()
    gc.set_threshold(10_000)
    if options.profile:
        profile = cProfile.Profile()
        run(measure(is_observed=True, is_logged=True, profile=profile))
        pstats.Stats(profile).sort_stats("tottime").print_stats(60)
        return
    for is_observed, is_logged in ((False, False), (True, False), (True, True)):
        run(measure(is_observed=is_observed, is_logged=is_logged))


if __name__ == "__main__":
    main()
