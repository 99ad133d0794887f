"""A locked file in the session's runtime folder; two users have two folders."""

import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger("llamaswap_desktop.desktop")


def take_lock(name: str, fallback_folder: Path) -> Callable[[], None] | None:
    """Take the lock called ``name``; return what gives it back, or None if another program holds it.

    Without a runtime folder the lock lies in ``fallback_folder``.  Where no file can be written there is no lock, and
    nobody is kept from starting.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(runtime) if runtime and Path(runtime).is_dir() else fallback_folder
    path = folder / f"{name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        _log.warning("cannot keep %s (%s): a second start would not notice this one", path, error)
        return lambda: None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return lambda: os.close(handle)  # the file stays: deleting it would let two hold "the" lock
