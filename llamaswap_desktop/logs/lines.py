"""The app's own lines: from Python's logging into the proxy log, as ``[LEVEL] text``.

Any thread may log; the line is made where it was said and written on the loop's thread, which owns the logs.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from llamaswap_desktop.logs.redact import Redactor
from llamaswap_desktop.logs.times import format_time, is_time_format

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_NAMES = ((logging.ERROR, "ERROR"), (logging.WARNING, "WARN"), (logging.INFO, "INFO"))
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""A client's header must not be able to steer the terminal in which somebody reads the log."""

_SOURCES = ("llamaswap_desktop", "asyncio", "aiohttp")


def parse_level(name: str) -> int:
    """Return the logging level of a ``logLevel``; whatever is unknown means info."""
    return _LEVELS.get(name.strip().lower(), logging.INFO)


class AppLines(logging.Handler):
    """The one log handler.  Writes each line, with its line end, to ``write``.

    Level, time format and secrets can be changed at any time (a reload does).
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        super().__init__()
        self.shows_info = True
        self._write = write
        self._go_before: Callable[[], None] | None = None
        self._time_format = ""
        self._redactor = Redactor()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0

    def attach(self) -> None:
        """Take all lines of the program, and the complaints of the libraries that run it."""
        # Nobody reads these fields of a record, and the first costs a system call for each line.
        logging.logProcesses = logging.logThreads = logging.logMultiprocessing = False
        for name in _SOURCES:
            logger = logging.getLogger(name)
            logger.addHandler(self)
            logger.propagate = False
            if name != _SOURCES[0]:
                logger.setLevel(logging.WARNING)

    def detach(self) -> None:
        """Let go of the loggers again."""
        self._make_way()
        for name in _SOURCES:
            logger = logging.getLogger(name)
            logger.removeHandler(self)
            logger.propagate = True
            logger.setLevel(logging.NOTSET)

    def bind(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """From now on this loop, running on the calling thread, owns the log; with None, whoever writes."""
        self._make_way()
        self._loop = loop
        self._loop_thread = threading.get_ident()

    def configure(self, *, level: str = "info", time_format: str = "", secrets: Iterable[str] = ()) -> None:
        """Take over ``logLevel``, ``logTimeFormat`` and everything that must never be read in a line."""
        self._make_way()
        logging.getLogger(_SOURCES[0]).setLevel(parse_level(level))
        self.shows_info = parse_level(level) <= logging.INFO
        self._time_format = time_format if is_time_format(time_format) else ""
        self._redactor = Redactor(secrets)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.line(record).encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001 - a line that cannot be made must not take down whoever said it
            self.handleError(record)
            return
        if self._loop is None or threading.get_ident() == self._loop_thread:
            self._write_behind(line)
            return
        try:
            self._loop.call_soon_threadsafe(self._write_behind, line)
        except RuntimeError:  # the loop has just been closed
            self._write_behind(line)

    def go_before(self, act: Callable[[], None]) -> None:
        """Have ``act`` called before each line, and before anything about them changes: it writes what it has kept."""
        self._go_before = act

    def _make_way(self) -> None:
        if self._go_before is not None:
            self._go_before()

    def _write_behind(self, line: bytes) -> None:
        self._make_way()
        self._write(line)

    def write_info(self, texts: Sequence[str], moments: Sequence[float]) -> None:
        """Write ``texts``, of one line each, as they were said at ``moments`` (wall time); on the loop's thread only.

        All of them are cleaned in one go, and go through the sinks as one piece.
        """
        texts = self._clean("\n".join(texts)).split("\n")
        if self._time_format:
            stamps = [self._stamp(moment) for moment in moments]
            lines = [f"{stamp} [INFO] {text}\n" for stamp, text in zip(stamps, texts, strict=True)]
        else:
            lines = [f"[INFO] {text}\n" for text in texts]
        self._write("".join(lines).encode("utf-8", "backslashreplace"))

    def line(self, record: logging.LogRecord) -> str:
        """Return the whole line (several with a traceback), redacted, with its line end."""
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{logging.Formatter().formatException(record.exc_info)}"
        line = f"[{level_name(record.levelno)}] {self._clean(text)}\n"
        return f"{self._stamp(record.created)} {line}" if self._time_format else line

    def _clean(self, text: str) -> str:
        text = self._redactor.clean(text)
        is_harmless = text.replace("\n", "").isprintable()  # tells in a tenth of the time that there is nothing to do
        return text if is_harmless else _CONTROL.sub(_escaped, text)

    def _stamp(self, moment: float) -> str:
        return format_time(datetime.fromtimestamp(moment, UTC).astimezone(), self._time_format)


def level_name(level: int) -> str:
    """Return what stands in the brackets."""
    return next((name for least, name in _NAMES if level >= least), "DEBUG")


def _escaped(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"
