"""The run file of one instance: who and where it is, and which sessions it has opened, for whoever has to clean up.

It is called after the run id, which is also the mark of the run's children, and is locked while its instance lives;
a free lock means that the instance is dead, and what the file names are its leftovers.  Lines are only appended, so a
crash cannot spoil what stands there.  Source: runtime specification, section 14.6.

What the command line and a second start need to speak with a living instance stands there too: ``kind``, ``pid``,
``token`` and ``address``, each a word and its value on one line; the last line of a word counts.  Only the user can
read the file, so the token opens that instance to nobody else.
"""

import logging
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from llamaswap_desktop.guard import Session, end_members, find_members, parse_sessions

_log = logging.getLogger("llamaswap_desktop.process")

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SUFFIX = ".run"
_LOCKED_BYTE = 2**30
"""Windows forbids others to read a byte that is locked, so the lock is on one that is never written."""


class Kind(StrEnum):
    """What an instance was started as; there is one ``TRAY`` per user and session, and any number of ``SERVE``."""

    TRAY = "tray"
    SERVE = "serve"


@dataclass(frozen=True, slots=True)
class Instance:
    """A living instance; ``address`` is empty while it does not serve."""

    kind: str
    pid: int
    token: str
    address: str


class RunFile:
    """The run file of this very instance.  A folder that cannot be written costs a warning and nothing else."""

    def __init__(self, file: BinaryIO | None = None, path: Path | None = None) -> None:
        self._file = file
        self._path = path
        self.token = secrets.token_urlsafe(32) if file is not None else ""
        """Opens every route of this instance; empty where nobody could read it."""

    @classmethod
    def create(cls, folder: Path, run_id: str, kind: Kind = Kind.SERVE) -> "RunFile":
        """Make and lock ``folder/<run id>.run``."""
        path = folder / f"{run_id}{_SUFFIX}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600), "r+b", buffering=0)
            _try_lock(file)
            file.write(b"boot %s\n" % _boot_id())
        except OSError as error:
            _log.warning("cannot keep %s (%s): leftovers of a crash could not be swept at the next start", path, error)
            return cls()
        ours = cls(file, path)
        for word, value in (("kind", kind), ("pid", str(os.getpid())), ("token", ours.token)):
            ours._say(word, value)
        return ours

    def serve_on(self, address: str) -> None:
        """Note the base URL of this instance; empty: it serves no more."""
        self._say("address", address)

    def _say(self, word: str, value: str) -> None:
        self._append(f"{word} {value}\n".encode())

    def watch_over(self, session: Session) -> None:
        """Note a session that has to be ended if this instance cannot do so."""
        self._append(session.opened)

    def forget(self, session: Session) -> None:
        """Note that nothing of the session is left."""
        self._append(session.closed)

    def _append(self, line: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(line)
        except OSError as error:
            _log.warning("cannot write %s (%s)", self._path, error)

    def remove(self) -> None:
        """Delete the file: nothing is left behind.  Safe to repeat."""
        file, self._file = self._file, None
        if file is None or self._path is None:
            return
        if sys.platform == "win32":  # an open file cannot be deleted there
            file.close()
        self._path.unlink(missing_ok=True)
        file.close()


def living_instances(folder: Path) -> Iterator[Instance]:
    """Yield the instances of this user that live now, in no order."""
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            with path.open("r+b") as file:
                if not _try_lock(file):
                    yield _parse_instance(file.read())
        except OSError:
            continue  # it has ended in between


def _parse_instance(journal: bytes) -> Instance:
    told = {"kind": "", "pid": "0", "token": "", "address": ""}
    for line in journal.decode("utf-8", "replace").splitlines():
        word, _, value = line.partition(" ")
        if word in told:
            told[word] = value
    pid = told["pid"]
    return Instance(told["kind"], int(pid) if pid.isdigit() else 0, told["token"], told["address"])


def sweep(folder: Path) -> None:
    """End what dead instances left behind, and delete their run files.  Living instances are left alone."""
    try:
        paths = sorted(folder.glob(f"*{_SUFFIX}"))
    except OSError:
        return
    for path in paths:
        try:
            with path.open("r+b") as file:
                if _try_lock(file):
                    _sweep_one(path, file.read())
                    if sys.platform != "win32":
                        path.unlink(missing_ok=True)
                        continue
                else:
                    continue
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("cannot look into %s (%s)", path, error)


def _sweep_one(path: Path, journal: bytes) -> None:
    """Stop leftovers by recorded session and start time, or by mark; on Windows there are none."""
    if sys.platform != "linux" or not journal.startswith(b"boot %s\n" % _boot_id()):
        return
    sessions = parse_sessions(journal)
    mark = path.name.removesuffix(_SUFFIX)

    def find() -> list[int]:
        return find_members(sessions, mark, leader_must_live=True)

    if found := find():
        _log.warning("ending %d leftover processes of a crashed run", len(found))
        if not end_members(find):
            _log.error("leftover processes of a crashed run cannot be ended: %s", find())


def _boot_id() -> bytes:
    try:
        return _BOOT_ID.read_bytes().strip()
    except OSError:
        return b"unknown"


def _try_lock(file: BinaryIO) -> bool:
    """Lock the file for as long as it is open; tell whether nobody else holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - Windows only

            file.seek(_LOCKED_BYTE)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            finally:
                file.seek(0)
        else:
            import fcntl  # noqa: PLC0415 - POSIX only

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
