"""The licences of everything that is in the bundle; a part without one stops the build.

Python packages bring theirs along.  Python's own lies beside its library; that of a shared library of the system is
in the Debian package which it came from, and on Windows in Python's.
"""

import json
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from installer import about
from installer.contents import PACKAGE, ROOT
from installer.declared import LINKED, licence_of, licence_of_system_package
from installer.dependencies import normal_name

_NAMES = re.compile(r"(licen[cs]e|copying|notice|authors|\.cdx\.json$)", re.IGNORECASE)
"""Texts, and the list of what a package has inside itself (PEP 770)."""
_OUR_COPIES = Path(__file__).with_name("texts")
_COMMON = re.compile(r"/usr/share/common-licenses/([\w.+-]*\w)")
_OWN = "llamaswap-desktop"
_BOOTLOADER = "pyinstaller"
"""Its licence allows any use of what it builds, and belongs to the executables' first few kilobytes."""

Entry = tuple[str, str, str]
"""PyInstaller's: place in the bundle, file, kind."""


class MissingLicence(Exception):
    """Something would be shipped without its licence."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something in the bundle that somebody has made: its licence texts, and what a list of parts says of it.

    ``licence`` is an SPDX expression; ``url`` is a package URL (purl).
    """

    name: str
    version: str
    url: str
    licence: str
    texts: tuple[Path, ...]


def parts_of(modules: Iterable[Entry], binaries: Iterable[Entry]) -> list[Part]:
    """Return everything that the bundle is made of; raises ``MissingLicence`` naming what has no licence."""
    modules, binaries = list(modules), list(binaries)
    own = Part(_OWN, about.version(), f"pkg:generic/{_OWN}@{about.version()}", "MIT", (ROOT / "LICENSE",))
    python_version = platform.python_version()
    python = Part("python", python_version, f"pkg:generic/python@{python_version}", "PSF-2.0", (_python_licence(),))
    names = sorted({*distributions_of(modules, binaries), _BOOTLOADER})
    distributions = [_distribution(name) for name in names]
    linked = (part for distribution in distributions for part in _linked_into(distribution))
    found = [own, python, *distributions, *linked, *_web_parts()]
    found += {part.name: part for part in map(_system_part, system_libraries(binaries))}.values()
    if missing := sorted(part.name for part in found if not part.texts):
        raise MissingLicence(f"no licence for {', '.join(missing)}: nothing may be shipped without its licence")
    if unclear := sorted(part.name for part in found if not part.licence):
        raise MissingLicence(f"unclear licence of {', '.join(unclear)}: read it and say so in installer/declared.py")
    return found


def collect(folder: str, parts: Iterable[Part]) -> list[Entry]:
    """Copy every licence text into ``folder`` and return the entries to ship, below ``licences/``."""
    place = Path(folder) / "licences"
    shutil.rmtree(place, ignore_errors=True)
    entries = []
    for part in parts:
        for text in part.texts:
            copy = place / part.name / text.name
            if copy.exists():
                copy = copy.with_name(f"{text.parent.name}-{text.name}")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, copy)
            entries.append((f"licences/{part.name}/{copy.name}", str(copy), "DATA"))
    return entries


def distributions_of(modules: Iterable[Entry], binaries: Iterable[Entry]) -> set[str]:
    """Return the names of the Python distributions whose modules or libraries these are, but for our own.

    Raises ``MissingLicence`` for a module that is neither Python's nor any distribution's.
    """
    owners = metadata.packages_distributions()
    own_libraries = {f"{name.replace('-', '_')}.libs": name for names in owners.values() for name in names}
    tops = {_top(name) for name, _, _ in modules}
    tops |= {Path(name).parts[0] for name, _, kind in binaries if len(Path(name).parts) > 1}
    found: set[str] = set()
    for top in tops - sys.stdlib_module_names - {"llamaswap_desktop"}:
        names = owners.get(top) or [name for libs, name in own_libraries.items() if libs.lower() == top.lower()]
        if not names and not _is_pythons(top, modules):
            raise MissingLicence(f"{top} is in the bundle and belongs to no distribution")
        found.update(names)
    return {normal_name(name) for name in found}


