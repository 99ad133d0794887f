"""Forwards one request, and relays the answer byte for byte.

Theory of operation.  A ``Forward`` lives as long as its exchange and is always in one of these places:

    reading    the request's body arrives; nothing is held
    waiting    the core has been asked; a ``Waiting`` is held
    sending    a ``Lease`` is held (peers need none) and the upstream has been called
    relaying   the head of the answer has gone to the client
    over       everything has been given back, in ``_let_go``

No task and no await is involved: the core, the upstream and the client each call in when something has happened.
Both directions press back: a client that reads slowly stops the reading of the upstream, an upstream that reads slowly
stops the reading of the client (``spool.Upload``).  A client that leaves ends the upstream's connection at once, which
is what makes a model server stop generating.

What may go to the client depends on what it has got already:

    nothing                       a failure is an error body
    a stream that we began        (loading text, keep-alive comments) one error event, then a regular end
    the head of an upstream's     one error event in an event stream; then, and in any other body at once, the
    answer                        connection is cut, so that the client can tell that the answer is incomplete

``desktop.visibleFailures: false`` tells less, as llama-swap does: see ``_give_up_quietly``.

Source: HTTP specification, sections 10 to 12.  Who is asked for what is decided in ``model_forward`` (model routes)
and ``path_forward`` (``/upstream``, ``/comfyui``).
"""

import asyncio
import time

from llamaswap_desktop.config import PeerModel
from llamaswap_desktop.core import Lease, Target, Waiting
from llamaswap_desktop.errors import (
    LlamaSwapError,
    ModelNotLoaded,
    NotReady,
    PeerFailed,
    RequestCancelled,
    UpstreamFailed,
)
from llamaswap_desktop.http1 import (
    BodySource,
    Call,
    Exchange,
    Headers,
    ResponseHead,
    Upstream,
    end_to_end,
    error_answer,
    header_lines,
    request_head,
)
from llamaswap_desktop.proxy.headers import (
    answer_head,
    headers_for_model,
    headers_for_peer,
    is_event_stream,
    lines_for_model,
    waited_header,
)
from llamaswap_desktop.proxy.keepalive import KeepAlive
from llamaswap_desktop.proxy.loading import LoadingFeed
from llamaswap_desktop.proxy.observe import UNOBSERVED, Observation
from llamaswap_desktop.proxy.services import Services
from llamaswap_desktop.proxy.spool import Upload
from llamaswap_desktop.proxy.sse import STREAM_HEADERS, EventBoundary, error_event
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ModelId, ProcessState

_MAX_REFUSAL_BYTES = 64 * 1024
"""So much of an upstream's error is read for the message in it."""


