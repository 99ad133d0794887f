"""Who holds a port."""

import contextlib
import errno
import socket

import psutil


def holder_of_port(port: int) -> str:
    """Name the process that listens on ``port``, such as ``nginx (process 812)``; empty if that can't be told."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if (
                connection.status == psutil.CONN_LISTEN
                and connection.laddr
                and connection.laddr.port == port
                and connection.pid
            ):
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""


def holder_in_words(port: int) -> str:
    """Name who keeps ``port`` from being listened on, for a message; ``another program`` if that can't be told."""
    return holder_of_port(port) or _caller_on(port) or "another program"


def _caller_on(port: int) -> str:
    """Say whose outgoing connection was given ``port``, also after its end; empty if there is none.

    Systems choose these from a range of their own (on Linux from 32768 on) and keep one for a minute after its end.
    """
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.raddr and connection.laddr and connection.laddr.port == port:
                if connection.pid is None:
                    return "a connection that has just ended"
                return f"a connection of {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""


def is_port_free(port: int) -> bool:
    """Tell whether a server could listen on ``port`` of the loopback address."""
    with socket.socket() as probe:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger are no holder
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError:
            return True  # beyond 65535: the server will say so itself
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True
