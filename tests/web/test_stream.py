"""One client's queue: order, overflow, the end (runtime specification, section 14.17)."""

import asyncio

from llamaswap_desktop.web.stream import Stream


def stream(**settings):
    return Stream(lambda: [b"all", b"of it"], **settings)


async def rest_of(it):
    """Everything up to the end."""
    it.end()
    parts = []
    while data := await it.next():
        parts.append(data)
    return b"".join(parts)


async def test_all_that_there_is_at_once_in_order():
    it = stream()
    for number in range(1024):
        it.say(b"%d," % number)
    assert await it.next() == b"".join(b"%d," % number for number in range(1024))
    it.say(b"news")
    assert await rest_of(it) == b"news"


async def test_client_that_is_too_slow_gets_a_resync_in_place_of_what_it_missed():
    it = stream(most_queued=3)
    for number in range(10):
        it.say(b"%d" % number)
    assert await it.next() == b"allof it"
    it.say(b"new")
    assert await rest_of(it) == b"new"


async def test_bytes_count_too():
    it = stream(most_queued_bytes=10)
    it.say(b"12345")
    it.say(b"a message of any size is taken while there is room")
    assert await it.next() == b"12345a message of any size is taken while there is room"
    it.say(b"a message of any size is taken while there is room")
    it.say(b"but nothing beyond it")
    assert await rest_of(it) == b"allof it"


async def test_resync_shows_the_moment_when_it_is_taken():
    state = ["then"]
    it = Stream(lambda: [state[0].encode()], most_queued=1)
    it.say(b"1")
    it.say(b"2")
    state[0] = "now"
    assert await rest_of(it) == b"now"


async def test_reader_that_waits_is_woken():
    it = stream()
    reading = asyncio.ensure_future(it.next())
    await asyncio.sleep(0)
    it.say(b"news")
    assert await reading == b"news"
    ending = asyncio.ensure_future(it.next())
    await asyncio.sleep(0)
    it.end()
    assert await ending == b""


async def test_pulled_sources_wait_behind_the_queue_and_are_drained_before_the_end():
    it, more = stream(), [b"log 1", b"log 2"]
    it.pull_from(lambda: more.pop(0) if more else b"")
    it.say(b"first")
    assert await rest_of(it) == b"firstlog 1log 2"


async def test_nothing_is_said_after_the_end():
    it = stream()
    it.end()
    it.say(b"late")
    assert await it.next() == b""
