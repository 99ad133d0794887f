"""The picture of now and a feed of how it changes (HTTP specification, section 31); ``docs/api.md`` names every key.

The feed sends the whole picture first.  After that each event carries one member of it, named by the event's type:
``model`` replaces the one model of that id, every other type the member of that name.  So the picture of a client that
follows is always the one that it would get by asking.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from llamaswap_desktop.core import Core
from llamaswap_desktop.monitor import GpuDevice, Sample, Sampler
from llamaswap_desktop.snapshot import (
    GroupSnapshot,
    LoadSnapshot,
    ModelSnapshot,
    PauseSnapshot,
    Snapshot,
    WaitingSnapshot,
)
from llamaswap_desktop.web.answers import encoded, json_answer
from llamaswap_desktop.web.events import EVENT_STREAM_HEADERS
from llamaswap_desktop.web.machine import Version
from llamaswap_desktop.web.stream import Stream, Streams

_MIB: Final = 1024 * 1024


class Device(Struct, frozen=True):
    """A GPU or the computer's memory (``ram``, the last), as of the newest sample."""

    id: str
    name: str
    mem_used_bytes: int
    mem_total_bytes: int
    util_pct: float


class State(Struct, frozen=True):
    """The body of ``GET /api/desktop/state``."""

    rev: int
    version: Version
    profile: str | None
    profiles: Sequence[str]
    paused: PauseSnapshot | None
    models: Sequence[ModelSnapshot]
    groups: Sequence[GroupSnapshot]
    loads: Sequence[LoadSnapshot]
    waiting: Sequence[WaitingSnapshot]
    devices: Sequence[Device]
    problems: Sequence[str]


_MEMBERS: Final = tuple(field.name for field in msgspec.structs.fields(State) if field.name not in {"rev", "models"})


def state_of(snapshot: Snapshot, version: Version, devices: Sequence[Device]) -> State:
    """Return the snapshot in the form in which it is shown."""
    return State(
        rev=snapshot.rev,
        version=version,
        profile=snapshot.profile,
        profiles=snapshot.profiles,
        paused=snapshot.paused,
        models=snapshot.models,
        groups=snapshot.groups,
        loads=snapshot.loads,
        waiting=snapshot.waiting,
        devices=devices,
        problems=snapshot.problems,
    )


def changes(before: State, now: State) -> Iterable[tuple[str, Any]]:
    """Yield what has changed, as the name of a member and its new value; ``model`` is one of the models."""
    if [model.id for model in before.models] != [model.id for model in now.models]:
        yield "models", now.models
    else:
        for was, model in zip(before.models, now.models, strict=True):
            if model != was:
                yield "model", model
    for name in _MEMBERS:
        if getattr(before, name) != getattr(now, name):
            yield name, getattr(now, name)


def devices_of(gpus: Sequence[GpuDevice], newest: Sample | None) -> tuple[Device, ...]:
    """Return where models may lie: every GPU, then the computer's own memory once it has been looked at."""
    found = [Device(f"gpu{gpu.index}", gpu.name, gpu.mem_used_bytes, gpu.mem_total_bytes, gpu.util_pct) for gpu in gpus]
    if newest is not None:
        system = newest.system
        cores = system.cpu_util_per_core
        busy = sum(cores) / len(cores) if cores else 0.0
        found.append(Device("ram", "System", system.mem_used_mb * _MIB, system.mem_total_mb * _MIB, busy))
    return tuple(found)


class DesktopState:
    """Answers ``/api/desktop/state`` and ``/api/desktop/events``."""

    def __init__(self, core: Core, version: Version, sampler: Callable[[], Sampler | None], streams: Streams) -> None:
        self._core = core
        self._version = version
        self._sampler = sampler
        self._streams = streams

    async def show(self, _request: web.Request) -> web.Response:
        """Return the picture of now; its models are listed whether ``/v1/models`` lists them or not."""
        return json_answer(self._now())

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send the picture of now, and then each change."""
        source = _Changes(self._core, self._sampler, self._now)
        return await self._streams.serve(request, EVENT_STREAM_HEADERS, source)

    def _now(self) -> State:
        sampler = self._sampler()
        devices = () if sampler is None else devices_of(sampler.devices, sampler.newest)
        return state_of(self._core.snapshot(), self._version, devices)


class _Changes:
    """What one client of ``/api/desktop/events`` is told."""

    def __init__(self, core: Core, sampler: Callable[[], Sampler | None], now: Callable[[], State]) -> None:
        self._core = core
        self._sampler = sampler
        self._now = now
        self._told = now()
        self._say: Callable[[bytes], None] = lambda _: None

    def begin(self, stream: Stream) -> Callable[[], None]:
        for message in self.resync():
            stream.say(message)
        self._say = stream.say
        leaves = [self._core.subscribe(self._look), self._core.watch(self._look)]
        if (sampler := self._sampler()) is not None:
            leaves.append(sampler.subscribe(self._look))

        def leave() -> None:
            for each in leaves:
                each()

        return leave

    def resync(self) -> Iterable[bytes]:
        self._told = self._now()
        yield _event("state", encoded(self._told))

    def _look(self, _news: object = None) -> None:
        """Look at once when something has happened: what follows soon after it must not hide it."""
        before, self._told = self._told, self._now()
        for name, value in changes(before, self._told):
            self._say(_event(name, encoded({"rev": self._told.rev, name: value})))


def _event(kind: str, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), data)