def _distribution(name: str) -> Part:
    found = metadata.distribution(name)
    inside = [file for file in found.files or [] if ".dist-info" in file.parts[0] and _NAMES.search(file.name)]
    texts = tuple(Path(str(file.locate())) for file in inside)
    licence = licence_of(name, found.metadata.json)
    return Part(name, found.version, f"pkg:pypi/{name}@{found.version}", licence, texts)


def _linked_into(carrier: Part) -> list[Part]:
    version = f"in {carrier.name} {carrier.version}"
    return [
        Part(name, version, f"pkg:generic/{name}", licence, (_OUR_COPIES / f"{name}.txt",))
        for name, licence in LINKED.get(carrier.name, ())
    ]


def _web_parts() -> list[Part]:
    """Return the JavaScript libraries of the dashboard."""
    folder = PACKAGE / "web" / "vendor"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return [_web_part(folder / part["name"], part) for part in manifest]


def _web_part(folder: Path, manifest: Mapping[str, str]) -> Part:
    name, version = manifest["name"], manifest["version"]
    texts = tuple(path for path in folder.iterdir() if _NAMES.search(path.name))
    return Part(name, version, f"pkg:npm/{name}@{version}", manifest["licence"], texts)


def system_libraries(binaries: Sequence[Entry]) -> list[str]:
    """Return the shared libraries that come from the system and not from Python or a package; none on Windows."""
    if sys.platform == "win32":
        return []
    prefixes = {str(Path(sysconfig.get_path(name)).resolve()) for name in ("platlib", "purelib", "stdlib")}
    prefixes.add(str(Path(sys.base_prefix).resolve() / "lib"))
    outside = (str(Path(file).resolve()) for _, file, kind in binaries if kind == "BINARY")
    is_systems = re.compile(r"/(usr/)?lib/\w+-linux-gnu/").match
    return sorted({file for file in outside if is_systems(file) or not file.startswith(tuple(prefixes))})


def _top(name: str) -> str:
    """Return the outermost package of a module's name, or of its file's place in the bundle."""
    return re.split(r"[./\\]", name, maxsplit=1)[0]


def _is_pythons(top: str, modules: Iterable[Entry]) -> bool:
    if top == f"python{sys.version_info[0]}.{sys.version_info[1]}":  # the folder of its extension modules
        return True
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    files = (Path(file).resolve() for name, file, _ in modules if _top(name) == top)
    return any(file.is_relative_to(stdlib) and "site-packages" not in file.parts for file in files)


def _python_licence() -> Path:
    """Return the text of Python's licence, wherever this Python was installed from."""
    places = [
        Path(sysconfig.get_path("stdlib")) / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE",
        *Path("/usr/share/doc").glob(f"python{sys.version_info[0]}.{sys.version_info[1]}*/copyright"),
    ]
    for place in places:
        if place.exists():
            return place
    raise MissingLicence(f"Python's own licence is in none of {', '.join(map(str, places))}")


def debian_texts(package: str) -> tuple[Path, ...]:
    """Return a Debian package's copyright file, and the well-known licences that it refers to and does not repeat."""
    copyright_file = Path("/usr/share/doc") / package / "copyright"
    if not copyright_file.exists():
        return ()
    named = _COMMON.findall(copyright_file.read_text(encoding="utf-8"))
    common = (Path("/usr/share/common-licenses") / name for name in sorted(set(named)))
    return (copyright_file, *(path for path in common if path.is_file()))


def _system_part(library: str) -> Part:
    """Return the Debian package that ``library`` came from."""
    for path in (library, library.removeprefix("/usr")):
        answer = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            package = answer.stdout.partition(":")[0]
            asked = ["dpkg-query", "-W", "-f", "${Version}", package]
            version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
            url = f"pkg:deb/{platform.freedesktop_os_release()['ID']}/{package}@{quote(version)}"
            return Part(package, version, url, licence_of_system_package(package), debian_texts(package))
    return Part(Path(library).name, "", f"pkg:generic/{Path(library).name}", "", ())
