"""The compiled program: every module of the list is native, says so, and does what the plain one does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer.compile import HOT
from installer.contents import ROOT

pytestmark = pytest.mark.compiled

SUITES = (
    "tests/http1",
    "tests/proxy",
    "tests/routing",
    "tests/core",
    "tests/activity",
    "tests/logs",
)
"""The tests of the rooms with compiled modules.  Left out are those that reach into a module's attributes."""

RINGS = "not interpreted and not child and not real and not whole and not browser and not proof and not package"


def compile_into(folder: Path, **environment) -> subprocess.CompletedProcess:
    command = [sys.executable, "-W", "ignore", "-m", "installer.compile", str(folder)]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiled")
    made = compile_into(folder)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.mark.timeout(300)
def test_every_module_of_the_list_is_native(tree):
    names = [f"llamaswap_desktop.{module.replace('/', '.')}" for module in HOT]
    look = f"import importlib\nfor name in {names}: print(importlib.import_module(name).__file__)"
    files = subprocess.run([sys.executable, "-c", look], cwd=tree, capture_output=True, text=True, check=True).stdout
    assert [Path(file).suffix for file in files.split("\n")[:-1]] == [".pyd" if os.name == "nt" else ".so"] * len(HOT)


def test_it_says_so(tree):
    said = subprocess.run(
        [sys.executable, "-m", "llamaswap_desktop", "--version"], cwd=tree, capture_output=True, text=True, check=True
    )
    assert ", compiled, " in said.stdout


@pytest.mark.timeout(300)
def test_the_suites_of_its_rooms_pass(tree):
    for name in ("tests", "installer", "docs", "assets", "pyproject.toml", "CHANGELOG.md", "build.spec"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name)
    passed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", RINGS, *SUITES],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert passed.returncode == 0, passed.stdout[-6000:]


def test_without_a_compiler_there_is_a_plain_program_and_a_message(tmp_path):
    made = compile_into(tmp_path, CC="no-such-compiler", PATH=str(tmp_path))
    assert made.returncode == 1
    assert "not compiled, the program will run as plain Python: no C compiler that works" in made.stdout
    assert (tmp_path / "llamaswap_desktop" / "__main__.py").is_file()
    assert not list(tmp_path.rglob("*.so"))
