"""The writer's thread, with a real store behind it."""

import asyncio
import sqlite3
import threading

import pytest

from llamaswap_desktop.activity.queries import PageQuery
from llamaswap_desktop.activity.records import Batch, Settings
from llamaswap_desktop.activity.store import Store
from llamaswap_desktop.activity.writer import WriterThread
from tests.activity.requests import finished
from tests.waiting import until


class Desk:
    """Takes what the thread sends home, and notes on which thread it arrives."""

    def __init__(self):
        self.stored = []
        self.problems = []
        self.home = threading.get_ident()

    def on_stored(self, batch, ids):
        assert threading.get_ident() == self.home
        self.stored.append((len(batch.finished), list(ids)))

    def on_problem(self, problem):
        assert threading.get_ident() == self.home
        self.problems.append(problem)


def writer_of(store, desk):
    writer = WriterThread(store, on_stored=desk.on_stored, on_problem=desk.on_problem)
    writer.start()
    return writer


async def test_a_question_sees_everything_that_was_posted_before_it():
    desk = Desk()
    writer = writer_of(Store(Settings()), desk)
    for size in (1, 200, 3):
        writer.post(Batch([finished()] * size))
        total = (await writer.ask(lambda store: store.page(PageQuery()))).total
    assert total == 204
    assert desk.stored == [(1, [1]), (200, list(range(2, 202))), (3, [202, 203, 204])]
    await writer.stop(5)


async def test_stop_does_what_was_posted_and_leaves_no_thread(tmp_path):
    path = str(tmp_path / "activity.db")
    writer = writer_of(Store(Settings(store_path=path)), Desk())
    for _ in range(20):
        writer.post(Batch([finished()] * 10))
    await writer.stop(5)
    assert "activity writer" not in {thread.name for thread in threading.enumerate()}
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM desktop_activity").fetchone() == (200,)
    db.close()


async def test_an_error_reaches_whoever_asked():
    writer = writer_of(Store(Settings()), Desk())
    with pytest.raises(ZeroDivisionError):
        await writer.ask(lambda _store: 1 / 0)
    assert (await writer.ask(lambda store: store.page(PageQuery()))).total == 0
    await writer.stop(5)


async def test_whoever_asked_may_leave():
    writer = writer_of(Store(Settings()), Desk())
    gate = threading.Event()
    writer.ask(lambda _store: gate.wait(5))
    abandoned = writer.ask(lambda store: store.page(PageQuery()))
    abandoned.cancel()
    gate.set()
    assert (await writer.ask(lambda store: store.stats())).total_requests == 0
    await writer.stop(5)


async def test_one_bad_batch_is_logged_and_the_thread_lives(caplog):
    desk = Desk()
    writer = writer_of(Store(Settings()), desk)
    writer.post(Batch([None]))
    writer.post(Batch([finished()]))
    assert (await writer.ask(lambda store: store.page(PageQuery()))).total == 1
    assert desk.stored == [(1, []), (1, [1])]
    assert "stumbled" in caplog.text
    await writer.stop(5)


async def test_a_problem_is_told_once_and_when_it_is_over(tmp_path):
    desk = Desk()
    writer = writer_of(Store(Settings(store_path=str(tmp_path / "later" / "a.db"))), desk)
    for _ in range(5):
        writer.post(Batch([finished()]))
        await writer.ask(lambda store: store.stats())
    assert ["unable to open" in problem for problem in desk.problems] == [True]
    (tmp_path / "later").mkdir()
    await until(lambda: len(desk.problems) == 2, "the thread has tried again by itself")
    assert desk.problems[1] == ""
    await writer.stop(5)


def test_a_loop_that_is_gone_is_no_obstacle():
    gate = threading.Event()

    async def leave():
        writer = writer_of(Store(Settings()), Desk())
        writer.ask(lambda _store: gate.wait(5)).cancel()
        writer.post(Batch([finished()]))
        with pytest.raises(TimeoutError):
            await writer.stop(0.0)
        return writer

    writer = asyncio.run(leave())
    gate.set()
    writer._thread.join(5)
    assert not writer._thread.is_alive()
