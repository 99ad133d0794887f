"""Imports aiohttp without two things that its server never uses, and that cost 65 of its 115 ms at every start.

Its client reads all certificate authorities of the system at import, unless this Python has no ``ssl``; clients of
ours speak TLS by ``http1``.  Its file responses read the system's table of content types, unless somebody has one.
"""

import mimetypes
import sys


def _import_aiohttp() -> None:
    if "aiohttp" in sys.modules:
        return
    mimetypes.init(files=[])  # Python's own table: what a page is must not differ from one computer to the next
    ssl = sys.modules.get("ssl")
    sys.modules["ssl"] = None  # type: ignore[assignment] # how Python itself says that there is no such module
    try:
        import aiohttp.web  # noqa: PLC0415, F401
    finally:
        del sys.modules["ssl"]
        if ssl is not None:
            sys.modules["ssl"] = ssl


_import_aiohttp()
