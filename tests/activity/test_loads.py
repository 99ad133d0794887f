"""The history of loads: what is remembered, where, and what it comes to."""

import contextlib
import sqlite3

import pytest

from llamaswap_desktop.activity.loads import LoadEntry, LoadKind
from llamaswap_desktop.activity.migrations import SCHEMA_VERSION
from llamaswap_desktop.activity.queries import PageQuery
from llamaswap_desktop.activity.records import Settings
from llamaswap_desktop.activity.store import Store
from tests.activity.test_store import Clock, store_on

DAY_AT = 1_800_000_000


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "activity.db")


def load(model, ended_at=DAY_AT, took_s=60.0, evicted=(), kind=LoadKind.LOADED):
    return LoadEntry(ended_at, model, kind, took_s, evicted)


def models(store, **query):
    return [entry.model for entry in store.loads(PageQuery(**query)).data]


def test_the_newest_first_with_what_they_cost():
    with store_on() as store:
        store.add_load(load("a", DAY_AT + 0.5, 90.25))
        store.add_load(LoadEntry(DAY_AT + 1, "a", LoadKind.UNLOADED, reason="evicted"))
        store.add_load(load("b", DAY_AT + 2, 30, ("a",)))
        store.add_load(load("c", DAY_AT + 3, 10, ("b",), LoadKind.FAILED))
        page = store.loads(PageQuery(limit=3))
    assert [(entry.model, entry.kind) for entry in page.data] == [("c", "failed"), ("b", "loaded"), ("a", "unloaded")]
    assert (page.total, page.total_pages, page.loads, page.loading_s, page.swaps) == (4, 2, 3, 130.25, 2)
    assert (page.data[1].took_s, page.data[1].evicted, page.data[1].timestamp) == (
        30, ("a",), "2027-01-15T08:00:02.000Z",
    )  # fmt: skip
    assert (page.data[2].took_s, page.data[2].reason) == (None, "evicted")


def test_filters_and_pages():
    with store_on() as store:
        for number, model in enumerate("abcab"):
            store.add_load(load(model, DAY_AT + number + 0.9))
        assert models(store, models=("a", "c")) == ["a", "c", "a"]
        assert models(store, start=DAY_AT + 1, end=DAY_AT + 3) == ["a", "c", "b"]
        assert models(store, limit=2, page=3) == ["a"]
        assert store.loads(PageQuery(models=("nobody",))).loading_s == 0


def test_memory_keeps_the_newest():
    with store_on(metrics_max_in_memory=2) as store:
        for model in "abc":
            store.add_load(load(model))
        assert models(store) == ["c", "b"]


def test_file_outlives_the_program_and_an_older_one_is_brought_up_to_date(path):
    with store_on(path) as store:
        store.add_load(load("a"))
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT version FROM desktop_schema").fetchone() == (SCHEMA_VERSION,)
        db.execute("DROP TABLE desktop_loads")
        db.execute("UPDATE desktop_schema SET version = 1")
        db.commit()
    with store_on(path) as store:
        assert models(store) == []
        store.add_load(load("b"))
    with store_on(path) as store:
        assert models(store) == ["b"]


def test_what_could_not_be_written_moves_into_the_file_when_it_can(path):
    clock = Clock()
    with store_on(path, clock) as store:
        store.add_load(load("a", DAY_AT))
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            store.add_load(load("b", DAY_AT + 1))
            assert store.problem
            assert models(store) == ["b", "a"]
        clock.now += 10
        store.retry()
        assert not store.problem
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert [model for (model,) in db.execute("SELECT model FROM desktop_loads ORDER BY at_ms")] == ["a", "b"]


def test_another_path_is_another_history(path):
    with store_on() as store:
        store.add_load(load("a"))
        store.configure(Settings(store_path=path))
        assert models(store) == []


def test_file_is_read_by_a_second_program(path):
    with store_on(path) as store:
        store.add_load(load("a"))
        other = Store(Settings(store_path=path))
        other.open()
        assert models(other) == ["a"]
        other.close()
