"""Which build of the program this is."""

import json
import platform
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec

from llamaswap_desktop import __version__


@dataclass(frozen=True, slots=True)
class Build:
    """The version, the commit it was built from, and when (RFC 3339); both are empty when running from source.

    ``is_compiled`` says that the modules that every request passes through are native (``installer/compile.py``).
    """

    version: str
    commit: str = ""
    date: str = ""
    is_compiled: bool = False


def read_build() -> Build:
    """Return what the build has written down of itself, in ``build.json`` beside this file."""
    is_compiled = find_spec("llamaswap_desktop.native__mypyc") is not None
    try:
        text = (resources.files("llamaswap_desktop") / "build.json").read_text(encoding="utf-8")
    except OSError:
        return Build(__version__, is_compiled=is_compiled)
    facts = json.loads(text)
    return Build(__version__, str(facts["commit"]), str(facts["build_date"]), is_compiled)


def describe_build(build: Build) -> str:
    """Return one line for people: version, commit, date, whether it is compiled, Python and platform."""
    return f"{build.version} ({origin_of(build)})"


def origin_of(build: Build) -> str:
    """Return where the build comes from and what it runs on."""
    origin = f"commit {build.commit or 'unknown'}, built {build.date}" if build.date else "from source"
    compiled = ", compiled" if build.is_compiled else ""
    system = f"{platform.system()} {platform.machine()}"
    return f"{origin}{compiled}, Python {platform.python_version()}, {system}"
