"""Compiles the modules that every request passes through: ``python -m installer.compile FOLDER``.

The source stays plain Python that runs as it is.  This makes a copy of the package in FOLDER and puts beside each
module of ``HOT`` the same as a native extension, which Python prefers; mypyc translates it, the system's C compiler
does the rest.  What that gives is measured by ``tests/benchmarks/run.py``: about half of our own time per request.

What a hot module must keep to, beside what mypy asks:

- no msgspec structs (they get modules of their own, which stay Python), and no ``slots`` for dataclasses, which are
  slower to make besides;
- no attribute that somebody exchanges from outside, no class that a Python class inherits from;
- no other type than it says: bytes are no bytearray, and a float is refused where an int is announced;
- no slice of bytes whose end may lie before its start: mypyc raises there.
"""

import argparse
import ast
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from installer.contents import NATIVE, PACKAGE, ROOT

HOT = (
    "activity/gathered",
    "activity/inflight",
    "activity/log",
    "activity/observation",
    "activity/tap",
    "config/names",
    "core/bus",
    "core/lease",
    "core/resolving",
    "core/shell",
    "core/watchers",
    "http1/auth",
    "http1/call",
    "http1/connection",
    "http1/exchange",
    "http1/framing",
    "http1/known_head",
    "http1/messages",
    "http1/origin",
    "http1/outgoing",
    "http1/reader",
    "http1/routes",
    "http1/upstream",
    "http1/upstream_connection",
    "logs/access",
    "proxy/body",
    "proxy/form_body",
    "proxy/forward",
    "proxy/headers",
    "proxy/intake",
    "proxy/json_body",
    "proxy/members",
    "proxy/model_forward",
    "proxy/path_forward",
    "proxy/server",
    "proxy/services",
    "routing/advice",
    "routing/backoff",
    "routing/barrier",
    "routing/decide",
    "routing/idleness",
    "routing/queue",
    "routing/records",
    "routing/scheduler",
    "routing/state",
)
"""Which modules are compiled, below the package."""


class CannotCompile(Exception):
    """Something is missing on this machine; says what."""


def compile_into(folder: Path) -> list[Path]:
    """Put a copy of the package into ``folder``, with the hot modules compiled; return the extensions.

    Raises ``CannotCompile`` if mypy or a C compiler is missing; then the copy is plain Python.
    """
    shutil.rmtree(folder / PACKAGE.name, ignore_errors=True)
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(folder):
        try:
            _build(_translated(scratch), scratch)
        except CannotCompile:
            for path in _extensions(folder):
                path.unlink()
            raise
    return _extensions(folder)


def prepare(folder: str) -> str:
    """Compile into ``folder`` for a bundle, and return where its package is to be taken from.

    That is this tree, and a message says why, where nothing can be compiled.
    """
    try:
        compile_into(Path(folder))
    except CannotCompile as error:
        print(f"WARNING: the bundle is built from plain Python and will be slower: {error}", file=sys.stderr)
        return str(ROOT)
    return folder


def imports() -> list[str]:
    """Return everything that the hot modules import, which nobody can read from an extension."""
    found = {f"{NATIVE}__mypyc"}
    for module in HOT:
        tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                found.update(
                    f"{node.module}.{alias.name}" for alias in node.names if _is_module(node.module, alias.name)
                )
    return sorted(found)


def _is_module(package: str, name: str) -> bool:
    return (ROOT / Path(*package.split(".")) / f"{name}.py").exists()


def _translated(scratch: str) -> list[Any]:
    try:
        from mypyc.build import mypycify  # noqa: PLC0415 - mypy is for those who build
    except ImportError as error:
        raise CannotCompile(f"mypy is not installed ({error})") from error
    sources = [str(Path(PACKAGE.name, f"{module}.py")) for module in HOT]
    settings = ("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(Path(scratch, "cache")))
    modules: list[Any] = mypycify(
        [*settings, *sources], opt_level="2", debug_level="0", target_dir=scratch, group_name=NATIVE
    )
    return modules


def _build(modules: list[Any], scratch: str) -> None:
    from setuptools import Distribution  # noqa: PLC0415 - see above
    from setuptools.command.build_ext import build_ext  # noqa: PLC0415
    from setuptools.errors import BaseError, CCompilerError  # noqa: PLC0415

    command = build_ext(Distribution({"name": PACKAGE.name, "ext_modules": modules}))
    command.inplace = True
    command.build_temp = command.build_lib = scratch
    command.ensure_finalized()
    try:
        command.run()
    except (BaseError, CCompilerError, OSError) as error:
        raise CannotCompile(f"no C compiler that works: {error}") from error


def _extensions(folder: Path) -> list[Path]:
    return sorted(path for kind in ("*.so", "*.pyd") for path in (folder / PACKAGE.name).rglob(kind))


def main() -> int:
    """Compile into the folder that is named; without a compiler the copy there is plain Python, and 1 is returned."""
    parser = argparse.ArgumentParser(description="Copies the package, and compiles the modules of every request.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args().folder.resolve()
    try:
        made = compile_into(folder)
    except CannotCompile as error:
        print(f"not compiled, the program will run as plain Python: {error}")
        return 1
    print(f"{len(made)} extensions, {sum(path.stat().st_size for path in made) / 1e6:.1f} MB, in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
