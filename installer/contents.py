"""What goes into the bundle, and what stays out: asked by ``build.spec``, and by the tests that hold it true."""

import subprocess
import sys
from pathlib import Path

import PIL

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "llamaswap_desktop"

CONSOLE_NAME = "llamaswap-desktop"
"""The program for the command line; its like is what children of the program are started by."""

TRAY_NAME = "llamaswap-desktop-tray"
"""The same without a console window: what shortcuts and the start at login name."""

NATIVE = "llamaswap_desktop.native"
"""What the compiled modules share is an extension of this name and ``__mypyc`` (``installer/compile.py``)."""

_FOR_PLANNERS = ("bisect", "fractions", "heapq", "itertools", "operator", "random", "statistics")
"""What a planner of the user's own may want to reckon with (docs/planners.md)."""

_NOT_DATA = {".py", ".pyi", ".typed", ".md", ".pyc"}
"""Code, and what is for developers."""

UNUSED = (
    "tkinter", "test", "unittest", "pydoc", "pydoc_data", "doctest", "lib2to3", "ensurepip", "idlelib",
    "readline", "curses", "bz2", "lzma", "tarfile", "ftplib", "xml", "xmlrpc", "pyexpat", "_elementtree", "_pydecimal",
    "multiprocessing", "concurrent.futures.process",
    "PIL._avif", "PIL._webp", "PIL._imagingcms", "PIL._imagingft", "PIL._imagingmath", "PIL._imagingtk", "PIL.ImageTk",
    "PIL.ImageQt",
)  # fmt: skip
"""What an import somewhere mentions and nothing here needs; readline is under the GPL besides."""

_PICTURES = {"PngImagePlugin", "IcoImagePlugin", "BmpImagePlugin"}
"""What our icons are kept in, and what Windows is given."""

_UNUSED_ON_LINUX = ("gi", "Xlib", "pystray", "llamaswap_desktop.tray.gtk", "llamaswap_desktop.tray.windows")
"""The tray of old panels needs the distribution's GTK: 150 MB, and its search paths would leak into every child."""

REPLACEABLE = {"pystray": "py"}
"""Kept as files of their own: the LGPL gives users the right to put another version in their place."""

_LEFT_TO_THE_SYSTEM = ("libstdc++.so", "libgcc_s.so")
"""Every Linux with a desktop has them; ours are the libraries that are most likely to break somebody else's program."""


def data_files() -> list[tuple[str, str]]:
    """Return each file that the package reads at run time, with the folder of the bundle that it goes to."""
    found = (path for path in sorted(PACKAGE.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return [(str(path), str(path.parent.relative_to(ROOT))) for path in found if path.suffix not in _NOT_DATA]


def hidden_imports(platform: str = sys.platform) -> list[str]:
    """Return what is imported in ways that reading the code does not show."""
    return [*_FOR_PLANNERS, *(("pystray._win32", "pystray._util.win32") if platform == "win32" else ())]


def excluded(platform: str = sys.platform) -> list[str]:
    """Return the modules that stay out, of Python and of the packages that we need."""
    plugins = (path.stem for path in Path(PIL.__file__).parent.glob("*ImagePlugin.py"))
    pictures = [f"PIL.{plugin}" for plugin in sorted(plugins) if plugin not in _PICTURES]
    return [*UNUSED, *pictures, *(() if platform == "win32" else _UNUSED_ON_LINUX)]


def is_left_to_the_system(library: str, platform: str = sys.platform) -> bool:
    """Whether the shared library ``library`` stays out."""
    return platform != "win32" and Path(library).name.startswith(_LEFT_TO_THE_SYSTEM)


def git(*words: str) -> str:
    """Ask git about this tree; empty where it is none, or there is no git."""
    try:
        answer = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()
