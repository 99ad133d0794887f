"""The archive for whoever is to help, from the program that runs (HTTP specification, section 31)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from llamaswap_desktop.core import Core
from llamaswap_desktop.logs import Log, Logs
from llamaswap_desktop.monitor import Hardware
from llamaswap_desktop.settings import SettingsFile
from llamaswap_desktop.web.answers import body_of, decoded, encoded
from llamaswap_desktop.web.desktop_commands import Nothing
from llamaswap_desktop.web.machine import Version

if TYPE_CHECKING:
    from llamaswap_desktop.archive import Findings


class DesktopDiagnose:
    """Answers ``/api/desktop/diagnose``."""

    def __init__(
        self,
        core: Core,
        logs: Logs,
        version: Version,
        hardware: Callable[[], Awaitable[Hardware | None]],
        settings: SettingsFile,
    ) -> None:
        self._core = core
        self._logs = logs
        self._version = version
        self._hardware = hardware
        self._settings = settings

    async def collect(self, request: web.Request) -> web.Response:
        """Return the archive."""
        # Zip archives and package metadata are 1 MB and 11 ms that hardly anybody asks for.
        from llamaswap_desktop.archive import archive_name, build_archive  # noqa: PLC0415

        decoded(await body_of(request), Nothing)
        now, findings = datetime.now(UTC), self._findings(await self._hardware())
        return web.Response(
            body=await asyncio.to_thread(build_archive, findings, now),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{archive_name(now)}"'},
        )

    def _findings(self, hardware: Hardware | None) -> "Findings":
        from llamaswap_desktop.archive import Findings  # noqa: PLC0415 - as above

        config, snapshot = self._core.config, self._core.snapshot()
        return Findings(
            program=self._version,
            settings=self._settings.now,
            settings_problem=self._settings.problem,
            config=config,
            verdict="\n".join(["it is in use", *map(str, config.warnings), *snapshot.problems]) + "\n",
            state=encoded(snapshot),
            hardware=hardware,
            logs={
                "app.log": _text(self._logs.proxy),
                **{
                    f"model-{number}.log": f"{model}\n\n{_text(self._logs.model(model))}"
                    for number, model in enumerate(config.models, start=1)
                },
            },
        )


def _text(log: Log) -> str:
    return log.history().decode("utf-8", "replace")
