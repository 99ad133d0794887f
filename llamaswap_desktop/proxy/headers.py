"""Which headers go on, and how they change (HTTP specification, sections 3, 10.1 and 10.2)."""

from llamaswap_desktop.http1 import HOP_BY_HOP, Headers, Keys, Request, ResponseHead, end_to_end, header_lines

_HANDLED = HOP_BY_HOP | {b"accept-encoding", b"content-length", b"expect", b"x-forwarded-for"}
_MAY_HAVE_NO_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def headers_for_model(request: Request, keys: Keys, *, is_metered: bool, is_upgrade: bool = False) -> Headers:
    """Return the client's headers as a local model server gets them, framing left aside.

    ``is_metered`` reduces ``Accept-Encoding`` to what the activity room can read.
    """
    headers: Headers = []
    named = b""
    forwarded_for = b""
    for name, value in request.headers:
        lower = name.lower()
        if lower not in _HANDLED:
            headers.append((name, value))
        elif lower == b"x-forwarded-for":
            forwarded_for += value + b", "
        elif lower == b"connection":
            named += value + b","
        elif lower == b"accept-encoding":
            accepted = _readable(value) if is_metered else value
            if accepted:
                headers.append((name, accepted))
        elif (lower == b"te" and b"trailers" in value.lower()) or (lower == b"upgrade" and is_upgrade):
            headers.append((name, b"trailers" if lower == b"te" else value))
    if named and named.lower() not in {b"keep-alive,", b"close,", b"upgrade,", b"keep-alive, upgrade,"}:
        headers = _without_named(headers, named)
    headers.append((b"X-Forwarded-For", forwarded_for + request.client.encode("ascii")))
    if is_upgrade:
        headers.append((b"Connection", b"Upgrade"))
    return keys.without_ours(headers)


def lines_for_model(request: Request, keys: Keys, *, is_metered: bool) -> bytes:
    """Return the same as lines of a head; what a head becomes is found out once for all that repeat it."""
    noted: tuple[Keys, bytes] | None = request.notes.get(is_metered)
    if noted is None or noted[0] is not keys:
        noted = keys, header_lines(headers_for_model(request, keys, is_metered=is_metered))
        request.notes[is_metered] = noted
    return noted[1]


def headers_for_peer(
    request: Request, keys: Keys, *, host: bytes, api_key: str, is_metered: bool, is_upgrade: bool = False
) -> Headers:
    """Return the client's headers as another server gets them, framing left aside."""
    headers = [
        (name, value)
        for name, value in headers_for_model(request, keys, is_metered=is_metered, is_upgrade=is_upgrade)
        if not _is_about_the_way(name.lower()) and not (api_key and name.lower() in {b"authorization", b"x-api-key"})
    ]
    headers.insert(0, (b"Host", host))
    if api_key:
        key = api_key.encode()
        headers += [(b"Authorization", b"Bearer " + key), (b"x-api-key", key)]
    return headers


def framing_lines(request: Request, size: int | None) -> bytes:
    """Return the line of a head that frames a body of ``size`` bytes (None: chunks); a GET without a body has none."""
    if size is None:
        return b"Transfer-Encoding: chunked\r\n"
    if size == 0 and request.method in _MAY_HAVE_NO_BODY:
        return b""
    return b"Content-Length: %d\r\n" % size


def answer_headers(head: ResponseHead) -> Headers:
    """Return an upstream's headers as the client gets them."""
    headers = end_to_end(head.headers)
    if is_event_stream(head):
        headers = [header for header in headers if header[0].lower() != b"x-accel-buffering"]
        headers.append((b"X-Accel-Buffering", b"no"))
    if head.length is None and (trailer := head.header(b"trailer")):
        headers.append((b"Trailer", trailer))
    return headers


def answer_head(head: ResponseHead) -> tuple[Headers, bytes | None]:
    """Return the same, and as lines of a head without framing where these have been written for a head before."""
    if head.length is None:
        return answer_headers(head), None
    noted: tuple[bool, bytes] | None = head.notes.get(answer_head)
    if noted is None:
        headers = answer_headers(head)
        lines = header_lines([header for header in headers if header[0].lower() != b"content-length"])
        head.notes[answer_head] = headers == head.headers, lines
        return headers, lines
    passes_as_it_is, lines = noted
    return head.headers if passes_as_it_is else answer_headers(head), lines


def is_event_stream(head: ResponseHead) -> bool:
    """Tell whether the answer is an event stream."""
    return b"text/event-stream" in head.header(b"content-type").lower()


def waited_header(waited_s: float, reason: str) -> Headers:
    """Return the header that says how long a request has waited and what for; none below one second."""
    if waited_s < 1.0:
        return []
    text = reason.encode("ascii", "replace").replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    text = bytes(byte for byte in text if 0x20 <= byte < 0x7F)
    return [(b"X-LlamaSwap-Waited", b'%.1f; reason="%s"' % (waited_s, text))]


def _readable(accept_encoding: bytes) -> bytes:
    items = [item.strip() for item in accept_encoding.split(b",")]
    return b", ".join(item for item in items if item.partition(b";")[0].strip().lower() in {b"gzip", b"deflate"})


def _without_named(headers: Headers, named: bytes) -> Headers:
    names = {name.strip().lower() for name in named.split(b",")} - {b"te", b"upgrade"}
    return [header for header in headers if header[0].lower() not in names]


def _is_about_the_way(lower: bytes) -> bool:
    return lower in {b"host", b"forwarded"} or lower.startswith(b"x-forwarded-")
