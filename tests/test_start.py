"""What a start does not carry along: everything that only some programs need, at the time when they need it."""

import subprocess
import sys

import pytest

LATER = {"PIL", "re2", "zipfile", "importlib.metadata", "ruamel", "pystray", "jeepney", "llamaswap_desktop.companions"}
"""Each costs 1 to 3 MB or 10 to 30 ms."""


@pytest.mark.child
@pytest.mark.parametrize(("start", "but"), [("program", set()), ("desktop_app", {"llamaswap_desktop.companions"})])
def test_what_is_needed_by_few_is_not_imported_for_all(start, but):
    question = (
        f"import sys, llamaswap_desktop.{start}\n"
        "from llamaswap_desktop.config import Config, IgnoredPaths\n"
        "IgnoredPaths(Config().upstream.ignore_paths)\n"
        "print(*sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    assert set(answer.stdout.split()) & (LATER - but) == set()
