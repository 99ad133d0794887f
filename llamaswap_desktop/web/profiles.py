"""Which profile is active, and choosing another (HTTP specification, section 7)."""

from typing import Any

import msgspec
from aiohttp import web

from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import RequestRefused
from llamaswap_desktop.web.answers import NOT_JSON, body_of, json_answer


class Profiles:
    """Answers ``/api/profiles`` and ``/api/profiles/active``."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, _request: web.Request) -> web.Response:
        """Return every profile with its pins."""
        profiles = sorted(self._core.config.profiles.values(), key=lambda profile: profile.id)
        return json_answer(
            {
                "active": self._core.profile,
                "profiles": [
                    {"id": profile.id, "description": profile.description, "pins": profile.pins} for profile in profiles
                ],
            }
        )

    async def choose(self, request: web.Request) -> web.Response:
        """Make the named profile active, whatever the content type of the request."""
        self._core.set_profile(wished_profile(await body_of(request)))
        return json_answer({"active": self._core.profile})


def wished_profile(body: bytes) -> str | None:
    """Return the name in ``body``; None and an empty one mean no profile.  Raises ``RequestRefused``."""
    try:
        wish: Any = msgspec.json.decode(body)
    except NOT_JSON as error:
        raise RequestRefused("invalid profile request") from error
    if not isinstance(wish, dict):
        raise RequestRefused("invalid profile request")
    if "name" not in wish:
        raise RequestRefused("profile name is required")
    name = wish["name"]
    if name is not None and not isinstance(name, str):
        raise RequestRefused("profile name must be a string or null")
    return name
