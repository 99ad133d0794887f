"""Collects what somebody who is to help needs to see, in one archive, whether the program runs or not.

Everything passes through the redactor, which knows the secrets of configuration and settings, and through ``scrub``,
which hides whatever looks like one.  The environment is left out: it is full of them.
"""

import asyncio
import os
import platform
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path

import msgspec

from llamaswap_desktop import __version__
from llamaswap_desktop.client import Connection, NotRunning, Refused, find_instance
from llamaswap_desktop.config import Config, Sources, describe, load_config, secrets_of, to_yaml
from llamaswap_desktop.desktop import Paths
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.logs import Redactor, scrub
from llamaswap_desktop.monitor import detect_hardware
from llamaswap_desktop.settings import Settings, SettingsFile, to_builtins

_LIBRARIES = ("aiohttp", "httptools", "jeepney", "msgspec", "pillow", "psutil", "pystray", "pyyaml", "uvloop")
_LOG_BYTES = 512 * 1024
_HIDDEN = "***"
_ASK_TIMEOUT_S = 3.0


def archive_name(now: datetime) -> str:
    """Return what an archive of that moment is called."""
    return f"llamaswap-desktop-{now:%Y%m%d-%H%M%S}.zip"


def collect_diagnostics(file: Path, paths: Paths, sources: Sources) -> None:
    """Write the archive to ``file``.  Raises ``OSError``."""
    settings = SettingsFile(paths.settings_file)
    config, verdict = _config(sources)
    redactor = Redactor({settings.now.api_key} | (secrets_of(config) if config is not None else frozenset()))
    texts = {
        "versions.json": _json(_versions()),
        "settings.json": _json(_shown(settings.now, settings.problem)),
        "config.txt": verdict,
        "state.json": _json(_state(paths.run_dir)),
        "hardware.json": _json(asyncio.run(detect_hardware(__version__))),
        **({} if config is None else {"config.yaml": to_yaml(describe(config))}),
        **dict(_log_tails(paths.log_dir)),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, scrub(redactor.clean(text)))


def _versions() -> Mapping[str, object]:
    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "program": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "desktop": os.environ.get("XDG_CURRENT_DESKTOP", ""),
        "session": os.environ.get("XDG_SESSION_TYPE", ""),
        "is_bundled": bool(getattr(sys, "frozen", False)),
        "libraries": libraries,
    }


def _shown(settings: Settings, problem: str) -> Mapping[str, object]:
    return {**to_builtins(settings), "apiKey": _HIDDEN if settings.api_key else "", "problem": problem}


def _config(sources: Sources) -> tuple[Config | None, str]:
    """Return the configuration, if it can be used, and what there is to say about it."""
    try:
        config = load_config(sources, environment=os.environ)
    except ConfigError as error:
        return None, "\n".join(map(str, error.problems)) + "\n"
    return config, "\n".join(["it can be used", *map(str, config.warnings)]) + "\n"


def _state(run_dir: Path) -> object:
    """Return the picture of now from the running program, or why there is none."""
    try:
        instance = find_instance(run_dir)
        return Connection(instance.address, instance.token, timeout_s=_ASK_TIMEOUT_S).get("/api/desktop/state")
    except (NotRunning, Refused) as error:
        return {"error": str(error)}


def _log_tails(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the end of each log file."""
    for path in sorted(folder.glob("*.log")):
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _LOG_BYTES))
                yield f"logs/{path.name}", file.read().decode("utf-8", "replace")
        except OSError as error:
            yield f"logs/{path.name}", str(error)


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
