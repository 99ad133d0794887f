"""The client of the benchmarks: keep-alive connections that ask again as soon as they are answered.

    python load.py --port N --connections N --seconds S            prints requests/s and latencies as JSON
    python load.py --port N --connections N --events N             prints what streaming that many events took
    python load.py --port N --connections N --events N --pause S   the same at a pace; prints how late events arrive

Every answer is checked: its status, and that it is whole.
"""

import argparse
import asyncio
import json
import resource
import time

PROMPT = "tell me something " * 28


def request(stream_events: int = 0, pause_s: float = 0.0) -> bytes:
    """A chat request of about 600 bytes, as client libraries write it."""
    body = {"model": "bench", "messages": [{"role": "user", "content": PROMPT}]}
    if stream_events:
        body |= {"stream": True, "max_tokens": stream_events, "pause": pause_s}
    data = json.dumps(body, separators=(",", ":")).encode()
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        b"User-Agent: bench/1\r\nAuthorization: Bearer none\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(data), data)
    )


class Asking(asyncio.Protocol):
    """One connection with plain requests."""

    message = request()

    def __init__(self, until, latencies):
        self.until = until
        self.latencies = latencies
        self.done = asyncio.get_running_loop().create_future()
        self.got = b""
        self.length = 0

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        self.began = time.perf_counter()
        self.transport.write(self.message)

    def data_received(self, data):
        self.got = self.got + data if self.got else data
        if not self.length:
            end = self.got.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.got[:end].lower()
            assert head.startswith(b"http/1.1 200 "), head
            self.length = end + 4 + int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(self.got) < self.length:
            return
        now = time.perf_counter()
        self.latencies.append(now - self.began)
        self.got = b""
        self.length = 0
        if now < self.until:
            self.ask()
        else:
            self.done.set_result(None)
            self.transport.close()

    def connection_lost(self, exc):
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


class Streaming(asyncio.Protocol):
    """One connection with one streamed request."""

    def __init__(self, events):
        self.message = request(events)
        self.done = asyncio.get_running_loop().create_future()
        self.events = 0
        self.tail = b""

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.message)

    def data_received(self, data):
        self.events += (self.tail[-6:] + data).count(b'"delta"')  # one may be cut in two by a read
        self.tail = (self.tail + data)[-64:]
        if self.tail.endswith(b"0\r\n\r\n") and b"[DONE]" in self.tail:
            self.done.set_result(self.events)
            self.transport.close()

    def connection_lost(self, exc):
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the stream was cut"))


class Pacing(asyncio.Protocol):
    """One connection with one slow stream: every event is looked at."""

    def __init__(self, message, delays):
        self.message = message
        self.delays = delays
        self.done = asyncio.get_running_loop().create_future()
        self.events = 0
        self.is_in_order = True
        self.rest = b""

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.message)

    def data_received(self, data):
        now = time.monotonic()
        *events, self.rest = (self.rest + data).split(b"\n\n")
        for event in events:
            _, found, fields = event.partition(b'data: {"id":"')
            if found:
                number, _, sent = fields.partition(b'","sent":')
                self.is_in_order = self.is_in_order and int(number) == self.events
                self.events += 1
                self.delays.append(now - float(sent.partition(b",")[0]))
        if self.rest.endswith(b"0\r\n\r\n"):
            self.done.set_result(None)
            self.transport.close()

    def connection_lost(self, exc):
        if not self.done.done():
            self.done.set_result(None)


async def pace(port, connections, events, pause_s):
    """Open the streams evenly over some seconds and wait for all of them; delays count from when all are open."""
    loop = asyncio.get_running_loop()
    message = request(events, pause_s)
    delays, clients = [], []
    began = time.monotonic()
    for number in range(connections):
        clients.append((await loop.create_connection(lambda: Pacing(message, delays), "127.0.0.1", port))[1])
        await asyncio.sleep(max(0.0, began + 25 * pause_s * number / connections - time.monotonic()))
    delays.clear()
    await asyncio.gather(*(client.done for client in clients))
    delays.sort()
    return {
        "missing": connections * events - sum(client.events for client in clients),
        "reordered": sum(not client.is_in_order for client in clients),
        "median_ms": delays[len(delays) // 2] * 1000,
        "p99_ms": delays[int(len(delays) * 0.99)] * 1000,
        "max_ms": delays[-1] * 1000,
    }


async def ask(port, connections, seconds):
    loop = asyncio.get_running_loop()
    latencies = []
    began = time.perf_counter()
    asking = [
        (await loop.create_connection(lambda: Asking(began + seconds, latencies), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.done for client in asking))
    took = time.perf_counter() - began
    latencies.sort()
    return {
        "requests_per_s": len(latencies) / took,
        "median_us": latencies[len(latencies) // 2] * 1e6,
        "p99_us": latencies[int(len(latencies) * 0.99)] * 1e6,
    }


async def stream(port, connections, events):
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: Streaming(events), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    counts = await asyncio.gather(*(client.done for client in clients))
    assert counts == [events] * connections, counts
    return {"events": sum(counts), "seconds": time.perf_counter() - began}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.0)
    options = parser.parse_args()
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if options.pause:
        result = run(pace(options.port, options.connections, options.events, options.pause))
    elif options.events:
        result = run(stream(options.port, options.connections, options.events))
    else:
        result = run(ask(options.port, options.connections, options.seconds))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
