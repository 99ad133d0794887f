"""Reads the configuration again, and lets it hold if it can be used (runtime specification, sections 10.3 and 14.5).

A bad file changes nothing and is reported.  A change that comes while one reload runs is followed by one more, so the
last of several quick edits is what holds in the end.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from llamaswap_desktop.config import Config, Sources, load_config
from llamaswap_desktop.core.preload import preload
from llamaswap_desktop.core.shell import Core
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.events import ConfigRejected
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ModelId

_log = logging.getLogger("llamaswap_desktop.core")


class Reloader:
    """Reloads from ``sources``, one time after the other; ``adjust`` adds what this desktop wants beside the files."""

    def __init__(
        self,
        core: Core,
        sources: Sources,
        environment: Mapping[str, str],
        *,
        adjust: Callable[[Config], Config] = lambda config: config,
    ) -> None:
        self.sources = sources
        self._core = core
        self._environment = environment
        self._adjust = adjust
        self._running: asyncio.Task[object] | None = None
        self._next: asyncio.Future[None] | None = None

    def ask(self) -> "asyncio.Future[None]":
        """Have the configuration read after this moment; the result tells how it went (``ConfigError``)."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._next.add_done_callback(lambda outcome: outcome.cancelled() or outcome.exception())
        outcome = self._next
        if self._running is None:
            self._running = spawn("reload the configuration", self._run())
        return outcome

    def try_out(self, text: str) -> Config:
        """Return what would hold if ``text`` stood in the one file; changes nothing, and may run on any thread.

        Raises ``ConfigError``.
        """
        assert self.sources.file is not None
        return load_config(
            self.sources,
            environment=self._environment,
            kept_ports=kept_ports(self._core.configured),
            instead={self.sources.file: text},
        )

    async def _run(self) -> None:
        try:
            while (outcome := self._next) is not None:
                self._next = None
                try:
                    await self._reload()
                except ConfigError as error:
                    outcome.set_exception(error)
                else:
                    outcome.set_result(None)
        finally:
            self._running = None

    async def _reload(self) -> None:
        """Build the new configuration completely, then swap it in; raises ``ConfigError``, and nothing has changed."""
        before = self._core.configured
        try:
            config = await asyncio.to_thread(
                load_config, self.sources, environment=self._environment, kept_ports=kept_ports(before)
            )
            self._core.reconfigure(self._adjust(config))
        except ConfigError as error:
            _log.warning("the changed configuration cannot be used, the former one stays:\n%s", error)
            self._core.report("configuration", f"the changed configuration cannot be used: {error.problems[0]}")
            self._core.publish(ConfigRejected(error.problems))
            raise
        if not config.desktop.reload_as_diff:
            self._core.set_profile(None)
            spawn("stop all models for the new configuration", self._core.unload())
        self._core.report("configuration", "")
        for problem in config.warnings:
            _log.warning("%s", problem)
        _log.info("the changed configuration is in force")
        new = [m for m in config.hooks.on_startup.preload if m not in before.hooks.on_startup.preload]
        if new:
            spawn("preload", preload(self._core, new))


def kept_ports(config: Config) -> dict[ModelId, int]:
    """Return the ports that models keep over a reload."""
    return {model.id: model.port for model in config.models.values() if model.port is not None}
