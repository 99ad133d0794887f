"""Where finished requests and loads are remembered: SQLite in memory, a file beside it, and the captures.

Theory of operation.  There is always a table in memory.  Without a file it *is* the log, and keeps the newest entries.
With a file attached it is the *backlog*: what could not be written to the file, because the disk is full, the file is
locked, or it is not there.  Questions go to both tables together, so they are answered the same either way.  After a
failure the file is opened anew every now and then, and the backlog moves into it.

Ids are given here, in the order in which requests come in, and inside the transaction that writes them: so two
programs on one file never give the same id.  A backlog made while the file's ids were out of sight is renumbered when
it moves.

Everything here blocks, and belongs to one thread: ``writer.py``'s.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from llamaswap_desktop.activity.captures import CaptureBuffer
from llamaswap_desktop.activity.digest import Digest, digest
from llamaswap_desktop.activity.loads import (
    LoadEntry,
    LoadsPage,
    keep_newest_loads,
    move_loads,
    read_loads,
    write_loads,
)
from llamaswap_desktop.activity.migrations import NewerDatabase, migrate
from llamaswap_desktop.activity.queries import EVERYTHING, Filter, PageQuery, Row, read_page
from llamaswap_desktop.activity.records import Batch, Capture, Finished, Page, Settings, Stats
from llamaswap_desktop.activity.stats import read_stats

_LOCK_PATIENCE_S = 0.5
_FIRST_RETRY_S = 1.0
_LAST_RETRY_S = 60.0

_MEMORY = "main.desktop_activity"
_FILE = "disk.desktop_activity"
_MEMORY_LOADS = "main.desktop_loads"
_FILE_LOADS = "disk.desktop_loads"
_INSERT = "INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_Result = TypeVar("_Result")


class Store:
    """The activity log and the captures of one program."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._trouble = ""
        self._settings = settings
        self._clock = clock
        self._captures = CaptureBuffer(settings.capture_budget_bytes)
        self._db = sqlite3.connect(
            ":memory:",
            isolation_level=None,
            check_same_thread=False,  # made on one thread, used on another, never on two at once
            timeout=_LOCK_PATIENCE_S,
            cached_statements=0,  # a BEGIN IMMEDIATE prepared before an ATTACH does not lock what was attached
        )
        self._last_id = 0
        self._backlog = 0
        self._has_lost = False
        self._file: tuple[int, int] | None = None  # device and inode of what is attached
        self._retry_at: float | None = None
        self._retry_pause_s = _FIRST_RETRY_S
        migrate(self._db, "main")

    def __repr__(self) -> str:
        place = self._settings.store_path or "memory"
        return f"<Store {place}: last id {self._last_id}, {self._backlog} not in the file; {self.problem or 'fine'}>"

    @property
    def problem(self) -> str:
        """What the user should know about the file; empty while all is well."""
        if not self._trouble:
            return ""
        lost = "; older ones are lost" if self._has_lost else ""
        return (
            f"activity log: cannot write to {self._path!r}: {self._trouble}; until that is mended the newest "
            f"{self._settings.kept_in_memory} entries are kept in memory{lost}"
        )

    # -- life

    def open(self) -> None:
        """Open the file, if there is to be one.  A failure is a ``problem``, not an error."""
        if self._path:
            self._try(self._attach)

    def configure(self, settings: Settings) -> None:
        """Work by other settings: another path is another log, everything else leaves what is remembered alone.

        Ids go on where they were unless the new file is ahead, so that a capture never shows up under a stranger's id.
        """
        is_other_log = settings.store_path.strip() != self._path
        if is_other_log:
            self.close_file()
            self._db.execute(f"DELETE FROM {_MEMORY}")  # noqa: S608 - our name
            self._db.execute(f"DELETE FROM {_MEMORY_LOADS}")  # noqa: S608 - our name
            self._backlog = 0
            self._settled()
        self._settings = settings
        self._captures.resize(settings.capture_budget_bytes)
        if is_other_log:
            self.open()

    def close_file(self) -> None:
        """Let go of the file, after a last attempt to move the backlog into it."""
        if self._path and (self._backlog or self._has_loads_in_memory()):
            self._try(self._attach)
        self._detach()

    def close(self) -> None:
        """End for good."""
        self.close_file()
        self._db.close()

    @property
    def retry_in_s(self) -> float | None:
        """When ``retry`` is due, None if never."""
        return None if self._retry_at is None else max(0.0, self._retry_at - self._clock())

    def retry(self) -> None:
        """Try to get at the file again."""
        self._try(self._attach)

    # -- remembering

    def add(self, batch: Batch) -> list[int]:
        """Remember finished requests in this order; return their ids, those that were passed over left out."""
        self._last_id += batch.passed_over
        finished = batch.finished
        with_captures = self._settings.capture_budget_bytes > 0
        digests = [digest(each, with_capture=with_captures) for each in finished]
        if self.retry_in_s == 0.0:
            self.retry()

        def write() -> list[int]:
            with self._transaction(in_file=True):
                return self._insert(_FILE, finished, digests)

        ids = self._try(write) if self._is_writing_to_file else None
        if ids is None:
            with self._transaction(in_file=False):
                ids = self._insert(_MEMORY, finished, digests)
                self._prune()
        self._last_id = ids[-1] if ids else self._last_id
        for id_, its in zip(ids, digests, strict=True):
            if its.capture is not None:
                self._captures.add(id_, its.capture)
        return ids

    def add_load(self, entry: LoadEntry) -> None:
        """Remember a load or an unload."""

        def write() -> bool:
            with self._transaction(in_file=True):
                write_loads(self._db, _FILE_LOADS, [entry])
            return True

        if self._is_writing_to_file and self._try(write):
            return
        with self._transaction(in_file=False):
            write_loads(self._db, _MEMORY_LOADS, [entry])
            keep_newest_loads(self._db, _MEMORY_LOADS, self._settings.kept_in_memory)

    def _insert(self, table: str, batch: Sequence[Finished], digests: Sequence[Digest]) -> list[int]:
        first = (max(self._last_id, self._last_id_in_file()) if table == _FILE else self._last_id) + 1
        ids = list(range(first, first + len(batch)))
        rows = [_row(*parts) for parts in zip(ids, batch, digests, strict=True)]
        self._db.executemany(_INSERT.format(table), rows)
        return ids

    def _prune(self) -> None:
        """Keep the newest entries in memory; what never reached the file is lost by that, and said to be."""
        oldest_kept = self._db.execute(
            f"SELECT id FROM {_MEMORY} ORDER BY id DESC LIMIT 1 OFFSET ?",  # noqa: S608 - our name
            (self._settings.kept_in_memory - 1,),
        ).fetchone()
        if oldest_kept is not None:
            pruned = self._db.execute(f"DELETE FROM {_MEMORY} WHERE id < ?", oldest_kept).rowcount  # noqa: S608
            self._has_lost = self._has_lost or (bool(self._path) and pruned > 0)
        (self._backlog,) = self._db.execute(f"SELECT count(*) FROM {_MEMORY}").fetchone()  # noqa: S608 - our name

    def _has_loads_in_memory(self) -> bool:
        return bool(self._db.execute(f"SELECT 1 FROM {_MEMORY_LOADS} LIMIT 1").fetchone())  # noqa: S608 - our name

    @contextlib.contextmanager
    def _transaction(self, *, in_file: bool) -> Iterator[None]:
        """Change all or nothing; ``in_file`` takes the file's write lock at once, without it memory never waits."""
        self._db.execute("BEGIN IMMEDIATE" if in_file else "BEGIN")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    # -- answering

    def page(self, query: PageQuery) -> Page:
        """Return a page of the log (section 20.1)."""
        return self._ask(lambda source: read_page(self._db, source, query, self._captures))

    def stats(self, wished: Filter = EVERYTHING) -> Stats:
        """Return totals and histograms (section 20.2)."""
        return self._ask(lambda source: read_stats(self._db, source, wished))

    def loads(self, query: PageQuery) -> LoadsPage:
        """Return a page of the history of loads."""
        return self._ask(lambda source: read_loads(self._db, source, query), _FILE_LOADS, _MEMORY_LOADS)

    def capture(self, activity_id: int) -> Capture | None:
        """Return the capture of an entry, if it can be had now."""
        return self._captures.get(activity_id)

    def _ask(self, question: Callable[[str], _Result], in_file: str = _FILE, in_memory: str = _MEMORY) -> _Result:
        if self._file is not None:
            try:
                return question(f"(SELECT * FROM {in_file} UNION ALL SELECT * FROM {in_memory})")  # noqa: S608 - our names
            except sqlite3.Error as error:
                self._failed(str(error))
                self._detach()
        return question(in_memory)

    # -- the file

    @property
    def _path(self) -> str:
        return self._settings.store_path.strip()

    @property
    def _is_writing_to_file(self) -> bool:
        return self._file is not None and self._retry_at is None

    def _attach(self) -> None:
        """Open the file from scratch, and move the backlog into it."""
        self._detach()
        self._db.execute("ATTACH ? AS disk", (self._path,))
        try:
            migrate(self._db, "disk")  # first of all: what is not ours stays as it is
            self._db.execute("PRAGMA disk.journal_mode = WAL")
            self._db.execute("PRAGMA disk.synchronous = NORMAL")
            self._agree_on_ids()
        except BaseException:
            self._db.execute("DETACH disk")
            raise
        self._file = _identity(self._path)
        if self._backlog:
            with self._transaction(in_file=True):
                self._db.execute(f"INSERT INTO {_FILE} SELECT * FROM {_MEMORY}")  # noqa: S608 - our names
                self._db.execute(f"DELETE FROM {_MEMORY}")  # noqa: S608 - our name
            self._backlog = 0
        with self._transaction(in_file=True):
            move_loads(self._db, out_of=_MEMORY_LOADS, into=_FILE_LOADS)
        self._settled()

    def _agree_on_ids(self) -> None:
        """Move the ids that were given in ignorance of the file behind those that it has."""
        taken = self._last_id_in_file()
        if self._backlog:
            (first,) = self._db.execute(f"SELECT min(id) FROM {_MEMORY}").fetchone()  # noqa: S608 - our name
            if (delta := taken + 1 - first) > 0:
                with self._transaction(in_file=False):  # in two steps: an id may not be given twice even for a moment
                    self._db.execute(f"UPDATE {_MEMORY} SET id = -(id + ?)", (delta,))  # noqa: S608 - our name
                    self._db.execute(f"UPDATE {_MEMORY} SET id = -id")  # noqa: S608 - our name
                self._captures.renumber(first, delta)
                self._last_id += delta
        self._last_id = max(self._last_id, taken)

    def _last_id_in_file(self) -> int:
        row = self._db.execute("SELECT seq FROM disk.sqlite_sequence WHERE name = 'desktop_activity'").fetchone()
        return int(row[0]) if row else 0

    def _detach(self) -> None:
        if self._file is not None:
            self._file = None
            self._db.execute("DETACH disk")

    def _try(self, act: Callable[[], _Result]) -> _Result | None:
        """Do something with the file; a failure becomes the ``problem``."""
        if self._file is not None and _identity(self._path) != self._file:
            self._detach()
            self._failed("the file was removed or replaced")
            return None
        try:
            return act()
        except (sqlite3.Error, NewerDatabase) as error:
            self._failed(str(error))
            return None

    def _failed(self, trouble: str) -> None:
        if self._retry_at is not None:
            self._retry_pause_s = min(self._retry_pause_s * 2, _LAST_RETRY_S)
        self._retry_at = self._clock() + self._retry_pause_s
        self._trouble = trouble

    def _settled(self) -> None:
        self._trouble = ""
        self._has_lost = False
        self._retry_at = None
        self._retry_pause_s = _FIRST_RETRY_S


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _writable(text: str) -> str:
    """Return ``text`` without the lone surrogates that a JSON request can smuggle into a model's name."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _row(id_: int, finished: Finished, its: Digest) -> Row:
    tokens = its.tokens
    return (
        id_,
        int(finished.ended_at),
        _writable(finished.model),
        _writable(finished.path),
        _writable(its.content_type),
        finished.status,
        tokens.cache_tokens,
        tokens.draft_tokens,
        tokens.draft_acc_tokens,
        tokens.input_tokens,
        tokens.output_tokens,
        tokens.prompt_per_second,
        tokens.tokens_per_second,
        its.duration_ms,
        _writable(its.error),
        msgspec.json.encode(finished.metadata).decode() if finished.metadata else "",
    )
