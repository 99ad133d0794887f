"""The guard on its own: what it finds, what it ends, and what it leaves alone."""

import os
from pathlib import Path

import pytest

from llamaswap_desktop.guard import (
    Guard,
    Session,
    end_members,
    find_members,
    parse_sessions,
    processes,
    read_stat,
)
from tests.sleepers import DEAF, SLEEPER, session_of, sleepers
from tests.waiting import wait_until

pytestmark = pytest.mark.linux


@pytest.fixture
def start():
    with sleepers() as start:
        yield start


def test_journal_tells_which_sessions_are_open():
    one, two, three = Session(10, 1000), Session(20, 2000), Session(10, 3000)
    journal = b"boot x\n" + one.opened + two.opened + one.closed + three.opened
    assert parse_sessions(journal) == {two, three}


@pytest.mark.parametrize("line", [b"+", b"+1\n", b"+1 2 3\n", b"+x y\n", b"bye\n", b"\xff\n", b"+12 3"])
def test_journal_with_a_broken_line_tells_the_rest(line):
    expected = {Session(1, 2), Session(12, 3)} if line == b"+12 3" else {Session(1, 2)}
    assert parse_sessions(b"+1 2\n" + line) == expected


@pytest.mark.child
def test_members_are_found_by_session_and_by_mark(start):
    by_session = start()
    by_mark = start(mark="abc:7")
    bare_mark = start(mark="abc")
    other_mark = start(mark="abcd:7")
    found = find_members([session_of(by_session)], "abc")
    assert {by_session.pid, by_mark.pid, bare_mark.pid} <= set(found)
    assert other_mark.pid not in found
    assert os.getpid() not in found


@pytest.mark.child
def test_mark_is_looked_for_only_among_those_who_can_carry_it(start):
    marked = start(mark="abc:7")
    started = session_of(marked).started
    assert find_members([], "abc:7", marked_since=started) == [marked.pid]
    assert find_members([], "abc:7", marked_since=started + 1) == []


@pytest.mark.child
def test_session_whose_number_was_used_again_is_a_stranger_s(start):
    stranger = start()
    was = Session(stranger.pid, session_of(stranger).started - 1)
    assert stranger.pid not in find_members([was], "none")


@pytest.mark.child
def test_session_without_its_leader_is_ours_only_for_those_who_kept_count(start):
    leader = start(
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)"
    )
    session = session_of(leader)
    orphan = next(stat.pid for stat in processes() if stat.session == session.id and stat.pid != leader.pid)
    leader.kill()
    leader.wait()
    assert find_members([session], "none") == [orphan]
    assert find_members([session], "none", leader_must_live=True) == []
    os.kill(orphan, 9)


@pytest.mark.child
def test_zombie_has_ended(start):
    child = start()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert read_stat(child.pid).has_ended
    assert child.pid not in find_members([session_of(child)], "none")


@pytest.mark.child
def test_members_are_ended_politely_and_the_deaf_by_force(start):
    obedient, deaf = start(), start(DEAF)
    sessions = [session_of(obedient), session_of(deaf)]
    assert end_members(lambda: find_members(sessions, "none"), polite_s=0.1)
    assert (obedient.wait(), deaf.wait()) == (-15, -9)


@pytest.mark.child
def test_what_cannot_be_ended_is_reported():
    assert not end_members(lambda: [os.getpid() + 10**7], polite_s=0.0, patience_s=0.05)


@pytest.mark.child
def test_guard_ends_everything_when_its_program_dies(start):
    by_session, by_mark, stranger = start(DEAF), start(mark="run1:1"), start()
    program = start(
        "import time\n"
        "from llamaswap_desktop.guard import Guard, Session\n"
        "guard = Guard('run1'); guard.start()\n"
        f"guard.watch_over({session_of(by_session)!r})\n"
        f"guard.watch_over({session_of(stranger)!r}); guard.forget({session_of(stranger)!r})\n"
        "print('here', flush=True); time.sleep(60)"
    )
    program.kill()
    assert by_session.wait(3) == -9
    assert by_mark.wait(3) == -15
    assert stranger.poll() is None


@pytest.mark.child
def test_dismissed_guard_touches_nothing(start):
    child = start(mark="run2:1")
    guard = Guard("run2")
    guard.start()
    guard.watch_over(session_of(child))
    guard.dismiss()
    guard.dismiss()
    assert child.poll() is None


@pytest.mark.child
def test_guard_that_was_killed_is_replaced_and_told_everything(start):
    first, second = start(), start()
    guard = Guard("run3")
    guard.start()
    guard.watch_over(session_of(first))
    guard._process.kill()
    guard._process.wait()
    guard.watch_over(session_of(second))
    guard._process.stdin.close()  # as the end of the program would
    assert (first.wait(3), second.wait(3)) == (-15, -15)
    assert guard._process.wait(3) == 0


@pytest.mark.child
def test_guard_ignores_signals_that_are_meant_for_the_program():
    guard = Guard("run4")
    guard.start()
    wait_until(lambda: _ignores(guard._process.pid, 15), "the guard ignores SIGTERM")
    guard._process.terminate()
    guard._process.send_signal(2)
    assert guard._process.poll() is None
    guard.dismiss()


def _ignores(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) >> (number - 1) & 1)
