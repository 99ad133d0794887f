"""The licences of everything that is in the bundle; a part without one stops the build.

Python packages bring theirs along.  Python's own lies beside its library; that of a shared library of the system is
in the Debian package which it came from, and on Windows in Python's.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from installer.contents import ROOT

_NAMES = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_OWN = "llamaswap-desktop"
_BOOTLOADER = "pyinstaller"
"""Its licence allows any use of what it builds, and belongs to the executables' first few kilobytes."""

Entry = tuple[str, str, str]
"""PyInstaller's: place in the bundle, file, kind."""


class MissingLicence(Exception):
    """Something would be shipped without its licence."""


def collect(folder: str, pure: Iterable[Entry], binaries: Iterable[Entry]) -> list[Entry]:
    """Copy every licence into ``folder`` and return the entries to ship, below ``licences/``.

    Raises ``MissingLicence`` naming everything that has none.
    """
    place = Path(folder) / "licences"
    shutil.rmtree(place, ignore_errors=True)
    pure, binaries = list(pure), list(binaries)
    found = {_OWN: [ROOT / "LICENSE"], "python": [_python_licence()]}
    for name in sorted({*distributions_of(pure, binaries), _BOOTLOADER}):
        found[name] = licence_files(name)
    for library in system_libraries(binaries):
        package, copyright_file = _debian_copyright(library)
        found[package] = [copyright_file] if copyright_file else []
    missing = sorted(name for name, files in found.items() if not files)
    if missing:
        raise MissingLicence(f"no licence for {', '.join(missing)}: nothing may be shipped without its licence")
    entries = []
    for name, files in found.items():
        for file in files:
            copy = place / name / file.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy if not copy.exists() else copy.with_name(f"{file.parent.name}-{file.name}"))
        entries += [(f"licences/{name}/{path.name}", str(path), "DATA") for path in sorted((place / name).iterdir())]
    return entries


def distributions_of(pure: Iterable[Entry], binaries: Iterable[Entry]) -> set[str]:
    """Return the names of the Python distributions whose modules or libraries these are, but for our own.

    Raises ``MissingLicence`` for a module that is neither Python's nor any distribution's.
    """
    owners = metadata.packages_distributions()
    own_libraries = {f"{name.replace('-', '_')}.libs": name for names in owners.values() for name in names}
    tops = {name.partition(".")[0] for name, _, _ in pure}
    tops |= {Path(name).parts[0] for name, _, kind in binaries if len(Path(name).parts) > 1}
    found: set[str] = set()
    for top in tops - sys.stdlib_module_names - {"llamaswap_desktop"}:
        names = owners.get(top) or [name for libs, name in own_libraries.items() if libs.lower() == top.lower()]
        if not names and not _is_pythons(top, pure):
            raise MissingLicence(f"{top} is in the bundle and belongs to no distribution")
        found.update(names)
    return {_normal(name) for name in found}


def licence_files(distribution: str) -> list[Path]:
    """Return the licence texts that an installed distribution brings along."""
    files = metadata.distribution(distribution).files or []
    inside = [file for file in files if ".dist-info" in file.parts[0] and _NAMES.search(file.name)]
    return [Path(str(file.locate())) for file in inside]


def system_libraries(binaries: Sequence[Entry]) -> list[str]:
    """Return the shared libraries that come from the system and not from Python or a package; none on Windows."""
    if sys.platform == "win32":
        return []
    prefixes = {str(Path(sysconfig.get_path(name)).resolve()) for name in ("platlib", "purelib", "stdlib")}
    prefixes.add(str(Path(sys.base_prefix).resolve() / "lib"))
    outside = (str(Path(file).resolve()) for _, file, kind in binaries if kind == "BINARY")
    is_systems = re.compile(r"/(usr/)?lib/\w+-linux-gnu/").match
    return sorted({file for file in outside if is_systems(file) or not file.startswith(tuple(prefixes))})


def _is_pythons(top: str, pure: Iterable[Entry]) -> bool:
    if top == f"python{sys.version_info[0]}.{sys.version_info[1]}":  # the folder of its extension modules
        return True
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    files = (Path(file).resolve() for name, file, _ in pure if name.partition(".")[0] == top)
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


def _debian_copyright(library: str) -> tuple[str, Path | None]:
    """Return the package that ``library`` came from and its copyright file."""
    for path in (library, library.removeprefix("/usr")):
        answer = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            package = answer.stdout.partition(":")[0]
            file = Path("/usr/share/doc") / package / "copyright"
            return package, file if file.exists() else None
    return Path(library).name, None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
