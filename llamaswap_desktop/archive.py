"""The archive for whoever is to help: versions, settings, masked configuration, logs and hardware, and no secret.

Everything passes through the redactor, which knows the secrets of configuration and settings, and through ``scrub``,
which hides whatever looks like one.  The environment is left out: it is full of them.
"""

import io
import os
import platform
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata

import msgspec

from llamaswap_desktop.config import Config, describe, secrets_of, to_yaml
from llamaswap_desktop.logs import Redactor, scrub
from llamaswap_desktop.monitor import Hardware
from llamaswap_desktop.settings import Settings, to_builtins

_LIBRARIES = ("aiohttp", "httptools", "jeepney", "msgspec", "pillow", "psutil", "pystray", "pyyaml", "uvloop")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of the program, whether it runs or not.

    ``program`` is whatever msgspec can encode, ``state`` JSON already.  ``config`` is None if the file cannot be used,
    and ``verdict`` says why, or what else there is to say about it.  ``logs`` are texts by the names that they get.
    """

    program: object
    settings: Settings
    settings_problem: str
    config: Config | None
    verdict: str
    state: bytes
    hardware: Hardware | None
    logs: Mapping[str, str]


def archive_name(now: datetime) -> str:
    """Return what an archive of that moment is called."""
    return f"llamaswap-desktop-{now:%Y%m%d-%H%M%S}.zip"


def build_archive(findings: Findings, now: datetime) -> bytes:
    """Return the zip archive; cleaning the logs takes a while, so not on an event loop."""
    known = secrets_of(findings.config) if findings.config is not None else frozenset()
    redactor = Redactor({findings.settings.api_key} | known)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _texts(findings):
            entry = zipfile.ZipInfo(name, now.timetuple()[:6])
            archive.writestr(entry, scrub(redactor.clean(text)), zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def _texts(findings: Findings) -> Iterator[tuple[str, str]]:
    settings = {
        **to_builtins(findings.settings),
        "apiKey": _HIDDEN if findings.settings.api_key else "",
        "problem": findings.settings_problem,
    }
    yield "versions.json", _json(_versions(findings.program))
    yield "settings.json", _json(settings)
    yield "config.txt", findings.verdict
    if findings.config is not None:
        yield "config.yaml", to_yaml(describe(findings.config))
    yield "state.json", _indented(findings.state)
    yield "hardware.json", _json(findings.hardware)
    for name, text in findings.logs.items():
        yield f"logs/{name}", text


def _versions(program: object) -> Mapping[str, object]:
    return {
        "program": program,
        "python": sys.version,
        "platform": platform.platform(),
        "desktop": os.environ.get("XDG_CURRENT_DESKTOP", ""),
        "session": os.environ.get("XDG_SESSION_TYPE", ""),
        "is_bundled": bool(getattr(sys, "frozen", False)),
        "libraries": {name: version for name in _LIBRARIES if (version := _version_of(name))},
    }


def _version_of(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def _json(value: object) -> str:
    return _indented(msgspec.json.encode(value))


def _indented(json: bytes) -> str:
    return msgspec.json.format(json, indent=2).decode() + "\n"
