"""Clients that mean harm or know no better, in a process of their own: connections opened and dropped at any moment.

    python -m tests.whole.hostile_clients PORT COUNT AT_ONCE SEED

``COUNT`` connections, ``AT_ONCE`` of them open together, each with a habit that chance gives it.  Prints as JSON how
often each habit was had.  The server has the models ``slow`` (which streams), ``swapped`` and ``other`` (which make
room for each other).
"""

import asyncio
import contextlib
import json
import random
import socket
import struct
import sys
from collections import Counter

from tests.proxy.fuzzing import fuzzed

CHAT = b'{"model":"%s","stream":true,"max_tokens":%d,"messages":[]}'


def chat(model: bytes, tokens: int = 20) -> bytes:
    body = CHAT % (model, tokens)
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return head % len(body) + body


def upload(body_bytes: int) -> bytes:
    """The head and a part of an upload that passes through as it arrives."""
    head = b"POST /upstream/slow/x HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (body_bytes + 1000) + b"{" + b" " * (body_bytes - 1)


CONTROL = (b"/api/events", b"/logs/stream", b"/api/desktop/events", b"/ui/", b"/v1/models", b"/metrics", b"/logs")


class Connection:
    """One connection to the program, without asyncio's buffers in between, so that what is not read is not read."""

    def __init__(self, port: int, dice: random.Random) -> None:
        self.port = port
        self.dice = dice
        self.loop = asyncio.get_running_loop()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    async def live(self, habit) -> None:
        with self.socket, contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(20):
                await self.loop.sock_connect(self.socket, ("127.0.0.1", self.port))
                await habit(self)
                if self.dice.random() < 0.5:  # half of them with a bang
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def send(self, data: bytes) -> None:
        await self.loop.sock_sendall(self.socket, data)

    async def pause(self, most_s: float = 0.3) -> None:
        await asyncio.sleep(self.dice.uniform(0, most_s))

    def part_of(self, data: bytes) -> bytes:
        return data[: self.dice.randrange(1, len(data))]

    # -- habits

    async def says_nothing(self) -> None:
        await self.pause()

    async def leaves_inside_a_head(self) -> None:
        await self.send(self.part_of(chat(b"slow")[:100]))
        await self.pause(0.05)

    async def leaves_inside_a_body(self) -> None:
        await self.send(self.part_of(upload(self.dice.choice((50, 5000, 300_000)))))
        await self.pause(0.05)

    async def leaves_while_waiting(self) -> None:
        await self.send(chat(self.dice.choice((b"swapped", b"other"))))
        await self.pause()

    async def leaves_in_mid_answer(self) -> None:
        await self.send(chat(b"slow"))
        for _ in range(self.dice.randrange(1, 6)):
            await self.loop.sock_recv(self.socket, 200)

    async def sends_its_head_slowly(self) -> None:
        for byte in chat(b"slow")[: self.dice.randrange(5, 40)]:
            await self.send(bytes([byte]))
            await self.pause(0.2)

    async def sends_its_body_slowly(self) -> None:
        body = upload(60)
        await self.send(body[:-50])
        for byte in body[-50 : -self.dice.randrange(1, 40)]:
            await self.send(bytes([byte]))
            await self.pause(0.2)

    async def reads_nothing(self) -> None:
        await self.send(
            chat(b"slow", 3000) if self.dice.random() < 0.5 else b"GET /ui/ HTTP/1.1\r\nHost: h\r\n\r\n" * 50
        )
        await asyncio.sleep(self.dice.uniform(0.5, 3))

    async def sends_random_bytes(self) -> None:
        await self.send(self.dice.randbytes(self.dice.randrange(1, 3000)))
        await self.pause()

    async def sends_what_is_nearly_http(self) -> None:
        await self.send(fuzzed(self.dice)[0].replace(b'"m"', b'"slow"'))
        await self.pause()

    async def leaves_a_page(self) -> None:
        await self.send(b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % self.dice.choice(CONTROL))
        if self.dice.random() < 0.7:
            await self.loop.sock_recv(self.socket, 200)

    async def asks_many_times_at_once(self) -> None:
        await self.send(chat(b"slow", 2) * self.dice.randrange(2, 30))
        await self.loop.sock_recv(self.socket, 200)

    async def closes_its_sending_side(self) -> None:
        await self.send(chat(b"slow"))
        self.socket.shutdown(socket.SHUT_WR)
        await self.pause()


HABITS = tuple(value for name, value in vars(Connection).items() if name.split("_")[0] in {
    "says", "leaves", "sends", "reads", "asks", "closes"
})  # fmt: skip


async def attack(port: int, count: int, at_once: int, seed: int) -> Counter:
    """Live ``count`` lives, ``at_once`` at a time."""
    dice = random.Random(seed)
    done: Counter = Counter()
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for number in numbers:
            habit = dice.choice(HABITS)
            await Connection(port, random.Random(seed * count + number)).live(habit)
            done[habit.__name__.replace("_", " ")] += 1

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return done


if __name__ == "__main__":
    print(json.dumps(asyncio.run(attack(*(int(word) for word in sys.argv[1:])))))
