"""The subcommand of the demo model: flags, the address, the end."""

import signal
import socket
import subprocess
import sys

import pytest

from llamaswap_desktop.demo.command import Settings, parse_arguments
from tests.demo.demo_process import demo_process

_PROGRAM = "import sys; from llamaswap_desktop.demo import run; sys.exit(run(sys.argv[1:]))"


def test_only_the_port_is_required():
    assert parse_arguments(["--port", "9"]) == Settings("127.0.0.1", 9, "demo", 1.0, 0.03)


def test_every_flag_is_heard():
    flags = ["--port", "9", "--host", "::1", "--name", "bob", "--load-time", "0", "--word-delay", "0.5"]
    assert parse_arguments(flags) == Settings("::1", 9, "bob", 0.0, 0.5)


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        ([], "--port"),
        (["--port", "x"], "x"),
        (["--port", "65536"], "65536 is no port"),
        (["--port", "1", "--load-time", "-1"], "-1 is no duration"),
        (["--port", "1", "--word-delay", "nan"], "nan is no duration"),
    ],
)
def test_wrong_flags_are_named(flags, part, capsys):
    with pytest.raises(SystemExit) as refused:
        parse_arguments(flags)
    assert refused.value.code == 2
    assert part in capsys.readouterr().err


@pytest.mark.child
@pytest.mark.linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quickly_and_well_even_in_mid_answer(number):
    with demo_process("--name", "bob", "--load-time", "0", "--word-delay", "10") as model:
        idle = model.connect()
        idle.request("GET", "/health")
        idle.getresponse().read()
        connection, response = model.open_stream("/v1/completions", {"prompt": "x"})
        assert response.readline()
        model.child.send_signal(number)
        model.expect_line("bob stops")
        assert model.child.wait(timeout=5) == 0
        connection.close()
        idle.close()


@pytest.mark.child
def test_a_busy_port_is_said_and_ends_it():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        command = [sys.executable, "-c", _PROGRAM, "--port", str(port)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stdout
    assert ended.stderr == ""
