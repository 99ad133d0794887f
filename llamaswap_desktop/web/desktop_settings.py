"""The settings over HTTP (HTTP specification, section 31)."""

import msgspec
from aiohttp import web

from llamaswap_desktop.errors import LlamaSwapError, RequestRefused
from llamaswap_desktop.settings import SettingsFile, to_builtins
from llamaswap_desktop.web.answers import NOT_JSON, body_of, json_answer

_MOST_BYTES = 64 * 1024


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
        try:
            keys = msgspec.json.decode(await body_of(request, _MOST_BYTES), type=dict[str, object])
            return json_answer(to_builtins(self._settings.change(keys)))
        except NOT_JSON as error:
            raise RequestRefused(f"the body is not what this route takes: {error}") from error
        except OSError as error:
            raise Unwritable(f"the settings cannot be written: {error}") from error
