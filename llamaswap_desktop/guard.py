"""The guard: a small process that ends what the program left behind when it died.

Theory of operation.  Every child of the program leads a session of its own, and carries the run's *mark* in its
environment.  The program tells the guard each session over a pipe, right after the spawn.  When the pipe ends without
a farewell the program is dead, and the guard ends every process whose session is one of those *or* whose environment
carries the mark.  Neither is enough alone: a child that overwrites its title (``setproctitle``) or is started by
``env -i`` loses the mark, and a descendant that opens a session of its own leaves the child's.  Who does both is still
found as a descendant, for as long as its parent lives; and whoever was found once is followed to its end.

The guard runs this file as a script: it imports the standard library only and carries nothing of the program.  Run
files hold the same lines as the pipe (see ``process/run_file.py``), so that the next start can sweep what a guard
could not.  Linux only; on Windows job objects do all of this.  Source: runtime specification, section 14.6.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

MARK = "LLAMASWAP_DESKTOP_RUN"
"""Environment variable of every child; its value is ``<run id>:<number of the child>``."""

FLAG = "--internal-guard"

_FAREWELL = b"bye\n"
_POLITE_S = 1.0
"""How long leftovers may take over a SIGTERM; after the program's death nothing may live for more than 3 s."""
_PATIENCE_S = 10.0
_LOOK_EVERY_S = 0.02
_SECOND_LOOK_S = 0.3
_MAX_JOURNAL_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Session:
    """A child's session: its leader's process id, and when that was started, in clock ticks since boot."""

    id: int
    started: int

    @property
    def opened(self) -> bytes:
        """The line that says that this session has to be ended with the program."""
        return b"+%d %d\n" % (self.id, self.started)

    @property
    def closed(self) -> bytes:
        """The line that says that nothing of this session is left."""
        return b"-%d %d\n" % (self.id, self.started)


@dataclass(frozen=True, slots=True)
class Stat:
    """What ``/proc/PID/stat`` says of a process; a zombie has ended and waits to be asked for its status."""

    pid: int
    parent: int
    session: int
    started: int
    has_ended: bool


def parse_sessions(journal: bytes) -> frozenset[Session]:
    """Return the sessions that were opened and not closed; lines that make no sense are passed over."""
    open_sessions: set[Session] = set()
    for line in journal.splitlines():
        words = line[1:].split()
        if line[:1] not in {b"+", b"-"} or len(words) != 2 or not all(word.isdigit() for word in words):
            continue
        session = Session(int(words[0]), int(words[1]))
        (open_sessions.add if line[:1] == b"+" else open_sessions.discard)(session)
    return frozenset(open_sessions)


# -- looking at processes


def read_stat(pid: int) -> Stat | None:
    """Return what is known of the process; None if there is none."""
    text = _read_of(pid, "stat")
    if text is None:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    parent, session, started = int(fields[1]), int(fields[3]), int(fields[19])
    return Stat(pid, parent, session, started, has_ended=fields[0] in {b"Z", b"X"})


def processes() -> list[Stat]:
    """Return every living process but this one."""
    own = os.getpid()
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - see _read_of
    return [stat for pid in pids if pid != own and (stat := read_stat(pid)) is not None and not stat.has_ended]


def carries_mark(pid: int, mark: str) -> bool:
    """Tell whether the process was started with this mark, or with one that begins with it and a colon."""
    environment = _read_of(pid, "environ")
    if environment is None:
        return False
    wanted = f"{MARK}={mark}".encode()
    return any(entry == wanted or entry.startswith(wanted + b":") for entry in environment.split(b"\0"))


def _read_of(pid: int, name: str) -> bytes | None:
    """Read a file of a process; None if it is gone, or not ours to look at.

    A swap waits for a look at all processes of the computer: by way of ``Path`` it took twice as long.
    """
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 - see above
            return file.read()
    except OSError:
        return None


