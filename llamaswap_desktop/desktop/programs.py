"""Which programs run, by name: so that models can make room for some of them."""

from collections.abc import Collection

import psutil


def first_running(names: Collection[str]) -> str:
    """Return the first of ``names`` that is the name of a running program, or nothing; looks at every process.

    Upper and lower case are one, and ``.exe`` may be left out.
    """
    wanted = {_plain(name): name for name in names}
    for process in psutil.process_iter(["name"]):
        if (found := wanted.get(_plain(process.info["name"] or ""))) is not None:
            return found
    return ""


def _plain(name: str) -> str:
    return name.casefold().removesuffix(".exe")
