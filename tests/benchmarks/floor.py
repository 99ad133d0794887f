"""The least that a proxy can do in Python: bytes of one connection to another, httptools saying where a message ends.

    python floor.py --port N --upstream N

No route, no model, no check, no header touched, nothing observed, one upstream connection per client: what it costs is
the loop, the parser and the kernel, and no proxy on them can be cheaper.
"""

import argparse
import asyncio
from collections import deque

import httptools
import uvloop


class Side(asyncio.Protocol):
    """One of the two connections; ``other`` gets what arrives here."""

    def __init__(self, parser, other=None):
        self.parser = parser(self)
        self.other = other
        self.transport = None
        self.early = deque()

    def connection_made(self, transport):
        self.transport = transport
        while self.early:
            transport.write(self.early.popleft())

    def write(self, data):
        if self.transport is None:
            self.early.append(data)
        else:
            self.transport.write(data)

    def on_message_complete(self):
        """A parser without a callback would be cheaper than any proxy's."""

    def data_received(self, data):
        self.parser.feed_data(data)
        self.other.write(data)

    def connection_lost(self, exc):
        if self.other.transport is not None:
            self.other.transport.close()


async def serve(port, upstream):
    loop = asyncio.get_running_loop()
    connecting = set()

    def accept():
        client = Side(httptools.HttpRequestParser)
        client.other = Side(httptools.HttpResponseParser, client)
        task = loop.create_task(loop.create_connection(lambda: client.other, "127.0.0.1", upstream))
        connecting.add(task)
        task.add_done_callback(connecting.discard)
        return client

    server = await loop.create_server(accept, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", type=int, required=True)
    options = parser.parse_args()
    uvloop.run(serve(options.port, options.upstream))


if __name__ == "__main__":
    main()
