"""Showing the picture of now soon after each change, and not more often than anybody can look."""

import asyncio

from llamaswap_desktop.core.watchers import Watchers
from llamaswap_desktop.snapshot import Snapshot


async def test_many_changes_are_one_picture():
    revs = iter(range(100))
    watchers = Watchers(lambda: Snapshot(rev=next(revs)))
    seen = asyncio.Queue()
    end = watchers.watch(lambda snapshot: seen.put_nowait(snapshot.rev))
    assert await seen.get() == 0
    for _ in range(50):
        watchers.changed()
    async with asyncio.timeout(2):
        assert await seen.get() == 1
    assert seen.empty()
    watchers.changed()
    watchers.close()
    assert seen.get_nowait() == 2, "what is due is shown before the end"
    end()
    watchers.changed()
    watchers.close()
    assert seen.empty()
