"""Run files: what an instance notes, and what the next one sweeps."""

import os

import pytest

from llamaswap_desktop.guard import Session, parse_sessions
from llamaswap_desktop.process.run_file import Instance, Kind, RunFile, living_instances, sweep
from tests.sleepers import session_of, sleepers

pytestmark = pytest.mark.linux


@pytest.fixture
def start():
    with sleepers() as start:
        yield start


def left_by_a_dead_instance(folder, run_id: str, *lines: bytes, boot: bytes | None = None):
    run_file = RunFile.create(folder, run_id)
    path = folder / f"{run_id}.run"
    content = path.read_bytes() if boot is None else b"boot %s\n" % boot
    run_file.remove()
    path.write_bytes(content + b"".join(lines))
    return path


def test_living_instance_tells_who_and_where_it_is(tmp_path):
    tray, serve = RunFile.create(tmp_path, "a", Kind.TRAY), RunFile.create(tmp_path, "b")
    tray.serve_on("http://127.0.0.1:1")
    tray.serve_on("http://127.0.0.1:2")
    serve.serve_on("http://127.0.0.1:3")
    serve.serve_on("")
    one, other = living_instances(tmp_path)
    assert one == Instance("tray", os.getpid(), tray.token, "http://127.0.0.1:2")
    assert other == Instance("serve", os.getpid(), serve.token, "")
    assert tray.token != serve.token
    assert len(tray.token) > 40
    tray.remove()
    assert [instance.kind for instance in living_instances(tmp_path)] == ["serve"]
    serve.remove()


def test_dead_instance_and_a_missing_folder_tell_nothing(tmp_path):
    left_by_a_dead_instance(tmp_path, "dead", b"address http://127.0.0.1:1\n")
    assert list(living_instances(tmp_path)) == []
    assert list(living_instances(tmp_path / "none")) == []


def test_folder_that_cannot_be_written_leaves_no_token_that_nobody_can_know(tmp_path):
    (tmp_path / "file").write_text("")
    run_file = RunFile.create(tmp_path / "file", "a")
    run_file.serve_on("http://127.0.0.1:1")
    assert run_file.token == ""


def test_file_tells_what_is_open_and_vanishes_in_the_end(tmp_path):
    run_file = RunFile.create(tmp_path / "run", "abc")
    path = tmp_path / "run" / "abc.run"
    one, two = Session(1, 11), Session(2, 22)
    for session in (one, two):
        run_file.watch_over(session)
    run_file.forget(one)
    assert parse_sessions(path.read_bytes()) == {two}
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    run_file.remove()
    run_file.remove()
    assert not path.exists()


def test_folder_that_cannot_be_made_is_a_warning(tmp_path, caplog):
    (tmp_path / "run").write_text("a file")
    run_file = RunFile.create(tmp_path / "run", "abc")
    run_file.watch_over(Session(1, 2))
    run_file.remove()
    assert "cannot keep" in caplog.text


@pytest.mark.child
def test_leftovers_are_ended_by_session_and_by_mark(tmp_path, start):
    by_session, by_mark, stranger = start(), start(mark="dead:3"), start()
    path = left_by_a_dead_instance(tmp_path, "dead", session_of(by_session).opened)
    sweep(tmp_path)
    assert (by_session.wait(3), by_mark.wait(3)) == (-15, -15)
    assert stranger.poll() is None
    assert not path.exists()


@pytest.mark.child
def test_living_instance_keeps_its_children(tmp_path, start):
    child = start(mark="alive:1")
    run_file = RunFile.create(tmp_path, "alive")
    run_file.watch_over(session_of(child))
    sweep(tmp_path)
    assert child.poll() is None
    assert (tmp_path / "alive.run").exists()
    run_file.remove()


@pytest.mark.child
def test_numbers_of_another_boot_mean_nothing(tmp_path, start):
    child = start()
    path = left_by_a_dead_instance(tmp_path, "old", session_of(child).opened, boot=b"another")
    sweep(tmp_path)
    assert child.poll() is None
    assert not path.exists()


def test_folder_that_is_not_there_has_nothing_to_sweep(tmp_path):
    sweep(tmp_path / "nowhere")
