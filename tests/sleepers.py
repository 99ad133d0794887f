"""Children that only wait to be found, and ended."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

from llamaswap_desktop.guard import MARK, Session, read_stat

SLEEPER = "import time; print('here', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"


@contextlib.contextmanager
def sleepers() -> Iterator[Callable[..., subprocess.Popen]]:
    """Yield what starts one that is here when it returns; all are gone afterwards."""
    started = []

    def start(code: str = SLEEPER, *, mark: str = "", own_session: bool = True) -> subprocess.Popen:
        child = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            env={**os.environ, MARK: mark},
            start_new_session=own_session,
        )
        child.stdout.readline()
        started.append(child)
        return child

    try:
        yield start
    finally:
        for child in started:
            child.kill()
            child.wait()
            child.stdout.close()


def session_of(child: subprocess.Popen) -> Session:
    return Session(child.pid, read_stat(child.pid).started)
