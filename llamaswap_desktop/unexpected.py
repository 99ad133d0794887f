"""Mistakes of ours that nobody has caught: they go into the log with their traceback, are told once, and end nothing.

A crash of the interpreter itself leaves its stack in ``crash.log`` beside the other logs; the next start says so.
"""

import asyncio
import contextlib
import faulthandler
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from llamaswap_desktop.errors import LlamaSwapError

_log = logging.getLogger("llamaswap_desktop")

CRASH_FILE = "crash.log"

Tell = Callable[[str], None]


class Unexpected:
    """Hears of every uncaught exception; ``tell`` gets one line for each, from whatever thread it came."""

    def __init__(self) -> None:
        self.tell: Tell = lambda _line: None

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Hear of what threads leave uncaught, and of the main thread's end by an exception."""
        before, threading.excepthook = threading.excepthook, self._on_thread_exception
        try:
            yield
        except LlamaSwapError:
            raise  # no mistake of ours: whoever started us says it
        except Exception as error:
            self._note("unexpected error", error)
            raise
        finally:
            threading.excepthook = before

    def hear(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of what callbacks and tasks of ``loop`` leave uncaught."""
        loop.set_exception_handler(self._on_loop_exception)

    def _on_thread_exception(self, failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            name = failed.thread.name if failed.thread is not None else "a thread"
            self._note(f"unexpected error in {name}", failed.exc_value)

    def _on_loop_exception(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            self._note(context["message"], error)
        else:
            _log.error("%s", context["message"])

    def _note(self, what: str, error: BaseException) -> None:
        _log.critical("%s", what, exc_info=error)
        self.tell(f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def crashes_recorded(log_dir: Path) -> Iterator[bool]:
    """Have a crash of the interpreter leave its stack in ``CRASH_FILE``; yield whether the last run left one."""
    path = log_dir / CRASH_FILE
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
        has_crashed = path.exists() and path.stat().st_size > 0
        if has_crashed:
            path.replace(log_dir / f"last-{CRASH_FILE}")
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        _log.warning("a crash would leave no trace in %s: %s", log_dir, error)
        yield False
        return
    with file:
        faulthandler.enable(file)
        try:
            yield has_crashed
        finally:
            faulthandler.disable()
    with contextlib.suppress(OSError):
        if not path.stat().st_size:
            path.unlink()
