"""Section 14: noticing that sources have changed."""

import asyncio
import os

import pytest

from llamaswap_desktop.config import Sources, Watcher
from llamaswap_desktop.config.watch import INTERVAL_S


def write(path, text="x: 1\n", at_s=1000):
    path.write_text(text)
    os.utime(path, (at_s, at_s))


class Seen:
    """A watcher after its first look; each ``look`` is one poll."""

    def __init__(self, file=None, directory=None):
        self._watcher = Watcher(Sources(file, directory))
        assert not self._watcher.look()

    def look(self):
        return self._watcher.look()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    write(path)
    return path


def test_an_unchanged_file_is_quiet(file):
    seen = Seen(file)
    assert not seen.look()
    file.read_text()
    assert not seen.look()


def test_a_new_time_or_size_fires_once(file):
    seen = Seen(file)
    write(file, at_s=2000)
    assert [seen.look(), seen.look()] == [True, False]
    write(file, at_s=500)
    assert seen.look()
    write(file, "x: 12\n", at_s=500)
    assert seen.look()


def test_gone_is_quiet_and_back_fires_even_if_equal(file):
    seen = Seen(file)
    file.unlink()
    assert [seen.look(), seen.look()] == [False, False]
    write(file)
    assert [seen.look(), seen.look()] == [True, False]


def test_a_file_that_is_missing_at_first_fires_when_it_comes(tmp_path):
    seen = Seen(tmp_path / "config.yaml")
    assert not seen.look()
    write(tmp_path / "config.yaml")
    assert seen.look()


@pytest.mark.linux
def test_links_are_followed(tmp_path, file):
    link, other = tmp_path / "link.yaml", tmp_path / "other.yaml"
    link.symlink_to(file)
    seen = Seen(link)
    write(other, at_s=3000)
    link.unlink()
    link.symlink_to(other)
    assert seen.look()
    write(other, at_s=4000)
    assert seen.look()


def test_other_errors_are_logged_and_quiet(tmp_path, file, caplog):
    seen = Seen(file / "below-a-file.yaml")
    assert not seen.look()
    assert not seen.look()
    assert caplog.text.count("below-a-file.yaml") == 1


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / "conf.d"
    path.mkdir()
    write(path / "a.yaml")
    return path


def test_a_directory_fires_for_new_gone_and_changed_files(directory):
    seen = Seen(directory=directory)
    assert not seen.look()
    write(directory / "b.yml")
    assert [seen.look(), seen.look()] == [True, False]
    write(directory / "b.yml", at_s=2000)
    assert seen.look()
    (directory / "a.yaml").unlink()
    assert [seen.look(), seen.look()] == [True, False]
    (directory / "b.yml").rename(directory / "c.yml")
    assert seen.look()


def test_other_files_are_quiet(directory):
    seen = Seen(directory=directory)
    for name in ("x.txt", "x.YAML", "x.yaml.bak"):
        write(directory / name)
    assert not seen.look()


def test_becoming_empty_or_gone_is_quiet_and_the_first_file_then_fires(directory):
    seen = Seen(directory=directory)
    (directory / "a.yaml").unlink()
    assert not seen.look()
    write(directory / "a.yaml")
    assert seen.look()
    (directory / "a.yaml").unlink()
    directory.rmdir()
    assert not seen.look()
    directory.mkdir()
    assert not seen.look()
    write(directory / "a.yaml")
    assert [seen.look(), seen.look()] == [True, False]


def test_file_and_directory_are_watched_independently(file, directory):
    seen = Seen(file, directory)
    file.unlink()
    write(directory / "a.yaml", at_s=2000)
    assert [seen.look(), seen.look()] == [True, False]


async def test_it_looks_every_two_seconds_until_cancelled(file):
    steps = [lambda: None, lambda: write(file, at_s=2000), lambda: None, lambda: write(file, at_s=3000)]
    pauses, changes = [], []

    async def pause(seconds):
        pauses.append(seconds)
        if not steps:
            raise asyncio.CancelledError
        steps.pop(0)()

    with pytest.raises(asyncio.CancelledError):
        await Watcher(Sources(file)).run(lambda: changes.append(len(pauses)), pause)
    assert pauses == [INTERVAL_S] * 5 == [2.0] * 5
    assert changes == [2, 4]
