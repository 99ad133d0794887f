"""What the program depends on, by ``pyproject.toml``; whatever else is installed beside it is no part of a bundle."""

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement

from installer.contents import CONSOLE_NAME, ROOT


def dependencies() -> set[str]:
    """Return the names of the distributions that the program needs on this system, directly or not."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        waiting = [Requirement(line) for line in tomllib.load(file)["project"]["dependencies"]]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = normal_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += [Requirement(line) for line in metadata.requires(name) or []]
    return found


def metadata_files() -> list[tuple[str, str]]:
    """Return the file in which each tells its version, and its place: ``diagnose`` collects versions."""
    listed = (file for name in sorted(dependencies()) for file in metadata.files(name) or [])
    return [(str(file.locate()), file.parts[0]) for file in listed if file.match("*.dist-info/METADATA")]


def strangers() -> list[str]:
    """Return the modules that are installed here and belong to none of them.

    They stay out by name, because an optional import somewhere is enough to bring a test library into the bundle.
    """
    wanted = {*dependencies(), CONSOLE_NAME}
    owners = metadata.packages_distributions()
    return sorted(top for top, names in owners.items() if not wanted & set(map(normal_name, names)))


def normal_name(name: str) -> str:
    """Return the name of a distribution as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
