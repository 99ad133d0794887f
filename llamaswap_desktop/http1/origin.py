"""Who may reach the control routes from a web page (HTTP specification, section 3.1).

Any page that a user visits can make the browser send requests to 127.0.0.1.  Two rules stand against that: the name
in ``Host`` must be one of this machine's (a page cannot choose it, but a name of its own may lead here: DNS
rebinding), and what changes something must not come from a foreign page.
"""

import ipaddress
import socket
from collections.abc import Collection
from functools import cache

from llamaswap_desktop.errors import Forbidden
from llamaswap_desktop.http1.messages import Request

ANY = "*"


def check_host(request: Request, allowed: Collection[str]) -> None:
    """Raise ``Forbidden`` unless ``Host`` is an address, this machine's name, or among ``allowed`` (any case).

    With ``*`` among them any host is.
    """
    if ANY in allowed:
        return
    name = _without_port(request.header(b"host").decode("latin-1")).lower().rstrip(".")
    if not name or name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return
    if name != _own_name() and name not in {other.lower() for other in allowed}:
        raise Forbidden(f"host not allowed: {name!r} is no name of this machine; desktop.allowedHosts may list it")


def check_origin(request: Request, allowed: Collection[str]) -> None:
    """Raise ``Forbidden`` if a web page of another origin than this server and ``allowed`` has made the request.

    With ``*`` among them any page may.
    """
    if ANY in allowed:
        return
    if request.header(b"sec-fetch-site").lower() == b"cross-site":
        origin = request.header(b"origin").decode("latin-1")
        if not origin or origin not in allowed:
            raise Forbidden("cross-site request not allowed")
    for name, value in request.headers:
        if name.lower() == b"origin":
            origin = value.decode("latin-1")
            if origin not in allowed and _authority(origin) != request.header(b"host").decode("latin-1").lower():
                raise Forbidden(f"cross-site request not allowed: desktop.allowedOrigins does not list {origin!r}")


def _authority(origin: str) -> str:
    """Return host and port as ``Host`` has them; ``null`` has none."""
    return origin.partition("://")[2].lower()


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


@cache
def _own_name() -> str:
    return socket.gethostname().lower()
