"""HTTP/1.1 on raw transports, with the one route table, the one auth check and the one error body."""

from llamaswap_desktop.http1.auth import Keys
from llamaswap_desktop.http1.call import BodySource, Call, Receiver
from llamaswap_desktop.http1.connection import ServerConnection, Service
from llamaswap_desktop.http1.cors import preflight_headers
from llamaswap_desktop.http1.exchange import Exchange, Handler
from llamaswap_desktop.http1.faults import error_answer, error_object
from llamaswap_desktop.http1.fetch import Response, fetch
from llamaswap_desktop.http1.framing import HOP_BY_HOP, chunk, end_to_end, header_lines, last_chunk, request_head
from llamaswap_desktop.http1.limits import Limits
from llamaswap_desktop.http1.loan import BuildBorrower, LoanEnd
from llamaswap_desktop.http1.messages import Headers, Request, ResponseHead
from llamaswap_desktop.http1.origin import check_host, check_origin
from llamaswap_desktop.http1.outgoing import TurnEnd
from llamaswap_desktop.http1.routes import (
    ROUTES,
    Group,
    Guard,
    MethodNotAllowed,
    NotFound,
    Redirect,
    Route,
    RouteTable,
)
from llamaswap_desktop.http1.timeouts import Timeouts
from llamaswap_desktop.http1.tls import load_server_context
from llamaswap_desktop.http1.upstream import Upstream

__all__ = [
    "HOP_BY_HOP",
    "ROUTES",
    "BodySource",
    "BuildBorrower",
    "Call",
    "Exchange",
    "Group",
    "Guard",
    "Handler",
    "Headers",
    "Keys",
    "Limits",
    "LoanEnd",
    "MethodNotAllowed",
    "NotFound",
    "Receiver",
    "Redirect",
    "Request",
    "Response",
    "ResponseHead",
    "Route",
    "RouteTable",
    "ServerConnection",
    "Service",
    "Timeouts",
    "TurnEnd",
    "Upstream",
    "check_host",
    "check_origin",
    "chunk",
    "end_to_end",
    "error_answer",
    "error_object",
    "fetch",
    "header_lines",
    "last_chunk",
    "load_server_context",
    "preflight_headers",
    "request_head",
]