class Forward:
    """Answers one request by an upstream's answer; its children say which upstream, and with what body.

    ``path`` and ``query`` are those that the upstream gets.
    """

    __slots__ = (
        "_boundary",
        "_call",
        "_destination",
        "_exchange",
        "_extra_headers",
        "_feed",
        "_held",
        "_is_over",
        "_is_relaying",
        "_is_writable",
        "_keep_alive",
        "_path",
        "_query",
        "_refusal",
        "_seen",
        "_services",
        "_target",
        "_upload",
        "_waking",
    )

    def __init__(self, exchange: Exchange, services: Services, path: str) -> None:
        self._exchange = exchange
        self._services = services
        self._path = path
        self._query = exchange.request.query
        self._target: ModelId | PeerModel | None = None
        self._destination: Target | None = None
        self._seen: Observation = UNOBSERVED
        self._held: Lease | Waiting | None = None
        self._call: Call | None = None
        self._upload: Upload | None = None
        self._feed: LoadingFeed | None = None
        self._keep_alive: KeepAlive | None = None
        self._boundary: EventBoundary | None = None
        self._refusal: bytearray | None = None
        self._extra_headers: Headers = []
        self._is_relaying = False
        self._is_writable = True
        self._waking: asyncio.Task[object] | None = None
        self._is_over = False

    # -- the client

    def on_client_left(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._end()

    def on_writable(self, writable: bool) -> None:
        self._is_writable = writable
        if self._call is not None:
            self._call.hold(not writable)

    def cancel(self) -> None:
        """End the request from outside (section 10.6)."""
        if not self._is_over:
            if self._call is not None:
                self._call.cancel()
            elif isinstance(self._held, Waiting):
                self._extra_headers = waited_header(*self._held.waited())
            self._give_up(RequestCancelled())

    # -- the core

    def _passes_by(self, model: ModelId) -> bool:
        """Let a websocket that the scheduler is not to know of pass to its model (section 10.5)."""
        protocols = self._exchange.request.upgrade
        if not protocols or b"websocket" not in protocols.lower():
            return False
        if not self._services.config.models[model].compat.ignore_websockets:
            return False
        upstream = self._services.core.upstream_if_ready(model)
        if upstream is None:
            raise ModelNotLoaded(f"model {model} is not loaded; ignored websocket requests cannot start it")
        self._send_to_model(upstream)
        return True

    def _use(self, model: ModelId, *, shows_loading: bool = False, comments_after_s: float = 0) -> None:
        """Ask for a local model, and forward when it is granted; raises what the core refuses with.

        While the request waits, the client is shown the loading (section 12), or gets comments after a while (12.1).
        """
        core = self._services.core
        is_loading = shows_loading and core.state_of(model) is not ProcessState.READY
        held = self._held = core.request(model, self._settled)
        if is_loading and isinstance(held, Waiting):
            self._show_loading(held)
        elif comments_after_s:
            self._keep_alive = KeepAlive(comments_after_s, self._write_own)
        if isinstance(held, Lease):
            self._forward(held)

    def _show_loading(self, waiting: Waiting) -> None:
        loop = asyncio.get_running_loop()
        self._feed = LoadingFeed(
            waiting.model,
            write=self._write_own,
            position=waiting.position,
            call_later=loop.call_later,
            clock=loop.time,
        )
        self._feed.begin()

    def _settled(self, outcome: Lease | LlamaSwapError) -> None:
        waiting = self._held
        assert isinstance(waiting, Waiting)
        self._extra_headers = waited_header(*waiting.waited())
        if isinstance(outcome, Lease):
            self._held = outcome
            if self._feed is not None:
                self._feed.close()
            self._forward(outcome)
        else:
            self._held = None
            self._give_up(outcome)

    def _forward(self, lease: Lease) -> None:
        if lease.upstream is None:
            self._give_up(NotReady(lease.model))
            return
        self._seen.granted(lease.priority)
        self._send_to_model(lease.upstream)

    # -- towards the upstream

    def _send_to_model(self, upstream: Upstream) -> None:
        request, keys, is_metered = self._exchange.request, self._services.keys, self._is_metered()
        if request.upgrade or self._exchange.is_begun:
            headers = headers_for_model(request, keys, is_metered=is_metered, is_upgrade=bool(request.upgrade))
            lines = self._lines(headers)
        else:
            lines = lines_for_model(request, keys, is_metered=is_metered)
        if not request.header(b"host"):  # HTTP/1.0 knows none, and 1.1 needs one
            lines = header_lines([(b"Host", upstream.host_header)]) + lines
        self._send(upstream, lines)

    def _send_to_peer(self, peer_model: PeerModel) -> None:
        self._services.core.notice_sleep()
        if self._services.peers.may_sleep(peer_model.peer, self._services.config):
            self._waking = spawn(f"wait for peer {peer_model.peer}", self._send_when_awake(peer_model))
        else:
            self._send_to_awake_peer(peer_model)

    async def _send_when_awake(self, peer_model: PeerModel) -> None:
        config, peer = self._services.config, peer_model.peer
        asked_at = time.monotonic()
        is_awake = await self._services.peers.until_awake(peer, config)
        self._waking = None
        self._extra_headers = waited_header(time.monotonic() - asked_at, f"{peer} had to be woken")
        if is_awake:
            self._send_to_awake_peer(peer_model)
        else:
            wait_s = config.desktop.wake_on_lan[peer].wait_s
            self._give_up(PeerFailed(f"{peer} does not answer and has not woken within {wait_s} s"))

    def _send_to_awake_peer(self, peer_model: PeerModel) -> None:
        request = self._exchange.request
        config = self._services.config
        upstream = self._services.peers.upstream_of(peer_model.peer, config)
        headers = headers_for_peer(
            request,
            self._services.keys,
            host=upstream.host_header,
            api_key=config.peers[peer_model.peer].api_key,
            is_metered=self._is_metered(),
            is_upgrade=bool(request.upgrade),
        )
        self._seen.granted(None)
        self._send(upstream, self._lines(headers))

    def _lines(self, headers: Headers) -> bytes:
        if self._exchange.is_begun:  # the stream that we began cannot announce an encoding any more
            headers = [header for header in headers if header[0].lower() != b"accept-encoding"]
        return header_lines(headers)

    def _send(self, upstream: Upstream, lines: bytes) -> None:
        request = self._exchange.request
        target = upstream.prefix + self._path + (f"?{self._query}" if self._query else "")
        framing, data, source = self._outgoing()
        head = request_head(request.method, target, lines + framing)
        if request.upgrade:
            self._upload = self._new_upload()
            self._upload.complete()
            source = self._upload
        self._call = upstream.send(request.method, head + data, self, body=source, is_upgrade=bool(request.upgrade))
        if self._upload is not None:
            self._upload.flow()
        if not self._is_writable:
            self._call.hold(True)

    def _outgoing(self) -> tuple[bytes, bytes, BodySource | None]:
        """Return the line of the head that frames the body, and the body: as bytes, or as a source of them."""
        raise NotImplementedError

    def _is_metered(self) -> bool:
        """Tell whether the activity room reads the answer."""
        raise NotImplementedError

    def _new_upload(self) -> Upload:
        request = self._exchange.request
        return Upload(self._services.spool_folder, is_chunked=request.length is None, hold=self._exchange.hold_body)

    def _carry(self, data: bytes) -> None:
        """Send on what the client sends, as fast as the upstream takes it."""
        if self._upload is not None:
            self._upload.feed(data)
            if self._call is not None:
                self._call.pump()

    # -- the upstream

    def on_interim(self, status: int, headers: Headers) -> None:
        self._exchange.interim(status, end_to_end(headers))

    def on_answer(self, head: ResponseHead | None, body: bytes, *, complete: bool) -> None:
        if head is not None:
            self._begin_answer(head)
        if body:
            self._pass(body)
        if complete:
            self._finish_answer()
        else:
            self._exchange.flush()

    def _begin_answer(self, head: ResponseHead) -> None:
        if isinstance(self._target, PeerModel):
            self._services.peers.waker.heard_of(self._target.peer)
        self._stop_own_stream()
        exchange = self._exchange
        if exchange.is_begun:
            self._join_own_stream(head)
            return
        self._is_relaying = True
        headers, lines = answer_head(head)
        if self._extra_headers:
            headers, lines = headers + self._extra_headers, None
        if head.status == 101:
            self._begin_tunnel(head, headers)
            return
        if head.length is None and is_event_stream(head) and not head.header(b"content-encoding"):
            self._boundary = EventBoundary()
        self._seen.begun(head.status, headers)
        exchange.begin(head.status, headers, length=head.length, reason=head.reason, lines=lines)

    def _join_own_stream(self, head: ResponseHead) -> None:
        """Go on with an answer in a stream whose head has been sent: its own head is dropped."""
        is_welcome = self._feed is not None or is_event_stream(head)
        if head.status == 200 and is_welcome and not head.header(b"content-encoding"):
            self._is_relaying = True
            self._boundary = EventBoundary()
        elif not self._services.config.desktop.visible_failures:
            self._is_relaying = True
        else:
            self._refusal = bytearray(b"%d" % head.status)

    def _begin_tunnel(self, head: ResponseHead, headers: Headers) -> None:
        assert self._upload is not None
        self._upload.become_tunnel()
        self._seen.begun(101, headers)
        self._exchange.switch_protocols([*headers, (b"Upgrade", head.header(b"upgrade"))], head.reason)

    def _pass(self, body: bytes) -> None:
        if self._refusal is not None:
            if len(self._refusal) < _MAX_REFUSAL_BYTES:
                self._refusal += body
            return
        self._exchange.send(body)
        self._seen.sent(body)
        if self._boundary is not None:
            self._boundary.feed(body)

    def _finish_answer(self) -> None:
        if self._refusal is not None:
            self._refuse_in_own_stream(self._refusal)
            return
        trailers = self._call.trailers if self._call is not None else []
        self._end()
        self._exchange.finish(trailers)

    def on_failure(self, error: UpstreamFailed) -> None:
        self._call = None
        if isinstance(self._target, PeerModel):
            self._services.peers.waker.lost(self._target.peer)
            self._give_up(PeerFailed(error.detail))
        elif self._target is not None:
            self._services.core.explain_failure(self._target, lambda why: self._give_up(_with_reason(error, why)))

    # -- our own stream

    def _write_own(self, data: bytes) -> None:
        """Write into a stream that begins before the model answers."""
        exchange = self._exchange
        if not exchange.is_begun:
            headers = list(STREAM_HEADERS)
            self._seen.begun(200, headers)
            if exchange.request.keep_alive and exchange.request.version == "1.1":
                headers.append((b"Connection", b"keep-alive"))
            exchange.begin(200, headers, length=None)
        exchange.send(data)
        self._seen.sent(data)
        exchange.flush()

    def _stop_own_stream(self) -> None:
        if self._feed is not None:
            self._feed.stop()
        if self._keep_alive is not None:
            self._keep_alive.stop()
            self._keep_alive = None

    def _refuse_in_own_stream(self, refusal: bytearray) -> None:
        status, body = int(refusal[:3]), bytes(refusal[3:])
        error = UpstreamFailed(f"the upstream answered {status} where a stream was expected")
        self._end_own_stream(error, error_event(self._path, error, upstream_body=body))

    def _end_own_stream(self, error: LlamaSwapError, event: bytes) -> None:
        self._exchange.send(event)
        self._seen.sent(event)
        self._end(error)
        self._exchange.finish()

    # -- the end

    def _give_up(self, error: LlamaSwapError) -> None:
        """Tell the client about the failure, in the way that is still open."""
        exchange = self._exchange
        if self._is_over:
            return
        if not self._services.config.desktop.visible_failures:
            self._give_up_quietly(error)
            return
        self._stop_own_stream()
        if not exchange.is_begun:
            headers, body = error_answer(error, exchange.request.accept)
            headers += self._extra_headers
            self._seen.begun(error.status, headers)
            self._seen.sent(body)
            self._end(error)
            exchange.respond(error.status, headers, body)
        elif not self._is_relaying:
            self._end_own_stream(error, error_event(self._path, error))
        else:
            if self._boundary is not None:
                gap = b"" if self._boundary.is_between_events else b"\n\n"
                event = gap + error_event(self._path, error)
                exchange.send(event)
                self._seen.sent(event)
            self._end(error)
            exchange.abort()

    def _give_up_quietly(self, error: LlamaSwapError) -> None:
        """Tell the client as much as llama-swap does, which for an upstream that broke off is nothing."""
        exchange, status, body = self._exchange, error.status, b""
        headers: Headers = []
        if isinstance(error, RequestCancelled):
            status = 200 if self._call is None else 502
        elif isinstance(error, PeerFailed) or not isinstance(error, UpstreamFailed):
            headers, body = error_answer(error, exchange.request.accept)
        if self._feed is not None and exchange.is_begun and not self._is_relaying:
            self._feed.close()
        self._stop_own_stream()
        if not exchange.is_begun:
            headers += self._extra_headers
            self._seen.begun(status, headers)
            self._seen.sent(body)
            self._end()
            exchange.respond(status, headers, body)
        elif not self._is_relaying:
            exchange.send(body)
            self._seen.sent(body)
            self._end()
            exchange.finish()
        else:
            self._end()
            (exchange.finish if exchange.is_chunked else exchange.abort)()

    def _end(self, error: LlamaSwapError | None = None) -> None:
        """Give back what is held, before the connection goes on to its next request."""
        if not self._is_over:
            self._let_go()
            self._seen.ended(error=str(error) if error is not None else "")

    def _let_go(self) -> None:
        """Give back everything.  Whatever ends a forward comes through here, once."""
        self._is_over = True
        self._call = None
        if self._waking is not None:
            self._waking.cancel()
        self._stop_own_stream()
        held, self._held = self._held, None
        if held is not None:
            held.release()
        if self._destination is not None:
            self._destination.release()
        if self._upload is not None:
            self._upload.close()


def _with_reason(error: UpstreamFailed, why: str) -> UpstreamFailed:
    return UpstreamFailed(f"{error.detail}: {why}") if why else error
