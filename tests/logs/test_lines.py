"""The app's own lines: their form, what filters them, and threads."""

import asyncio
import logging
import threading

import pytest

from llamaswap_desktop.logs import AppLines, parse_level
from tests.waiting import until

_log = logging.getLogger("llamaswap_desktop.test")


class Written(list):
    def __call__(self, line: bytes) -> None:
        self.append((threading.get_ident(), line.decode()))

    @property
    def text(self) -> str:
        return "".join(line for _, line in self)


@pytest.fixture
def written():
    return Written()


@pytest.fixture
def lines(written):
    lines = AppLines(written)
    lines.attach()
    lines.configure()
    yield lines
    lines.detach()


def test_the_four_levels_and_their_names(lines, written):
    lines.configure(level="debug")
    _log.debug("a")
    _log.info("b %d", 2)
    _log.warning("c")
    _log.error("d")
    _log.critical("e")
    assert written.text == "[DEBUG] a\n[INFO] b 2\n[WARN] c\n[ERROR] d\n[ERROR] e\n"


@pytest.mark.parametrize(("name", "kept"), [("debug", 4), (" WARN ", 2), ("error", 1), ("", 3), ("loud", 3)])
def test_the_level_filters_and_what_is_unknown_means_info(lines, written, name, kept):
    lines.configure(level=name)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        _log.log(level, "x")
    assert len(written) == kept


def test_parse_level():
    assert [parse_level(name) for name in ("debug", "Info", "warn", "error", "?")] == [10, 20, 30, 40, 20]


def test_a_time_stamp_stands_before_the_level_and_can_be_changed_live(lines, written):
    lines.configure(time_format="Kitchen")
    _log.info("x")
    lines.configure(time_format="unheard of")
    _log.info("y")
    (_, first), (_, second) = written
    stamp, _, rest = first.partition(" ")
    assert stamp.endswith(("AM", "PM"))
    assert rest == "[INFO] x\n"
    assert second == "[INFO] y\n"


def test_secrets_are_hidden_in_text_arguments_and_tracebacks(lines, written):
    lines.configure(secrets=["sk-12345678"])
    try:
        raise ValueError("bad key sk-12345678")
    except ValueError:
        _log.exception("client sent %s", "sk-12345678")
    assert "ValueError: bad key ***" in written.text
    assert "sk-12345678" not in written.text


def test_control_characters_cannot_steer_a_terminal(lines, written):
    _log.info('Request "%s"', "curl\x1b]0;owned\x07\r")
    assert written.text == '[INFO] Request "curl\\x1b]0;owned\\x07\\x0d"\n'


def test_lines_of_libraries_start_at_warnings(lines, written):
    logging.getLogger("asyncio").info("chatter")
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert written.text == "[ERROR] Task exception was never retrieved\n"


def test_a_lone_surrogate_does_not_lose_the_line(lines, written):
    _log.info("path %s", "\udcff")
    assert written.text == "[INFO] path \\udcff\n"


async def test_a_line_of_another_thread_is_written_by_the_loop_s(lines, written):
    loop = asyncio.get_running_loop()
    lines.bind(loop)
    await loop.run_in_executor(None, _log.warning, "from a worker")
    await until(lambda: written, "the line is written")
    assert written == [(threading.get_ident(), "[WARN] from a worker\n")]
    lines.bind(None)


def test_a_line_after_the_loop_s_end_is_still_written(lines, written):
    loop = asyncio.new_event_loop()
    lines.bind(loop)
    loop.close()
    thread = threading.Thread(target=_log.error, args=("late",))
    thread.start()
    thread.join()
    assert written.text == "[ERROR] late\n"
