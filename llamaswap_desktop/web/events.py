"""The feed that llama-swap's own web UI and the tray tools of others live on (HTTP specification, section 18)."""

import asyncio
import codecs
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import UNSET, Struct, UnsetType

from llamaswap_desktop.activity import ActivityLog, InflightMessage
from llamaswap_desktop.config import Model, PeerModel
from llamaswap_desktop.core import Core
from llamaswap_desktop.events import ConfigChanged, Event, ProcessStateChanged, ProfileChanged
from llamaswap_desktop.logs import Follower, Log, Logs
from llamaswap_desktop.types import ProcessState
from llamaswap_desktop.web.capabilities import Flags, flags_of
from llamaswap_desktop.web.stream import Stream, Streams

EVENT_STREAM_HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",
}

_AGAIN_AFTER_RELOAD_S: Final = 3.0
_ENTRY: Final = b'event:message\ndata:{"type":"activity","data":"{\\"id\\":%d}"}\n\n'
"""An entry of the activity log, by its id: the one message that there is one of for every request."""


class ModelStatus(Struct, frozen=True, kw_only=True):
    """One model in a ``modelStatus`` message; a peer's has no state."""

    id: str
    name: str = ""
    description: str = ""
    state: str = ""
    unlisted: bool = False
    peer_id: str = msgspec.field(name="peerID", default="")
    aliases: Sequence[str] | UnsetType = UNSET
    capabilities: Flags | UnsetType = UNSET
    context_length: int | UnsetType = UNSET


class Events:
    """Answers ``/api/events``."""

    def __init__(self, core: Core, activity: ActivityLog, logs: Logs, streams: Streams) -> None:
        self._core = core
        self._activity = activity
        self._logs = logs
        self._streams = streams

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Tell the client how everything is, and then what changes."""
        source = _Everything(self._core, self._activity, self._logs)
        return await self._streams.serve(request, EVENT_STREAM_HEADERS, source)


class _Everything:
    """What one client of ``/api/events`` is told."""

    def __init__(self, core: Core, activity: ActivityLog, logs: Logs) -> None:
        self._core = core
        self._activity = activity
        self._logs = logs
        self._newest_entry = 0
        self._again: asyncio.TimerHandle | None = None
        self._say: Callable[[bytes], None] = lambda _: None

    def begin(self, stream: Stream) -> Callable[[], None]:
        self._say = stream.say
        feeds = [
            _LogFeed("proxy", self._logs.proxy, stream),
            _LogFeed("upstream", self._logs.upstream, stream),
        ]
        for feed in feeds:
            stream.say(feed.history())
        for message in (self._model_status(), self._ui_config(), self._profile()):
            stream.say(message)
        leaves = [
            self._activity.inflight.subscribe(self._on_inflight),
            self._activity.subscribe(self._on_entry),
            self._core.subscribe(self._on_event),
            *(feed.close for feed in feeds),
        ]

        def leave() -> None:
            for each in leaves:
                each()
            if self._again is not None:
                self._again.cancel()

        return leave

    def resync(self) -> Iterable[bytes]:
        yield self._model_status()
        yield self._ui_config()
        yield self._profile()
        yield _message("inflight", self._activity.inflight.snapshot())
        if self._newest_entry:
            yield _ENTRY % self._newest_entry

    # -- what happens

    def _on_event(self, event: Event) -> None:
        match event:
            case ProcessStateChanged():
                self._say(self._model_status())
            case ProfileChanged():
                self._say(self._profile())
                self._say(self._model_status())
            case ConfigChanged():
                self._show_configuration()
                if self._again is not None:
                    self._again.cancel()
                self._again = asyncio.get_running_loop().call_later(_AGAIN_AFTER_RELOAD_S, self._show_configuration)
            case _:
                pass

    def _show_configuration(self) -> None:
        self._say(self._model_status())
        self._say(self._ui_config())

    def _on_inflight(self, message: InflightMessage) -> None:
        self._say(_message("inflight", message))

    def _on_entry(self, id_: int) -> None:
        self._newest_entry = id_
        self._say(_ENTRY % id_)

    # -- what is said

    def _model_status(self) -> bytes:
        return _message("modelStatus", model_status(self._core))

    def _ui_config(self) -> bytes:
        return _message("uiConfig", {"activity": {"session_id": self._core.config.ui.activity.session_id}})

    def _profile(self) -> bytes:
        return _message("profileChanged", {"active": self._core.profile})


class _LogFeed:
    """One log as ``logData`` messages: text is decoded across the borders of what was written."""

    def __init__(self, source: str, log: Log, stream: Stream) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._follower: Follower = log.follow(on_data=stream.wake)
        self.close = self._follower.close
        stream.pull_from(self._more)

    def history(self) -> bytes:
        """Return what is kept of the log, even if that is nothing."""
        return self._log_data(self._decoder.decode(self._follower.read()))

    def _more(self) -> bytes:
        text = self._decoder.decode(self._follower.read())
        return self._log_data(text) if text else b""

    def _log_data(self, text: str) -> bytes:
        return _message("logData", {"source": self._source, "data": text})


def model_status(core: Core) -> list[ModelStatus]:
    """Return every local model sorted by id, then every model of a peer."""
    config, states = core.config, core.process_states()
    local = [_status(model, states[model.id]) for model in sorted(config.models.values(), key=lambda model: model.id)]
    peers = [
        ModelStatus(id=PeerModel(peer.id, name).full_name, peer_id=peer.id)
        for peer in config.peers.values()
        for name in dict.fromkeys(peer.models)
    ]
    return local + sorted(peers, key=lambda model: model.id)


def _status(model: Model, state: ProcessState) -> ModelStatus:
    can = model.capabilities
    return ModelStatus(
        id=model.id,
        name=model.name,
        description=model.description,
        state=state,
        unlisted=model.unlisted,
        aliases=model.aliases or UNSET,
        capabilities=flags_of(can),
        context_length=can.context if can.context > 0 else UNSET,
    )


def _message(kind: str, value: Any) -> bytes:
    """Return one event; its data is JSON that holds JSON as a text."""
    data = msgspec.json.encode({"type": kind, "data": msgspec.json.encode(value).decode()})
    return b"event:message\ndata:%s\n\n" % data
