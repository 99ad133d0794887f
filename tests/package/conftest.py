"""Tests of what was built: by hand, or by the release, after ``pyinstaller --noconfirm build.spec``."""

import shutil
import sys

import pytest

from tests.package.clean_root import make_clean_root

collect_ignore = ["test_deb.py", "test_rpm.py", "test_tarball.py"] if sys.platform == "win32" else []


@pytest.fixture(scope="session")
def shared_root(tmp_path_factory):
    """One Debian for all: each test leaves it as it was, or fails."""
    yield from make_clean_root(tmp_path_factory.mktemp("clean") / "root")


@pytest.fixture
def clean_root(shared_root):
    """That Debian, and Emma's empty home in it."""
    shared_root.home.mkdir()
    yield shared_root
    shutil.rmtree(shared_root.home)
