"""Access lines are written together, and yet nothing about them differs from other lines."""

import asyncio
import logging
import threading

import pytest

from llamaswap_desktop.events import RequestFinished
from llamaswap_desktop.logs import AccessLines, AppLines
from tests.waiting import until

_log = logging.getLogger("llamaswap_desktop.test")


@pytest.fixture
def written():
    return []


@pytest.fixture
def lines(written):
    lines = AppLines(lambda data: written.append(data.decode()))
    lines.attach()
    lines.configure()
    yield lines
    lines.detach()


def add(access, path="/a", *, agent="curl"):
    access.add(RequestFinished("127.0.0.1", "GET", path, "HTTP/1.1", 200, 12, agent, 0.0123456))


def said(lines, act):
    """Let ``act`` say something on a loop that ends at once."""

    async def run():
        lines.bind(asyncio.get_running_loop())
        act(AccessLines(lines))

    asyncio.run(run())
    lines.bind(None)


def test_several_requests_become_one_piece_of_one_line_each(lines, written):
    said(lines, lambda access: (add(access), add(access, "/b")))
    first = '[INFO] Request 127.0.0.1 "GET /a HTTP/1.1" 200 12 "curl" 12.346ms\n'
    assert written == [first + first.replace("/a", "/b")]


def test_a_line_comes_by_itself_after_a_moment(lines, written):
    async def run():
        lines.bind(asyncio.get_running_loop())
        add(AccessLines(lines))
        await until(lambda: written, "the line is written")

    asyncio.run(run())
    assert len(written) == 1


def test_a_later_line_never_overtakes(lines, written):
    said(lines, lambda access: (add(access), _log.info("later"), add(access, "/b")))
    assert [line[:18] for line in written] == ["[INFO] Request 127", "[INFO] later\n", "[INFO] Request 127"]


def test_a_line_of_another_thread_comes_behind_what_was_there(lines, written):
    async def run():
        lines.bind(asyncio.get_running_loop())
        add(AccessLines(lines))
        thread = threading.Thread(target=_log.info, args=("from afar",))
        thread.start()
        thread.join()
        async with asyncio.timeout(2):
            while len(written) < 2:
                await asyncio.sleep(0)

    asyncio.run(run())
    assert written[1] == "[INFO] from afar\n"


@pytest.mark.parametrize("end", [lambda lines: lines.bind(None), lambda lines: lines.detach()])
def test_the_end_loses_no_line(lines, written, end):
    async def run():
        lines.bind(asyncio.get_running_loop())
        add(AccessLines(lines))

    asyncio.run(run())
    assert not written
    end(lines)
    assert len(written) == 1


def test_a_higher_level_keeps_them_out(lines, written):
    lines.configure(level="warn")
    said(lines, add)
    assert not written


def test_what_was_said_under_the_former_level_is_kept(lines, written):
    said(lines, lambda access: (add(access), lines.configure(level="error")))
    assert len(written) == 1


def test_secrets_and_control_characters_stay_out(lines, written):
    lines.configure(secrets=["sk-secret-1"])
    said(lines, lambda access: (add(access, "/a?key=sk-secret-1"), add(access, agent="x\x1b[1m"), add(access, "/c")))
    assert '"GET /a?key=*** HTTP/1.1"' in written[0]
    assert '"x\\x1b[1m"' in written[0]
    assert written[0].count("\n") == 3


def test_each_line_has_the_time_at_which_it_was_said(lines, written, monkeypatch):
    moments = iter([1_700_000_000.25, 1_700_000_001.5])
    monkeypatch.setattr("time.time", lambda: next(moments))
    lines.configure(time_format="StampMilli")
    said(lines, lambda access: (add(access), add(access, "/b")))
    first, second = written[0].splitlines()
    assert first.split(" [INFO] ")[0][-6:] == "20.250"
    assert second.split(" [INFO] ")[0][-6:] == "21.500"


@pytest.mark.parametrize(
    ("method", "path", "status", "level"),
    [
        ("GET", "/api/metrics/activity?limit=50", 200, "DEBUG"),
        ("GET", "/ui/app.js", 304, "DEBUG"),
        ("GET", "/logs/stream/m", 200, "DEBUG"),
        ("GET", "/api/captures/9", 404, "INFO"),
        ("POST", "/api/desktop/commands/load", 200, "INFO"),
        ("GET", "/v1/models", 200, "INFO"),
    ],
)
def test_looks_at_the_program_are_worth_a_line_only_when_one_debugs(lines, written, method, path, status, level):
    def act(access):
        access.add(RequestFinished("127.0.0.1", method, path, "HTTP/1.1", status, 12, "firefox", 0.01))
        access.flush()

    lines.configure(level="debug")
    said(lines, act)
    assert "".join(written).startswith(f"[{level}] Request 127.0.0.1 ")
    written.clear()
    lines.configure()
    said(lines, act)
    assert bool(written) is (level == "INFO")
