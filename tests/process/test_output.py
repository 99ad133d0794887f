"""What a child says, and the last line of it."""

import asyncio
import os

import pytest

from llamaswap_desktop.process.output import Output


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (b"", ""),
        (b"one\ntwo\n", "two"),
        (b"error: no memory\n\n   \n----\n", "error: no memory"),
        (b"\x1b[31mbad\x1b[0m thing\r\n", "bad thing"),
        (b"caf\xc3\xa9 \xff\n", "café �"),
        (b"x" * 9000 + b"\n", "x" * 300),
        (b"no line end", "no line end"),
        (b"50%\r100%\r", "100%"),
    ],
)
def test_last_line_that_says_something(said, line):
    output = Output(lambda _data: None)
    for at in range(0, len(said), 1000):
        output.data_received(said[at : at + 1000])
    assert output.last_line == line


async def connected(write):
    reading, writing = os.pipe()
    output = Output(write)
    await asyncio.get_running_loop().connect_read_pipe(lambda: output, os.fdopen(reading, "rb", buffering=0))
    return output, writing


async def test_every_byte_is_passed_on_unaltered():
    heard = []
    output, writing = await connected(heard.append)
    os.write(writing, b"\x00\xff one\n")
    os.write(writing, b"two")
    os.close(writing)
    await output.end(5)
    assert b"".join(heard) == b"\x00\xff one\ntwo"


async def test_pipe_that_somebody_holds_is_closed_by_us():
    output, writing = await connected(lambda _data: None)
    await output.settle(0.01)
    await output.end(0.01)
    with pytest.raises(BrokenPipeError):
        while True:
            os.write(writing, b"x")
            await asyncio.sleep(0)
    os.close(writing)


async def test_hearing_something_is_noted():
    output = Output(lambda _data: None)
    before = output.last_heard_at
    output.data_received(b"progress")
    assert output.last_heard_at >= before
