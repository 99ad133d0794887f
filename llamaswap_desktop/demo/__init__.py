"""The built-in demo model: a tiny OpenAI-compatible server, so that the first run works with nothing installed."""

from llamaswap_desktop.demo.command import run

__all__ = ["run"]
