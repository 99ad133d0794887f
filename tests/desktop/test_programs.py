"""Which programs run."""

import os
import subprocess

import psutil
import pytest

from llamaswap_desktop.desktop import first_running


def test_this_very_program_runs_whatever_the_case():
    own = psutil.Process(os.getpid()).name()
    assert first_running(("no-such-game", own.upper())) == own.upper()
    assert first_running((f"{own}.EXE",)) == f"{own}.EXE"
    assert first_running(("no-such-game",)) == ""


@pytest.mark.child
@pytest.mark.linux
def test_program_that_ends_is_gone():
    with subprocess.Popen(["sleep", "60"]) as game:
        assert first_running(("sleep",))
        game.kill()
