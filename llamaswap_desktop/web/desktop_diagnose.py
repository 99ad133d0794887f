"""Everything that somebody who is to help needs to see, and no secret, as one archive (section 31)."""

import asyncio
import io
import platform
import sys
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Final

import msgspec
from aiohttp import web

from llamaswap_desktop.config import describe, secrets_of, to_yaml
from llamaswap_desktop.core import Core
from llamaswap_desktop.logs import Log, Logs, Redactor, scrub
from llamaswap_desktop.monitor import Hardware
from llamaswap_desktop.web.answers import body_of, decoded, encoded
from llamaswap_desktop.web.desktop_commands import Nothing
from llamaswap_desktop.web.machine import Version

_MOST_BYTES: Final = 64 * 1024
_LIBRARIES: Final = ("aiohttp", "httptools", "msgspec", "pyyaml", "psutil", "uvloop", "pystray", "jeepney")


class DesktopDiagnose:
    """Answers ``/api/desktop/diagnose``."""

    def __init__(
        self, core: Core, logs: Logs, version: Version, hardware: Callable[[], Awaitable[Hardware | None]]
    ) -> None:
        self._core = core
        self._logs = logs
        self._version = version
        self._hardware = hardware

    async def collect(self, request: web.Request) -> web.Response:
        """Return the archive."""
        decoded(await body_of(request, _MOST_BYTES), Nothing)
        now = datetime.now(UTC)
        files, redactor = self._files(await self._hardware()), Redactor(secrets_of(self._core.config))
        name = f"llamaswap-desktop-{now:%Y%m%d-%H%M%S}.zip"
        return web.Response(
            body=await asyncio.to_thread(archive, files, redactor, now),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _files(self, hardware: Hardware | None) -> Mapping[str, str]:
        config = self._core.config
        return {
            "versions.json": _json(self._versions()),
            "state.json": _json(self._core.snapshot()),
            "hardware.json": _json(hardware),
            "config.yaml": to_yaml(describe(config)),
            "logs/app.log": _text(self._logs.proxy),
            **{
                f"logs/model-{number}.log": f"{model}\n\n{_text(self._logs.model(model))}"
                for number, model in enumerate(config.models, start=1)
            },
        }

    def _versions(self) -> Mapping[str, object]:
        return {
            "program": self._version,
            "python": sys.version,
            "platform": platform.platform(),
            "is_bundled": bool(getattr(sys, "frozen", False)),
            "libraries": {name: version for name in _LIBRARIES if (version := _version_of(name))},
        }


def archive(files: Mapping[str, str], redactor: Redactor, now: datetime) -> bytes:
    """Return a zip archive of texts, by their names in it, without what is a secret or looks like one."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive_file:
        for name, text in files.items():
            archive_file.writestr(
                zipfile.ZipInfo(name, now.timetuple()[:6]), scrub(redactor.clean(text)), zipfile.ZIP_DEFLATED
            )
    return whole.getvalue()


def _text(log: Log) -> str:
    return log.history().decode("utf-8", "replace")


def _json(value: object) -> str:
    return msgspec.json.format(encoded(value), indent=2).decode()


def _version_of(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
