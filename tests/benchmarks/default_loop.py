"""Starts the program as it is, but on asyncio's own loop: what it costs where there is no uvloop.

python default_loop.py serve --config FILE --listen HOST:PORT
"""

import asyncio
import sys

import uvloop

uvloop.run = asyncio.run

from llamaswap_desktop.__main__ import main  # noqa: E402 - after the loop has been exchanged

if __name__ == "__main__":
    sys.exit(main())
