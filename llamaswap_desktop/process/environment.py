"""The environment that children get: the user's, never the bundle's.

A frozen program runs with search paths into its own folder.  Left to a child, they make a llama-server load our
libraries instead of the system's, and die.  So does a browser or an editor that we open.
"""

import os
import sys
from collections.abc import Iterable, Mapping

_SEARCH_PATHS = ("PATH", "XDG_DATA_DIRS")
_LIBRARY_PATH = "LD_LIBRARY_PATH"
_KEPT_COPY = "LD_LIBRARY_PATH_ORIG"
"""Where the bootloader keeps the user's own value."""


def user_environment() -> dict[str, str]:
    """Return this program's environment as the user had it before any bundle changed it."""
    return clean_environment(os.environ, bundle=getattr(sys, "_MEIPASS", None))


def clean_environment(environment: Mapping[str, str], *, bundle: str | None) -> dict[str, str]:
    """Take everything that points into the folder ``bundle`` (None: not frozen) out of ``environment``."""
    if bundle is None:
        return dict(environment)
    kept = {name: value for name, value in environment.items() if not name.startswith(("_PYI_", "_MEIPASS"))}
    for name in _SEARCH_PATHS:
        if name in kept:
            kept[name] = _without_bundle(kept[name], bundle)
    original = kept.pop(_KEPT_COPY, None)
    if original is not None:
        kept[_LIBRARY_PATH] = original
    elif _LIBRARY_PATH in kept and not (rest := _without_bundle(kept[_LIBRARY_PATH], bundle)):
        del kept[_LIBRARY_PATH]
    elif _LIBRARY_PATH in kept:
        kept[_LIBRARY_PATH] = rest
    return kept


def add_entries(environment: Mapping[str, str], entries: Iterable[str]) -> dict[str, str]:
    """Add ``NAME=value`` strings, later ones win; an entry without a name or a ``=`` says nothing."""
    pairs = (entry.partition("=") for entry in entries)
    return {**environment, **{name: value for name, equals, value in pairs if name and equals}}


def _without_bundle(path: str, bundle: str) -> str:
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if not _is_inside(entry, bundle))


def _is_inside(entry: str, folder: str) -> bool:
    return entry == folder or entry.startswith(folder.rstrip("/\\") + os.sep)
