"""The settings over HTTP (HTTP specification, section 31)."""

from aiohttp import web

from llamaswap_desktop.errors import LlamaSwapError
from llamaswap_desktop.settings import SettingsFile, to_builtins
from llamaswap_desktop.web.answers import body_of, decoded, json_answer


class Unwritable(LlamaSwapError):
    """The settings cannot be written."""


class DesktopSettings:
    """Answers ``/api/desktop/settings``."""

    def __init__(self, settings: SettingsFile) -> None:
        self._settings = settings

    async def show(self, _request: web.Request) -> web.Response:
        """Return all settings, defaults filled in."""
        return json_answer(to_builtins(self._settings.now))

    async def change(self, request: web.Request) -> web.Response:
        """Set the keys of the body anew, and return all settings."""
        keys = decoded(await body_of(request), dict[str, object])
        try:
            return json_answer(to_builtins(self._settings.change(keys)))
        except OSError as error:
            raise Unwritable(f"the settings cannot be written: {error}") from error
