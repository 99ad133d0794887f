"""The verbs over HTTP: a JSON object becomes a command of the core (HTTP specification, section 31)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, TypeVar

from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType

from llamaswap_desktop.commands import (
    Command,
    LoadModel,
    PauseModels,
    PinModel,
    Quit,
    ResumeModels,
    SetGroup,
    SetProfile,
    UnloadAll,
    UnloadModel,
    UnpinModel,
)
from llamaswap_desktop.core import Core, Reloader
from llamaswap_desktop.errors import ConfigError, GroupNotFound, LlamaSwapError, RequestRefused
from llamaswap_desktop.types import GroupId, ModelId
from llamaswap_desktop.web.answers import body_of, decoded, json_answer, rest_of

_YEAR_S: Final = 365 * 24 * 3600

_Body = TypeVar("_Body", bound=Struct)


class NoSuchVerb(LlamaSwapError):
    """There is no command of that name."""

    status = 404


class Nothing(Struct, frozen=True):
    """The body of a verb that needs no word more."""


class OneModel(Struct, frozen=True):
    """The body of a verb for one model, named by id or alias."""

    model: str


class OneProfile(Struct, frozen=True):
    """The body of ``set_profile``; null is no profile."""

    name: str | None


class HowLong(Struct, frozen=True):
    """The body of ``pause``; null is until somebody resumes."""

    seconds: Annotated[int, Meta(ge=1, le=_YEAR_S)] | None


class GroupSwitches(Struct, frozen=True):
    """The body of ``set_group``: what is absent stays, null gives the configured value back."""

    group: str
    swap: bool | UnsetType | None = UNSET
    exclusive: bool | UnsetType | None = UNSET
    persistent: bool | UnsetType | None = UNSET


class Done(Struct, frozen=True):
    """The answer to a verb: ``rev`` is that of the state at that moment."""

    rev: int
    ok: bool = True


class DesktopCommands:
    """Answers ``/api/desktop/commands/<verb>``; no answer waits for what it sets off, but for ``reload``'s."""

    def __init__(self, core: Core, reloader: Reloader) -> None:
        self._core = core
        self._reloader = reloader
        self.verbs: Mapping[str, Callable[[bytes], Awaitable[None]]] = {
            "load": self._doing(OneModel, lambda body: LoadModel(ModelId(body.model))),
            "unload": self._doing(OneModel, lambda body: UnloadModel(ModelId(body.model))),
            "unload_all": self._doing(Nothing, lambda _: UnloadAll()),
            "pin": self._doing(OneModel, lambda body: PinModel(ModelId(body.model))),
            "unpin": self._doing(OneModel, lambda body: UnpinModel(ModelId(body.model))),
            "set_profile": self._doing(OneProfile, lambda body: SetProfile(body.name)),
            "pause": self._doing(HowLong, lambda body: PauseModels(body.seconds)),
            "resume": self._doing(Nothing, lambda _: ResumeModels()),
            "reload": self._reload,
            "set_group": self._doing(GroupSwitches, self._set_group),
            "quit": self._doing(Nothing, lambda _: Quit()),
        }

    async def carry_out(self, request: web.Request) -> web.Response:
        """Carry out a verb."""
        name = rest_of(request, "/api/desktop/commands/")
        verb = self.verbs.get(name)
        if verb is None:
            raise NoSuchVerb(f"no command {name!r}; there are {', '.join(self.verbs)}")
        await verb(await body_of(request))
        return json_answer(Done(self._core.snapshot().rev))

    def _doing(self, kind: type[_Body], command: Callable[[_Body], Command]) -> Callable[[bytes], Awaitable[None]]:
        async def carry_out(body: bytes) -> None:
            self._core.execute(command(decoded(body, kind)))

        return carry_out

    def _set_group(self, body: GroupSwitches) -> SetGroup:
        """Complete what is absent by what holds now: the command stands for all three switches."""
        now, written = (
            config.routing.router.settings.groups.get(GroupId(body.group))
            for config in (self._core.config, self._core.configured)
        )
        if now is None or written is None:
            raise GroupNotFound(body.group)

        def wished(switch: str) -> bool | None:
            wish: bool | UnsetType | None = getattr(body, switch)
            if not isinstance(wish, UnsetType):
                return wish
            held: bool = getattr(now, switch)
            return held if held != getattr(written, switch) else None

        return SetGroup(body.group, *(wished(switch) for switch in ("swap", "exclusive", "persistent")))

    async def _reload(self, body: bytes) -> None:
        """Wait for the outcome: whoever reloads wants to know whether it can be used."""
        decoded(body, Nothing)
        try:
            await asyncio.shield(self._reloader.ask())
        except ConfigError as error:
            raise RequestRefused(str(error.problems[0])) from error
