"""History and live readers: nothing lost, nothing twice, gaps marked, and the writer never waits."""

import asyncio
import random
import re
import sys
import time

import pytest

from llamaswap_desktop.logs import HISTORY_BYTES, Log
from llamaswap_desktop.logs.log import dropped_line
from llamaswap_desktop.logs.ring import BACKLOG_BYTES

_DROPPED = re.compile(rb"\n?\xe2\x80\x94 (\d+) bytes dropped \xe2\x80\x94\n")


async def _collect(follower) -> bytes:
    return b"".join([chunk async for chunk in follower])


def test_the_history_is_the_newest_102_400_bytes_byte_for_byte():
    log = Log("model")
    written = random.Random(1).randbytes(3 * HISTORY_BYTES + 17)
    for at in range(0, len(written), 1000):
        log.write(written[at : at + 1000])
    assert HISTORY_BYTES == 102_400
    assert log.history() == written[-HISTORY_BYTES:]


async def test_a_reader_gets_the_history_and_then_what_comes_without_loss_or_repeat():
    log = Log("model")
    log.write(b"before ")
    with log.follow() as follower:
        log.write(b"between ")
        assert await anext(follower) == b"before between "
        log.write(b"after")
        assert await anext(follower) == b"after"


async def test_a_reader_may_start_with_what_comes_next_or_where_it_had_stopped():
    log = Log("model")
    log.write(b"0123456789")
    live, resumed = log.follow(log.end), log.follow(7)
    log.write(b"ab")
    assert live.read() == b"ab"
    assert resumed.read() == b"789ab"
    live.close()
    resumed.close()


async def test_two_readers_on_one_loop_see_the_same_bytes_in_any_rhythm():
    log, dice = Log("model"), random.Random(7)
    written = bytearray()
    with log.follow() as fast, log.follow() as slow:
        got_fast, got_slow = bytearray(), bytearray()
        for _ in range(3000):
            piece = dice.randbytes(dice.randrange(1, 60))
            log.write(piece)
            written += piece
            if dice.random() < 0.5:
                got_fast += fast.read()
            if dice.random() < 0.01:
                got_slow += slow.read()
        assert got_fast + fast.read() == written
        assert got_slow + slow.read() == written


async def test_a_reader_too_far_behind_gets_a_line_that_counts_what_it_lost():
    log = Log("model")
    with log.follow() as follower:
        log.write(b"first line\nhalf a li")
        assert follower.read() == b"first line\nhalf a li"
        log.write(b"x" * (BACKLOG_BYTES + 5))
        got = follower.read()
        assert got == b"\n" + dropped_line(5) + b"x" * BACKLOG_BYTES
        assert "— 5 bytes dropped —\n".encode() in got


async def test_what_a_lossy_reader_got_is_the_written_sequence_with_marked_gaps_only():
    log, dice = Log("model"), random.Random(3)
    written = bytearray()
    with log.follow() as follower:
        got = bytearray()
        for number in range(400):
            piece = (b"%06d " % number) * dice.randrange(1, 2500)
            log.write(piece)
            written += piece
            if dice.random() < 0.05:
                got += follower.read()
        got += follower.read()
    at, gaps = 0, 0
    for index, part in enumerate(_DROPPED.split(bytes(got))):
        if index % 2:
            at += int(part)
            gaps += 1
        else:
            assert written[at : at + len(part)] == part
            at += len(part)
    assert at == len(written)
    assert gaps > 3


async def test_a_waiting_reader_is_woken_by_a_write_and_ended_by_the_end_of_the_log():
    log = Log("model")
    follower = log.follow()
    reading = asyncio.ensure_future(_collect(follower))
    await asyncio.sleep(0)
    log.write(b"one ")
    await asyncio.sleep(0)
    log.write(b"two")
    log.close()
    async with asyncio.timeout(1):
        assert await reading == b"one two"
    assert follower.is_ended


async def test_a_log_that_is_closed_still_has_its_history():
    log = Log("model")
    log.write(b"last words")
    log.close()
    assert await _collect(log.follow()) == b"last words"


async def test_a_cancelled_reader_leaves_nothing_behind():
    log = Log("model")
    follower = log.follow()
    reading = asyncio.ensure_future(_collect(follower))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    follower.close()
    log.write(b"nobody listens")
    assert not log._followers


async def test_one_wake_up_serves_many_writes_for_those_who_merge_sources():
    upstream, proxy, woken = Log("upstream"), Log("proxy"), asyncio.Event()
    calls = []

    def on_data() -> None:
        calls.append(1)
        woken.set()

    with upstream.follow(upstream.end, on_data=on_data) as first, proxy.follow(proxy.end, on_data=on_data) as second:
        for _ in range(100):
            upstream.write(b"u")
            proxy.write(b"p")
        assert not calls, "a writer must not run its reader's code"
        async with asyncio.timeout(1):
            await woken.wait()
        await asyncio.sleep(0)
        assert len(calls) == 2
        assert (first.read(), second.read()) == (b"u" * 100, b"p" * 100)
        upstream.close()
        await asyncio.sleep(0)
        assert len(calls) == 3
        assert first.is_ended


def _seconds_to_write(log: Log, megabytes: int) -> float:
    chunk = b"x" * 65_536
    began = time.perf_counter()
    for _ in range(megabytes * 16):
        log.write(chunk)
    return time.perf_counter() - began


async def test_fifty_stuck_readers_do_not_slow_the_writer():
    """Measured: 50 MB in 64 KiB chunks take 4 to 6 ms, with and without readers."""
    free, read = Log("free"), Log("read")
    stuck = [read.follow() for _ in range(50)]
    alone = min(_seconds_to_write(free, 50) for _ in range(3))
    watched = min(_seconds_to_write(read, 50) for _ in range(3))
    assert watched < 3 * alone + 0.05
    for follower in stuck:
        follower.close()


@pytest.mark.child
async def test_a_child_that_writes_50_mb_is_not_slowed_by_a_stuck_reader():
    """Invariant 9, with a real child and a real pipe."""
    flood = "import sys\nfor _ in range(800): sys.stdout.buffer.write(b'x' * 65535 + b'\\n')"

    async def seconds(log: Log) -> float:
        began = time.perf_counter()
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", flood, stdout=asyncio.subprocess.PIPE)
        while data := await child.stdout.read(65_536):
            log.write(data)
        assert await child.wait() == 0
        return time.perf_counter() - began

    free, read = Log("free"), Log("read")
    alone = await seconds(free)
    with read.follow() as stuck:
        watched = await seconds(read)
        assert stuck.read().startswith(b"\xe2\x80\x94 ")
    assert free.end == read.end == 800 * 65_536
    assert watched < 2 * alone + 0.5
