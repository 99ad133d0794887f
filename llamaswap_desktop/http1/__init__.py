"""HTTP/1.1 on raw transports, with the one route table, the one auth check and the one error body."""

from llamaswap_desktop.http1.auth import check_api_key
from llamaswap_desktop.http1.connection import ServerConnection, Service
from llamaswap_desktop.http1.cors import preflight_headers
from llamaswap_desktop.http1.exchange import Exchange, Handler
from llamaswap_desktop.http1.faults import error_answer, error_object
from llamaswap_desktop.http1.fetch import Response, fetch
from llamaswap_desktop.http1.framing import end_to_end, request_head
from llamaswap_desktop.http1.loan import BuildBorrower, LoanEnd
from llamaswap_desktop.http1.messages import Headers, Request, ResponseHead
from llamaswap_desktop.http1.routes import (
    ROUTES,
    Group,
    MethodNotAllowed,
    NotFound,
    Redirect,
    Route,
    RouteTable,
)
from llamaswap_desktop.http1.upstream import Call, Receiver, Upstream

__all__ = [
    "ROUTES",
    "BuildBorrower",
    "Call",
    "Exchange",
    "Group",
    "Handler",
    "Headers",
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
    "Upstream",
    "check_api_key",
    "end_to_end",
    "error_answer",
    "error_object",
    "fetch",
    "preflight_headers",
    "request_head",
]
