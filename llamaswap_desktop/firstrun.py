"""What a first start finds: a configuration with two built-in demo models."""

import logging
import zlib
from pathlib import Path

from llamaswap_desktop.config import starter_config_text
from llamaswap_desktop.desktop import Paths
from llamaswap_desktop.errors import ConfigError, Problem, Severity

_log = logging.getLogger("llamaswap_desktop")


def ensure_user_config(paths: Paths) -> Path:
    """Return the user's ``config.yaml``, written from the starter if there is none; an existing one is not touched.

    Raises ``ConfigError`` naming the path when it cannot be written.
    """
    path = paths.config_file
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(starter_config_text(start_port=_start_port(path)))
    except OSError as error:
        why = f"cannot write a first configuration: {error.strerror or error}; name another file with --config"
        raise ConfigError([Problem(Severity.ERROR, why, file=str(path))]) from error
    _log.info("first start: two demo models stand in %s; put your own there", path)
    return path


def _start_port(path: Path) -> int:
    """Return where ports are counted from: another one for each user of a computer, the same at each first start."""
    return 19300 + zlib.crc32(str(path).encode()) % 100 * 100
