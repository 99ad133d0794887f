"""Leases and places in the waiting line: given back once, told once."""

import asyncio

from llamaswap_desktop.core.lease import Lease, Waiting
from llamaswap_desktop.errors import StartFailed


def waiting(settled, cancelled):
    return Waiting(
        "m", settled, cancel=lambda: cancelled.append(1), position=lambda: 1, waited=lambda: (2.0, "because")
    )


async def test_lease_is_given_back_once():
    given_back = []
    lease = Lease("m", None, lambda: given_back.append(1))
    lease.release()
    lease.release()
    assert given_back == [1]


async def test_outcome_is_told_on_the_next_turn_and_once():
    told, cancelled = [], []
    place = waiting(told.append, cancelled)
    assert place.waited() == (2.0, "because")
    error = StartFailed("x")
    place.settle(error, 3.0, "it had to be")
    assert place.waited() == (3.0, "it had to be")
    assert told == []
    await asyncio.sleep(0)
    assert told == [error]
    place.release()
    assert cancelled == []


async def test_leaving_the_line_cancels_and_silences():
    told, cancelled = [], []
    place = waiting(told.append, cancelled)
    place.release()
    place.release()
    assert cancelled == [1]
    assert told == []


async def test_grant_that_is_on_its_way_is_given_back_by_whoever_leaves():
    told, cancelled, given_back = [], [], []
    place = waiting(told.append, cancelled)
    place.settle(Lease("m", None, lambda: given_back.append(1)), 0.0, "")
    place.release()
    await asyncio.sleep(0)
    assert (told, cancelled, given_back) == ([], [], [1])
