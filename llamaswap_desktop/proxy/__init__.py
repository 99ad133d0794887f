"""Moves bytes between client and upstream, faithfully and fast."""

from llamaswap_desktop.proxy.server import Server

__all__ = ["Server"]
