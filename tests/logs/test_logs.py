"""How the logs hang together, what reaches the standard output, and what reaches the disk."""

import io
import os
import threading
import time

import pytest

from llamaswap_desktop.logs import LogFiles, Logs, LogToStdout, Stdout


@pytest.mark.parametrize(
    ("selection", "combined"),
    [("proxy", b"P1 P2 "), ("upstream", b"A1 B1 "), ("both", b"P1 A1 B1 P2 "), ("none", b"")],
)
def test_the_combined_log_and_standard_output_get_what_was_selected(selection, combined):
    stdout = []
    logs = Logs(to_stdout=LogToStdout(selection), stdout=stdout.append)
    logs.proxy.write(b"P1 ")
    logs.model("a").write(b"A1 ")
    logs.model("b").write(b"B1 ")
    logs.proxy.write(b"P2 ")
    assert logs.combined.history() == combined
    assert b"".join(stdout) == combined
    assert logs.upstream.history() == b"A1 B1 "
    assert logs.proxy.history() == b"P1 P2 "
    assert logs.model("a").history() == b"A1 "


def test_a_model_s_log_survives_its_restarts():
    logs = Logs()
    logs.model("a").write(b"first life ")
    logs.model("a").write(b"second life")
    assert logs.model("a").history() == b"first life second life"


def test_fixed_names_and_the_rest():
    logs = Logs()
    assert logs.named("") is logs.combined
    assert logs.named("proxy") is logs.proxy
    assert logs.named("upstream") is logs.upstream
    assert logs.named("qwen") is None


async def test_readers_of_a_removed_model_come_to_an_end_and_the_others_do_not():
    logs = Logs()
    gone, kept = logs.model("gone").follow(), logs.model("kept").follow()
    logs.keep_only(["kept"])
    assert gone.is_ended
    assert not kept.is_ended
    logs.close()
    assert kept.is_ended


def test_one_file_per_model_and_one_for_the_app(tmp_path):
    files = LogFiles(tmp_path)
    logs = Logs(files=files, to_stdout=LogToStdout.NONE)
    logs.proxy.write(b"[INFO] hello\n")
    logs.model("qwen").write(b"loading\n")
    assert files.close(5)
    assert (tmp_path / "app.log").read_bytes() == b"[INFO] hello\n"
    assert (tmp_path / "model-qwen.log").read_bytes() == b"loading\n"


def test_a_terminal_that_stands_still_does_not_hold_the_writer():
    read_end, write_end = os.pipe()
    stdout = Stdout(os.fdopen(write_end, "wb"))
    logs = Logs(to_stdout=LogToStdout.UPSTREAM, stdout=stdout.write)
    began = time.perf_counter()
    for _ in range(160):
        logs.model("flood").write(b"x" * 65_536)
    assert time.perf_counter() - began < 1
    assert not stdout.close(0.05)
    drained = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(read_end, 65_536), b"")])
    drained.start()
    assert stdout.close(5)
    stdout._stream.close()
    drained.join(5)
    os.close(read_end)


def test_a_closed_pipe_ends_the_output_quietly():
    class Closed(io.BytesIO):
        def write(self, data):
            raise BrokenPipeError

    stdout = Stdout(Closed())
    stdout.write(b"x")
    assert stdout.close(5)
    stdout.write(b"y")
