"""Forwards one request for a model, and relays the answer byte for byte.

Theory of operation.  A ``Forward`` lives as long as its exchange and is always in one of these places:

    reading    the request's body arrives; nothing is held
    waiting    the core has been asked; a ``Waiting`` is held
    sending    a ``Lease`` is held and the upstream has been called
    relaying   the head of the answer has gone to the client
    over       everything has been given back, in ``_let_go``

No task and no await is involved: the core, the upstream and the client each call in when something has happened.
Both directions press back: a client that reads slowly stops the reading of the upstream.  A client that leaves ends
the upstream's connection at once, which is what makes a model server stop generating.

A failure before the answer has begun is an error body.  After that, the client must be able to tell that the answer
is incomplete: an event stream gets one error event, then the connection is ended without a last chunk; any other body
is ended at once (HTTP specification, section 10.4).
"""

from llamaswap_desktop.core import Core, Lease, Waiting
from llamaswap_desktop.errors import LlamaSwapError, ModelNotFound, NotReady, UpstreamFailed
from llamaswap_desktop.http1 import (
    Call,
    Exchange,
    Headers,
    Request,
    ResponseHead,
    Route,
    end_to_end,
    request_head,
)
from llamaswap_desktop.proxy.extract import requested_model
from llamaswap_desktop.proxy.sse import EventBoundary, error_event


class Forward:
    """Answers one request of a model route."""

    __slots__ = ("_body", "_boundary", "_call", "_core", "_exchange", "_held", "_path", "_pieces")

    def __init__(self, exchange: Exchange, route: Route, core: Core) -> None:
        self._exchange = exchange
        self._path = route.forwarded or route.path
        self._core = core
        self._pieces: list[bytes] = []
        self._body = b""
        self._held: Lease | Waiting | None = None
        self._call: Call | None = None
        self._boundary: EventBoundary | None = None

    # -- the client

    def on_body(self, data: bytes) -> None:
        self._pieces.append(data)

    def on_body_complete(self) -> None:
        self._body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        try:
            model = self._core.resolve(requested_model(self._exchange.request, self._body)).model
            if not isinstance(model, str):
                raise ModelNotFound("no router for requested model")
            held = self._core.request(model, self._settled)
        except LlamaSwapError as error:
            self._exchange.fail(error)
            return
        self._held = held
        if isinstance(held, Lease):
            self._send(held)

    def on_client_left(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._let_go()

    def on_writable(self, writable: bool) -> None:
        if self._call is not None:
            self._call.hold(not writable)

    # -- the core

    def _settled(self, outcome: Lease | LlamaSwapError) -> None:
        self._held = None
        if isinstance(outcome, Lease):
            self._held = outcome
            self._send(outcome)
        else:
            self._exchange.fail(outcome)

    def _send(self, lease: Lease) -> None:
        upstream = lease.upstream
        if upstream is None:
            self._give_up(NotReady(lease.model))
            return
        request = self._exchange.request
        target = upstream.prefix + self._path + (f"?{request.query}" if request.query else "")
        head = request_head(request.method, target, _upstream_headers(request, len(self._body)))
        body, self._body = self._body, b""
        self._call = upstream.send(request.method, head + body, self)

    # -- the upstream

    def on_answer(self, head: ResponseHead | None, body: bytes, *, complete: bool) -> None:
        exchange = self._exchange
        if head is not None:
            exchange.begin(head.status, self._answer_headers(head), length=head.length, reason=head.reason)
        if body:
            exchange.send(body)
            if self._boundary is not None:
                self._boundary.feed(body)
        if complete:
            self._let_go()
            exchange.finish()
        else:
            exchange.flush()

    def on_failure(self, error: UpstreamFailed) -> None:
        assert self._held is not None
        self._call = None
        self._core.explain_failure(self._held.model, lambda why: self._give_up(_with_reason(error, why)))

    def _answer_headers(self, head: ResponseHead) -> Headers:
        headers = end_to_end(head.headers)
        if b"text/event-stream" in head.header(b"content-type").lower():
            headers = [header for header in headers if header[0].lower() != b"x-accel-buffering"]
            headers.append((b"X-Accel-Buffering", b"no"))
            if head.length is None and not head.header(b"content-encoding"):
                self._boundary = EventBoundary()
        return headers

    # -- the end

    def _give_up(self, error: LlamaSwapError) -> None:
        """Tell the client about the failure, in the way that is still open."""
        self._let_go()
        exchange = self._exchange
        if not exchange.is_begun:
            exchange.fail(error)
            return
        if self._boundary is not None:
            gap = b"" if self._boundary.is_between_events else b"\n\n"
            exchange.send(gap + error_event(self._path, error))
        exchange.abort()

    def _let_go(self) -> None:
        """Give back what is held.  Everything that ends a forward comes through here."""
        held, self._held = self._held, None
        self._call = None
        if held is not None:
            held.release()


def _upstream_headers(request: Request, length: int) -> Headers:
    """Return the client's headers as a local model server gets them (section 10.1)."""
    headers: Headers = []
    forwarded_for = request.client.encode("ascii")
    for name, value in end_to_end(request.headers):
        lower = name.lower()
        if lower == b"x-forwarded-for":
            forwarded_for = b"%s, %s" % (value, forwarded_for)
        elif lower not in {b"content-length", b"expect"}:
            headers.append((name, value))
    headers.append((b"X-Forwarded-For", forwarded_for))
    headers.append((b"Content-Length", b"%d" % length))
    return headers


def _with_reason(error: UpstreamFailed, why: str) -> UpstreamFailed:
    return UpstreamFailed(f"{str(error).removeprefix('upstream error: ')}: {why}") if why else error
