"""Model routes: the body names the model (HTTP specification, sections 6 to 9).

Order: the body is gathered, its model found, replaced by the profile and the selectors, resolved; from then on the
request is observed; then the filters change the body, and the request is admitted.
"""

from llamaswap_desktop.config import PeerModel
from llamaswap_desktop.core import Target
from llamaswap_desktop.errors import LlamaSwapError, ModelNotFound, ModelNotGiven
from llamaswap_desktop.http1 import BodySource, Exchange, Route
from llamaswap_desktop.proxy import keepalive
from llamaswap_desktop.proxy.body import Body
from llamaswap_desktop.proxy.form_body import FormBody
from llamaswap_desktop.proxy.forward import Forward
from llamaswap_desktop.proxy.headers import framing_lines
from llamaswap_desktop.proxy.intake import body_for
from llamaswap_desktop.proxy.services import Services
from llamaswap_desktop.types import ModelId

_SHOWS_LOADING = "/v1/chat/completions"


class ModelForward(Forward):
    """Answers one request of a model route."""

    __slots__ = ("_body", "_route")

    def __init__(self, exchange: Exchange, services: Services, route: Route) -> None:
        super().__init__(exchange, services, route.forwarded or route.path)
        self._route = route
        self._body: Body = body_for(exchange.request, services.spool_folder)

    def on_body(self, data: bytes) -> None:
        if self._upload is not None:
            self._carry(data)
        elif not self._is_over:
            self._body.feed(data)

    def on_body_complete(self) -> None:
        try:
            self._body.complete()
            self._start()
        except LlamaSwapError as error:
            self._give_up(error)

    def _start(self) -> None:
        body, services = self._body, self._services
        requested = body.model()
        if not requested:
            raise ModelNotGiven
        destination = self._destination = self._resolve(requested)
        target = self._target = destination.model
        if not isinstance(target, PeerModel) and self._passes_by(target):
            return
        self._observe(destination.name if isinstance(target, PeerModel) else target, destination.selector or "")
        name = target.model if isinstance(target, PeerModel) else destination.name
        treatment = services.treatments.of(target, services.config)
        if name != requested or not treatment.is_idle_for(destination.name):
            body.rewrite(name if name != requested else None, treatment, destination.name)
        if isinstance(body, FormBody):
            self._query = body.query
        if body.is_in_memory:
            self._seen.prepared(body.data)
        if isinstance(target, PeerModel):
            self._send_to_peer(target)
        else:
            self._use_local(target)

    def _resolve(self, requested: str) -> Target:
        """Return what the request goes to; a name that nothing has is observed too."""
        try:
            return self._services.core.resolve(requested)
        except ModelNotFound:
            self._observe(requested, "")
            raise

    def _observe(self, model: str, selector: str) -> None:
        request = self._exchange.request
        self._seen = self._services.observer.begin(
            model=model,
            path=self._path,
            method=request.method,
            headers=request.headers,
            remote_ip=request.remote_ip,
            started_at=self._exchange.started_at,
            cancel=self.cancel,
            is_recorded=request.method == "POST",
            selector=selector,
        )

    def _use_local(self, model: ModelId) -> None:
        is_streaming = self._route.path in keepalive.ROUTES and self._body.is_streaming()
        if not is_streaming:
            self._use(model)
            return
        config = self._services.config
        self._use(
            model,
            shows_loading=config.models[model].send_loading_state and self._path.startswith(_SHOWS_LOADING),
            comments_after_s=config.desktop.keep_alive_after_s,
        )

    def _outgoing(self) -> tuple[bytes, bytes, BodySource | None]:
        body = self._body
        framing = framing_lines(self._exchange.request, body.size)
        if not body.is_in_memory:
            return framing, b"", body
        data, body.data = body.data, b""
        return framing, data, None

    def _is_metered(self) -> bool:
        return self._exchange.request.method == "POST"

    def _let_go(self) -> None:
        super()._let_go()
        self._body.close()
