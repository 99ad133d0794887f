"""From a command text to a program that can be run."""

import os
import sys
from pathlib import Path

import pytest

from llamaswap_desktop.process.command import BadCommand, own_command, parse_command, parse_stop_command

ENVIRONMENT = dict(os.environ)


@pytest.mark.linux
def test_program_is_found_in_path_and_keeps_the_name_the_user_wrote():
    command = parse_command("sh -c 'echo a b'", ENVIRONMENT)
    assert os.path.isabs(command.program)
    assert command.arguments == ("sh", "-c", "echo a b")


def test_own_name_means_this_very_program_whatever_path_holds():
    command = parse_command("llamaswap-desktop demo-model --port 1", {"PATH": ""})
    assert command.program == os.path.abspath(sys.executable)
    assert command.arguments == (sys.executable, "-m", "llamaswap_desktop", "demo-model", "--port", "1")


@pytest.mark.parametrize("running", ["llamaswap-desktop", "llamaswap-desktop-tray", "llamaswap-desktop-tray.exe"])
def test_own_name_means_the_console_program_of_a_build(monkeypatch, tmp_path, running):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / running))
    assert own_command() == [str(tmp_path / f"llamaswap-desktop{Path(running).suffix}")]


@pytest.mark.linux
def test_stop_command_gets_the_process_id():
    assert parse_stop_command("sh -c 'kill ${PID}'", 812, ENVIRONMENT).arguments == ("sh", "-c", "kill 812")


@pytest.mark.linux
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("no-such-program x", "'no-such-program' is nowhere in PATH"),
        ("/no/such/program", "there is no '/no/such/program'"),
        ("{folder}", "is a folder"),
        ("{folder}/plain", "may not be executed"),
    ],
)
def test_command_that_cannot_run_is_explained(tmp_path, text, said):
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    with pytest.raises(BadCommand, match=said):
        parse_command(text.format(folder=tmp_path), ENVIRONMENT)
