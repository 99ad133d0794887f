"""Pass-through routes: the path names the model, and the body passes by as it is.

The model is asked for as soon as the head is there; the body follows when it is granted, and waits until then in
memory, or on disk if it is large.  Source: HTTP specification, sections 16 and 17.
"""

import re
from urllib.parse import unquote

from llamaswap_desktop.config import PeerModel
from llamaswap_desktop.core import Target
from llamaswap_desktop.errors import LlamaSwapError, ModelNotFound, ModelNotLoaded
from llamaswap_desktop.http1 import BodySource, Exchange, RouteTable, check_origin
from llamaswap_desktop.proxy.body import Body
from llamaswap_desktop.proxy.forward import Forward
from llamaswap_desktop.proxy.headers import framing_lines
from llamaswap_desktop.proxy.intake import body_for
from llamaswap_desktop.proxy.services import Services
from llamaswap_desktop.proxy.spool import MEMORY_BYTES
from llamaswap_desktop.proxy.treatment import Treatment
from llamaswap_desktop.types import ModelId, ProcessState

UPSTREAM = "/upstream/"
COMFY = "/comfyui"
_COMFY_MODEL = ModelId("comfyui_auto")


class PathForward(Forward):
    """Answers one request below ``/upstream/`` or ``/comfyui/``; ``start`` says for whom."""

    __slots__ = ("_body", "_captured", "_captured_bytes", "_is_recorded")

    def __init__(self, exchange: Exchange, services: Services) -> None:
        super().__init__(exchange, services, exchange.request.path)
        self._body: Body | None = None
        self._captured: list[bytes] | None = None
        self._captured_bytes = 0
        self._is_recorded = False

    # -- for whom

    def start_upstream(self, routes: RouteTable) -> None:
        """Find the model in the path and ask for it, or answer."""
        exchange, core = self._exchange, self._services.core
        try:
            path = exchange.request.path.removeprefix(UPSTREAM)
            cuts = name_ends(path)
            index, destination = core.resolve_path([unquote(path[:cut]) for cut in cuts])
            self._path = rest_behind(path, cuts[index])
            if not self._path:
                self._redirect(path)
                return
            self._target = target = destination.model
            if not isinstance(target, PeerModel):
                if self._passes_by(target):
                    return
                self._check_may_start(target)
            self._observe(destination, routes)
            self._open_body()
            if not isinstance(target, PeerModel):
                self._use(target)
            elif destination.name == target.full_name and exchange.request.length != 0:
                self._body = body_for(exchange.request, self._services.spool_folder)
            else:
                self._send_to_peer(target)
        except LlamaSwapError as error:
            self._give_up(error)

    def start_comfy(self) -> None:
        """Ask for the one model that lives under ``/comfyui/``, or answer."""
        core, request = self._services.core, self._exchange.request
        try:
            if _COMFY_MODEL not in self._services.config.models:
                raise ModelNotFound(f"local model {_COMFY_MODEL} not found")
            self._target = _COMFY_MODEL
            self._path = request.path.removeprefix(COMFY)
            if self._passes_by(_COMFY_MODEL):
                return
            if self._path != "/" and core.state_of(_COMFY_MODEL) is not ProcessState.READY:
                raise ModelNotLoaded(f"model {_COMFY_MODEL} is not loaded; only /comfyui/ can start it")
            self._open_body()
            self._use(_COMFY_MODEL)
        except LlamaSwapError as error:
            self._give_up(error)

    def _redirect(self, name: str) -> None:
        status = 301 if self._exchange.request.method in {"GET", "HEAD"} else 308
        self._is_over = True
        self._exchange.redirect(status, f"{UPSTREAM}{name}/")

    def _check_may_start(self, model: ModelId) -> None:
        """Refuse what would start a model and may not."""
        if self._services.core.state_of(model) is ProcessState.READY:
            return
        if unquote(self._path) in self._services.ignored_paths:
            raise ModelNotLoaded(f"model {model} is not loaded; path matches upstream.ignorePaths")
        if self._exchange.request.method in {"GET", "HEAD"}:
            check_origin(self._exchange.request, self._services.config.desktop.allowed_origins)

    def _observe(self, destination: Target, routes: RouteTable) -> None:
        """Have the request listed if what remains of its path is a model route."""
        request, target = self._exchange.request, destination.model
        if routes.model_route(request.method, self._path) is None:
            return
        self._is_recorded = request.method == "POST"
        self._captured = [] if self._is_recorded else None
        self._seen = self._services.observer.begin(
            model=destination.name if isinstance(target, PeerModel) else target,
            path=self._path,
            method=request.method,
            headers=request.headers,
            remote_ip=request.remote_ip,
            started_at=self._exchange.started_at,
            cancel=self.cancel,
            is_recorded=self._is_recorded,
        )

    # -- the body passes by

    def _open_body(self) -> None:
        if self._exchange.request.length != 0:
            self._upload = self._new_upload()

    def on_body(self, data: bytes) -> None:
        if self._is_over:
            return
        if self._body is not None:
            self._body.feed(data)
            return
        if self._captured is not None:
            self._capture(self._captured, data)
        self._carry(data)

    def _capture(self, captured: list[bytes], data: bytes) -> None:
        """Keep a piece for the log, or forget them all: a body that is not kept whole is not kept."""
        self._captured_bytes += len(data)
        if self._is_relaying or self._captured_bytes > MEMORY_BYTES:
            self._captured = None
        else:
            captured.append(data)

    def on_body_complete(self) -> None:
        if self._is_over:
            return
        if self._body is not None:
            self._send_renamed(self._body)
            return
        if self._captured is not None:
            self._seen.prepared(b"".join(self._captured))
            self._captured = None
        if self._upload is not None and not self._exchange.request.upgrade:
            self._upload.complete()
            if self._call is not None:
                self._call.pump()

    def _send_renamed(self, body: Body) -> None:
        """Send a body to a peer, which knows its model by another name than the full one (section 9.3)."""
        target = self._target
        assert isinstance(target, PeerModel)
        try:
            body.complete()
            if body.model() == target.full_name:
                body.rewrite(target.model, Treatment(), target.full_name)
            if body.is_in_memory:
                self._seen.prepared(body.data)
            self._send_to_peer(target)
        except LlamaSwapError as error:
            self._give_up(error)

    def _outgoing(self) -> tuple[bytes, bytes, BodySource | None]:
        request = self._exchange.request
        if self._body is None:
            return framing_lines(request, request.length), b"", self._upload
        framing = framing_lines(request, self._body.size)
        return (framing, self._body.data, None) if self._body.is_in_memory else (framing, b"", self._body)

    def _is_metered(self) -> bool:
        return self._is_recorded

    def _let_go(self) -> None:
        super()._let_go()
        if self._body is not None:
            self._body.close()


_SLASH = re.compile("/|%2F", re.IGNORECASE)


def name_ends(path: str) -> list[int]:
    """Return where a name may end in ``path``, as sent: before each slash, escaped or plain, and at the end."""
    return [*(slash.start() for slash in _SLASH.finditer(path)), len(path)]


def rest_behind(path: str, end: int) -> str:
    """Return what follows a name that ends at ``end``, its escaping as sent; the slash between the two is plain."""
    slash = _SLASH.match(path, end)
    return "" if slash is None else "/" + path[slash.end() :]
