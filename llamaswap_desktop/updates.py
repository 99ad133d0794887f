"""Asks once a day whether there is a newer version, for those who have switched that on.

One plain GET to an address of the user's choice, nothing about the user in it, and nothing is ever downloaded: the
answer is a version and a page to read.  It is the JSON ``{"version": "1.3.0", "page": "https://..."}``, or what
GitHub says of a latest release (``tag_name``, ``html_url``).
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from llamaswap_desktop import __version__
from llamaswap_desktop.settings import SettingsFile
from llamaswap_desktop.tasks import spawn

_log = logging.getLogger("llamaswap_desktop")

_FIRST_AFTER_S = 60.0
"""A start has better things to do."""
_INTERVAL_S = 24 * 3600.0
_TIMEOUT_S = 20.0
_MAX_ANSWER_BYTES = 256 * 1024

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-.]?(a|b|rc|dev)\.?(\d+)?)?$")
_STAGES = {"dev": 0, "a": 1, "b": 2, "rc": 3, None: 4}


class NoAnswer(Exception):
    """Nobody could be asked, or the answer makes no sense; says why."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version, and the page that tells about it (empty if there is none)."""

    version: str
    page: str = ""


def parse_release(answer: bytes) -> Release:
    """Read the answer of the address that was asked; raises ``NoAnswer``."""
    try:
        facts = json.loads(answer)
        version = str(facts.get("version") or facts["tag_name"]).removeprefix("v")
        page = str(facts.get("page") or facts.get("html_url") or "")
    except (ValueError, AttributeError, KeyError) as error:
        raise NoAnswer("the answer names no version") from error
    if not _VERSION.match(version):
        raise NoAnswer(f"{version!r} is no version")
    return Release(version, page if page.startswith(("https://", "http://")) else "")


def is_newer(offered: str, running: str) -> bool:
    """Tell whether ``offered`` comes after ``running``; a release comes after its own candidates."""
    return _order_of(offered) > _order_of(running)


def _order_of(version: str) -> tuple[int, ...]:
    found = _VERSION.match(version)
    if found is None:
        return ()
    major, minor, patch, stage, number = found.groups()
    return int(major), int(minor), int(patch or 0), _STAGES[stage], int(number or 0)


def fetch_release(url: str) -> Release:
    """Ask ``url``; blocks for as long as a network takes.  Raises ``NoAnswer``."""
    import urllib.request  # noqa: PLC0415 - only where it is wanted

    request = urllib.request.Request(url, headers={"User-Agent": "llamaswap-desktop"})  # noqa: S310 - the settings'
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - http or https, see there
            return parse_release(answer.read(_MAX_ANSWER_BYTES))
    except (OSError, ValueError) as error:
        raise NoAnswer(str(error)) from error


class UpdateWatch:
    """Asks for as long as the settings say so; ``found`` is told of each newer version once."""

    def __init__(
        self,
        settings: SettingsFile,
        found: Callable[[Release], None],
        *,
        running: str = __version__,
        first_after_s: float = _FIRST_AFTER_S,
        interval_s: float = _INTERVAL_S,
    ) -> None:
        self._settings = settings
        self._found = found
        self._newest = running
        self._first_after_s = first_after_s
        self._interval_s = interval_s
        self._task: asyncio.Task[object] | None = None
        self._unwatch = settings.watch(lambda _settings: self.start())

    def start(self) -> None:
        """Ask from now on, if that is wanted.  Safe to repeat."""
        if self._task is None and self._settings.now.updates.check:
            self._task = spawn("look for updates", self._watch())

    async def stop(self) -> None:
        """Ask no more."""
        self._unwatch()
        if (task := self._task) is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _watch(self) -> None:
        try:
            await asyncio.sleep(self._first_after_s)
            while self._settings.now.updates.check:
                await self._look(self._settings.now.updates.url)
                await asyncio.sleep(self._interval_s)
        finally:
            self._task = None

    async def _look(self, url: str) -> None:
        try:
            release = await asyncio.to_thread(fetch_release, url)
        except NoAnswer as error:
            _log.info("cannot look for updates at %s: %s", url, error)
            return
        if is_newer(release.version, self._newest):
            self._newest = release.version
            _log.info(
                "version %s is out; this is %s%s", release.version, __version__, release.page and f": {release.page}"
            )
            self._found(release)
