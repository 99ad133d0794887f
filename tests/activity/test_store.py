"""The store against real files: full, locked, removed, foreign, from the future."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from llamaswap_desktop.activity.queries import PageQuery
from llamaswap_desktop.activity.records import Batch, Settings
from llamaswap_desktop.activity.store import Store
from tests.activity.requests import finished

EVERYTHING = PageQuery(limit=999, is_descending=False)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "activity.db")


@contextlib.contextmanager
def store_on(path="", clock=None, **settings):
    store = Store(Settings(store_path=path, **settings), clock=clock or Clock())
    store.open()
    try:
        yield store
    finally:
        store.close()


def add(store, count=1, **changes):
    return store.add(Batch([finished(**changes) for _ in range(count)]))


def ids(store):
    return [entry.id for entry in store.page(EVERYTHING).data]


def ids_in(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [id_ for (id_,) in db.execute("SELECT id FROM desktop_activity ORDER BY id")]


# -- memory


def test_memory_keeps_the_newest_ids():
    with store_on(metrics_max_in_memory=3) as store:
        assert add(store, 2) == [1, 2]
        assert add(store, 3) == [3, 4, 5]
        assert (ids(store), store.problem) == ([3, 4, 5], "")


def test_one_batch_larger_than_what_is_kept():
    with store_on(metrics_max_in_memory=3) as store:
        add(store, 10)
        assert ids(store) == [8, 9, 10]


@pytest.mark.parametrize("configured", [0, -1])
def test_no_number_means_a_thousand(configured):
    with store_on(metrics_max_in_memory=configured) as store:
        add(store, 1001)
        assert store.page(PageQuery()).total == 1000


def test_has_capture_is_true_only_while_it_can_be_had():
    with store_on(capture_buffer_mb=1) as store:
        add(store, request_body=os.urandom(600_000))
        add(store, request_body=os.urandom(600_000))
        assert [entry.has_capture for entry in store.page(EVERYTHING).data] == [False, True]
        assert store.capture(1) is None
        assert len(store.capture(2).req_body) == 600_000


@pytest.mark.parametrize("configured", [0, -3])
def test_captures_can_be_off(configured):
    with store_on(capture_buffer_mb=configured) as store:
        assert store.capture(add(store)[0]) is None


def test_a_lone_surrogate_in_a_model_s_name_is_no_obstacle():
    with store_on() as store:
        add(store, model="no\ud800pe")
        assert store.page(EVERYTHING).data[0].model == "no?pe"


# -- a file


def test_a_file_survives_and_ids_go_on(path):
    with store_on(path, metrics_max_in_memory=2) as store:
        add(store, 5)
        with contextlib.closing(sqlite3.connect(path)) as reader:
            assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with store_on(f" {path} ") as store:
        assert ids(store) == [1, 2, 3, 4, 5], "a file is never pruned"
        assert add(store) == [6]


def test_ids_are_not_used_again_even_if_rows_are_deleted(path):
    with store_on(path) as store:
        add(store, 3)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM desktop_activity")
    with store_on(path) as store:
        assert add(store) == [4]


def test_two_programs_on_one_file_share_the_ids(path):
    with store_on(path) as one, store_on(path) as other:
        assert [*add(one, 2), *add(other, 2), *add(one)] == [1, 2, 3, 4, 5]
        assert ids(one) == ids(other) == [1, 2, 3, 4, 5]


def test_llama_swap_s_own_database_stays_what_it_is(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE activity (id INTEGER PRIMARY KEY, model_id TEXT)")
        db.execute("INSERT INTO activity VALUES (1, 'theirs')")
        db.execute("PRAGMA user_version = 7")
    with store_on(path) as store:
        assert (add(store), store.problem) == ([1], "")
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT * FROM activity").fetchall() == [(1, "theirs")]
        assert db.execute("PRAGMA user_version").fetchone() == (7,)


# -- files that cannot be used


def make_foreign(path):
    with open(path, "wb") as file:
        file.write(b"this is no database " * 100)


def make_newer(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE desktop_schema (version)")
        db.execute("INSERT INTO desktop_schema VALUES (99)")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (make_foreign, "not a database"),
        (make_newer, "it has version 99 and this program knows 2: update the program, or choose another file"),
        (os.mkdir, "unable to open"),
    ],
)
def test_a_file_that_is_not_ours_is_left_alone_and_memory_used(path, make, said):
    make(path)
    before = Path(path).read_bytes() if os.path.isfile(path) else b""
    with store_on(path) as store:
        assert said in store.problem
        assert repr(path) in store.problem
        assert add(store, 2) == [1, 2]
        assert ids(store) == [1, 2]
    if before:
        assert Path(path).read_bytes() == before


def test_a_missing_directory_that_appears_later(tmp_path):
    clock, path = Clock(), str(tmp_path / "later" / "activity.db")
    with store_on(path, clock) as store:
        assert add(store, 2) == [1, 2]
        assert "unable to open" in store.problem
        os.mkdir(tmp_path / "later")
        assert (store.retry_in_s, ids(store)) == (1.0, [1, 2])
        clock.now += 1
        assert (add(store), store.problem, store.retry_in_s) == ([3], "", None)
        assert ids_in(path) == [1, 2, 3]


def test_retries_become_rarer_up_to_a_minute(tmp_path):
    clock = Clock()
    with store_on(str(tmp_path / "no" / "a.db"), clock) as store:
        pauses = []
        for _ in range(8):
            pauses.append(store.retry_in_s)
            clock.now += store.retry_in_s
            store.retry()
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def full_disk(store):
    """Have SQLite answer "database or disk is full", as it does when the system has no more room."""
    (pages,) = store._db.execute("PRAGMA disk.page_count").fetchone()
    store._db.execute(f"PRAGMA disk.max_page_count = {pages}")


def test_a_full_disk(path):
    clock = Clock()
    with store_on(path, clock, metrics_max_in_memory=300) as store:
        full_disk(store)
        given = [id_ for _ in range(10) for id_ in add(store, 40, error="x" * 400)]
        assert given == list(range(1, 401)), "every request got its id"
        assert "full" in store.problem
        assert "older ones are lost" in store.problem
        assert store.page(EVERYTHING).total == len(ids(store)) >= 300
        assert ids(store)[-300:] == list(range(101, 401))
        assert store.stats().total_requests == len(ids(store))
        assert store.capture(400) is not None

        clock.now += 60  # the file is opened anew, and there is room again
        seen = ids(store)
        assert add(store) == [401]
        assert (store.problem, ids_in(path)) == ("", [*seen, 401])


def test_a_backlog_is_moved_when_the_store_closes(path):
    with store_on(path) as store:
        add(store)
        full_disk(store)
        while not store.problem:
            add(store, 40, error="x" * 400)
        count = len(ids(store))
    assert len(ids_in(path)) == count


@pytest.mark.linux
def test_a_file_that_may_not_grow(path):
    """The kernel refuses the write itself (EFBIG), in the middle of a transaction."""
    import resource

    with store_on(path) as store:
        add(store)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = max(os.path.getsize(path), os.path.getsize(f"{path}-wal"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            for _ in range(5):
                add(store, 40, error="x" * 400)
            assert store.problem
            assert ids(store) == list(range(1, 202))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ids_in(path) == list(range(1, 202))


@pytest.mark.linux
def test_a_file_system_without_room(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting needs rights that this user does not have")
    try:
        with store_on(str(tmp_path / "activity.db")) as store:
            for _ in range(20):
                add(store, 40, error="x" * 400)
            assert "full" in store.problem
            assert ids(store)[-1] == 800
            assert len(ids(store)) >= 800 - 40
    finally:
        subprocess.run(["umount", tmp_path], check=True)


HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def lock_held_elsewhere(path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline().strip() == b"held"
        yield
    finally:
        holder.communicate()


@pytest.mark.child
def test_a_database_locked_by_another_process(path):
    clock = Clock()
    with store_on(path, clock) as store:
        add(store, 2)
        with lock_held_elsewhere(path):
            assert add(store, 2) == [3, 4]
            assert "locked" in store.problem
            assert add(store) == [5], "and nobody waits for the lock again until a retry is due"
            assert ids(store) == [1, 2, 3, 4, 5]
        clock.now += 60
        store.retry()
        assert (store.problem, ids_in(path)) == ("", [1, 2, 3, 4, 5])


@pytest.mark.child
def test_what_came_before_the_file_could_be_read_moves_behind_what_it_holds(path):
    clock = Clock()
    with store_on(path) as store:
        add(store, 3)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    store = Store(Settings(store_path=path), clock=clock)
    with lock_held_elsewhere(path):
        store.open()
        assert add(store, request_body=b"one") + add(store, request_body=b"two") == [1, 2]
    clock.now += 1
    store.retry()
    assert (store.problem, ids(store)) == ("", [1, 2, 3, 4, 5])
    assert (store.capture(4).req_body, store.capture(5).req_body) == (b"one", b"two")
    assert add(store) == [6]
    store.close()


@pytest.mark.linux
def test_a_file_removed_under_us_is_made_again(path):
    clock = Clock()
    with store_on(path, clock) as store:
        add(store, 2)
        for suffix in ("", "-wal", "-shm"):
            os.unlink(path + suffix)
        assert add(store) == [3]
        assert "removed or replaced" in store.problem
        clock.now += 1
        assert (add(store), store.problem) == ([4], "")
        assert ids_in(path) == [3, 4]


@pytest.mark.linux
def test_a_directory_in_its_place(path):
    clock = Clock()
    with store_on(path, clock) as store:
        add(store, 2)
        for suffix in ("", "-wal", "-shm"):
            os.unlink(path + suffix)
        os.mkdir(path)
        for _ in range(3):
            add(store)
            clock.now += 60
        assert (ids(store), "unable to open" in store.problem) == ([3, 4, 5], True)


def test_a_file_that_turns_to_rubbish_is_given_up_for_questions_too(path):
    with store_on(path, Clock()) as store:
        add(store, 400, error="x" * 400)
        store._db.execute("PRAGMA disk.wal_checkpoint(TRUNCATE)")
        store._db.execute("PRAGMA disk.cache_size = 0")
        with open(path, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(os.path.getsize(path) - 4096))
        assert store.page(EVERYTHING).data == ()
        assert "malformed" in store.problem
        assert add(store) == [401]
        assert ids(store) == [401]


# -- other settings


def test_another_path_is_another_log_and_ids_never_meet(path, tmp_path):
    with store_on() as store:
        add(store, 5)
        store.configure(Settings(store_path=path))
        assert ids(store) == []
        assert add(store) == [6]
        assert store.capture(5) is not None, "captures stay"
        store.configure(Settings(store_path=str(tmp_path / "other.db")))
        assert add(store) == [7]
        store.configure(Settings(store_path=path))
        assert ids(store) == [6]
        store.configure(Settings())
        assert (ids(store), store.problem) == ([], "")


def test_the_same_path_keeps_everything(path):
    with store_on(path) as store:
        add(store, 2)
        store.configure(Settings(store_path=path, capture_buffer_mb=0))
        assert (ids(store), store.capture(2)) == ([1, 2], None)


def test_leaving_a_bad_path_ends_the_problem(tmp_path):
    with store_on(str(tmp_path / "no" / "a.db")) as store:
        add(store)
        assert store.problem
        store.configure(Settings())
        assert (store.problem, store.retry_in_s) == ("", None)
