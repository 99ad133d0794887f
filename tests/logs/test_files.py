"""Log files: names that cannot collide, five files of a size, and a disk that may die."""

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamaswap_desktop.logs import LogFiles, model_file_name
from llamaswap_desktop.logs.files import RotatingFile


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("qwen3-8b", r"model-qwen3-8b\.log"),
        ("Qwen3-8B", r"model-qwen3-8b-[0-9a-f]{8}\.log"),
        ("author/model:Q4_K_M", r"model-author-model-q4_k_m-[0-9a-f]{8}\.log"),
        ("../../etc/passwd", r"model-\.\.-\.\.-etc-passwd-[0-9a-f]{8}\.log"),
        ("con", r"model-con\.log"),
        ("模型", r"model----[0-9a-f]{8}\.log"),
        ("x" * 300, r"model-x{80}-[0-9a-f]{8}\.log"),
        ("qwen-0123abcd", r"model-qwen-0123abcd-[0-9a-f]{8}\.log"),
    ],
)
def test_names_are_readable_and_safe(model, name):
    assert re.fullmatch(name, model_file_name(model))


@given(st.text(), st.text())
def test_two_models_never_share_a_file_whatever_the_file_system_thinks_of_case(first, second):
    names = {model_file_name(first).lower(), model_file_name(second).lower()}
    assert len(names) == len({first, second})
    assert all(re.fullmatch(r"model-[a-z0-9._-]*\.log", name) and len(name) < 120 for name in names)


def _contents(directory) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_five_files_the_newest_without_a_number(tmp_path):
    file = RotatingFile(tmp_path / "x.log", file_bytes=4, files=3)
    for piece in (b"0123", b"45", b"67", b"89ab", b"cd"):
        file.write(piece)
    file.close()
    assert _contents(tmp_path) == {"x.log": b"cd", "x.log.1": b"89ab", "x.log.2": b"4567"}


def test_a_large_write_is_split_over_files(tmp_path):
    file = RotatingFile(tmp_path / "x.log", file_bytes=4, files=5)
    file.write(b"0123456789")
    file.close()
    assert _contents(tmp_path) == {"x.log": b"89", "x.log.1": b"4567", "x.log.2": b"0123"}


def test_a_later_run_goes_on_where_the_earlier_one_stopped(tmp_path):
    for piece in (b"012", b"34567"):
        file = RotatingFile(tmp_path / "x.log", file_bytes=4, files=3)
        file.write(piece)
        file.close()
    assert _contents(tmp_path) == {"x.log": b"4567", "x.log.1": b"0123"}


def test_a_file_that_cannot_be_moved_aside_grows_rather_than_lose_a_line(tmp_path):
    (tmp_path / "x.log.1").mkdir()
    (tmp_path / "x.log.1" / "in the way").touch()
    file = RotatingFile(tmp_path / "x.log", file_bytes=4, files=2)
    file.write(b"0123")
    file.write(b"45")
    file.close()
    assert (tmp_path / "x.log").read_bytes() == b"012345"


def test_the_directory_is_made_when_it_is_needed_and_more_models_than_open_files_work(tmp_path):
    directory = tmp_path / "state" / "logs"
    files = LogFiles(directory)
    assert not directory.exists()
    for turn in (b"a", b"b"):
        for number in range(20):
            files.write(f"model-{number}.log", turn)
    assert files.close(5)
    assert _contents(directory) == {f"model-{number}.log": b"ab" for number in range(20)}


def test_a_dead_disk_is_said_and_disturbs_nobody(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.touch()
    files = LogFiles(blocked / "logs")
    with caplog.at_level(logging.WARNING, "llamaswap_desktop"):
        files.write("app.log", b"x")
        files.close(5)
    assert "its lines are dropped" in caplog.text