def find_members(
    sessions: Iterable[Session],
    mark: str,
    *,
    marked_since: int = 0,
    leader_must_live: bool = False,
    known: Collection[Stat] = (),
) -> list[int]:
    """Return the processes of these sessions, those that carry the mark, those ``known``, and all their descendants.

    Nobody who was started before ``marked_since`` (clock ticks since boot) can carry the mark.

    A session whose leader was started at another time is a stranger's: its number has been used again.  So may one be
    whose leader is gone, once nobody has kept count of ours: then ask for ``leader_must_live``.
    """
    living = processes()
    started = {stat.pid: stat.started for stat in living}
    ours = {
        session.id
        for session in sessions
        if started.get(session.id, None if leader_must_live else session.started) == session.started
    }
    kin = {(stat.pid, stat.started) for stat in known}
    members = {
        stat.pid
        for stat in living
        if stat.session in ours
        or (stat.pid, stat.started) in kin
        or (stat.started >= marked_since and carries_mark(stat.pid, mark))
    }
    while children := {stat.pid for stat in living if stat.parent in members} - members:
        members |= children
    return sorted(members)


def end_members(find: Callable[[], list[int]], *, polite_s: float = _POLITE_S, patience_s: float = _PATIENCE_S) -> bool:
    """End what ``find`` finds, politely first, until nothing of it is left; tell whether that was reached in time."""
    began = time.monotonic()
    asked: set[int] = set()
    seen: dict[int, int] = {}
    while found := find() + _still_there(seen):
        elapsed = time.monotonic() - began
        seen |= {pid: stat.started for pid in found if (stat := read_stat(pid)) is not None}
        if elapsed > patience_s:
            return False
        for pid in found:
            if elapsed >= polite_s:
                _signal(pid, signal.SIGKILL)
            elif pid not in asked:
                asked.add(pid)
                _signal(pid, signal.SIGTERM)
                _signal(pid, signal.SIGCONT)  # a stopped process takes no SIGTERM
        time.sleep(_LOOK_EVERY_S)
    return True


def _still_there(seen: dict[int, int]) -> list[int]:
    """Return who of those found before lives: once its parent is gone, a process may show no more whose it was."""
    stats = {pid: read_stat(pid) for pid in seen}
    return [pid for pid, stat in stats.items() if stat and not stat.has_ended and stat.started == seen[pid]]


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):  # it has ended meanwhile, or is not ours to end
        os.kill(pid, number)


# -- the program's side


class Guard:
    """The guard as the program sees it.  On Windows there is none: every method does nothing."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._process: subprocess.Popen[bytes] | None = None
        self._sessions: set[Session] = set()

    def start(self) -> None:
        """Start the guard's process; does not wait for it."""
        if sys.platform == "linux":
            self._process = subprocess.Popen(
                _command(self._run_id),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                bufsize=0,
            )

    def watch_over(self, session: Session) -> None:
        """Have the session ended if the program dies."""
        self._sessions.add(session)
        self._tell(session.opened)

    def forget(self, session: Session) -> None:
        """Know that nothing of the session is left."""
        self._sessions.discard(session)
        self._tell(session.closed)

    def dismiss(self) -> None:
        """Send the guard away: the program ends in order and leaves nothing.  Safe to repeat."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(OSError):  # it is gone already
            process.stdin.write(_FAREWELL)
        process.stdin.close()
        process.wait()

    def _tell(self, line: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(line)
        except OSError:  # somebody killed the guard: a new one has to know everything
            self._process.stdin.close()
            self._process.wait()
            self.start()
            with contextlib.suppress(OSError):  # killed again; the next word to it starts another
                self._process.stdin.write(b"".join(session.opened for session in self._sessions))


def _command(run_id: str) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, FLAG, run_id]
    return [sys.executable, "-I", "-S", __file__, FLAG, run_id]


# -- the guard's side


def watch(run_id: str) -> int:
    """Be the guard: wait until the pipe on standard input ends, then end what was left behind."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    journal = b""
    while data := os.read(0, 65536):
        journal += data
        if len(journal) > _MAX_JOURNAL_BYTES and journal.endswith(b"\n"):
            journal = b"".join(session.opened for session in parse_sessions(journal))
    if journal.endswith(_FAREWELL):
        return 0
    sessions = parse_sessions(journal)
    is_clean = end_members(lambda: find_members(sessions, run_id))
    time.sleep(_SECOND_LOOK_S)  # a process in the middle of its exec shows no environment
    return 0 if end_members(lambda: find_members(sessions, run_id)) and is_clean else 1


if __name__ == "__main__":
    sys.exit(watch(sys.argv[2]))
