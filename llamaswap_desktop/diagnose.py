"""Finds out what somebody who is to help needs to know, from the files alone, whether the program runs or not."""

import asyncio
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from llamaswap_desktop import __version__
from llamaswap_desktop.archive import Findings, build_archive
from llamaswap_desktop.build import read_build
from llamaswap_desktop.client import Connection, NotRunning, Refused, find_instance
from llamaswap_desktop.config import Config, Sources, load_config
from llamaswap_desktop.desktop import Paths
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.monitor import detect_hardware
from llamaswap_desktop.settings import SettingsFile

_LOG_BYTES = 512 * 1024
_ASK_TIMEOUT_S = 3.0


def collect_diagnostics(file: Path, paths: Paths, settings: SettingsFile, sources: Sources, now: datetime) -> None:
    """Write the archive to ``file``.  Raises ``OSError``."""
    config, verdict = _config(sources)
    findings = Findings(
        program=read_build(),
        settings=settings.now,
        settings_problem=settings.problem,
        config=config,
        verdict=verdict,
        state=msgspec.json.encode(_state(paths.run_dir)),
        hardware=asyncio.run(detect_hardware(__version__)),
        logs=dict(_log_tails(paths.log_dir)),
    )
    file.write_bytes(build_archive(findings, now))


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
                yield path.name, file.read().decode("utf-8", "replace")
        except OSError as error:
            yield path.name, str(error)
