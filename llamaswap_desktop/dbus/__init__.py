"""Speaks D-Bus: one connection to the user's bus, or to the system's."""

from llamaswap_desktop.dbus.bus import (
    DAEMON,
    Bus,
    BusGone,
    CallFailed,
    Hear,
    NoSuchMethod,
    Reply,
    Serve,
    serve_nothing,
    session_bus_address,
    system_bus_address,
    why_no_bus,
)

__all__ = [
    "DAEMON",
    "Bus",
    "BusGone",
    "CallFailed",
    "Hear",
    "NoSuchMethod",
    "Reply",
    "Serve",
    "serve_nothing",
    "session_bus_address",
    "system_bus_address",
    "why_no_bus",
]
