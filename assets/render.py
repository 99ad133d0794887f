"""Draws the PNG icons of the package from the SVG sources beside this file: ``python assets/render.py``.

Needs ``rsvg-convert`` (Debian: librsvg2-bin).  The results are committed, so that building and running the
program needs neither the tool nor this script.  At 16 px every icon has a source of its own in ``icons/small``,
drawn pixel by pixel, because the general one loses its face there.
"""  # noqa: INP001 - a script, not a package

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "icons"
RESULTS = HERE.parent / "llamaswap_desktop" / "tray" / "icons"

STATES = ("idle", "loading", "ready", "paused", "error")
PANEL_SIZES_PX = (16, 20, 22, 24, 32, 40, 48, 64)
APP_SIZES_PX = (*PANEL_SIZES_PX, 128, 256)
"""The program's own icon is also wanted by installers and launchers."""


def wanted() -> list[tuple[str, int]]:
    """Name and size in pixels of every icon that the package holds."""
    states = [(state, size_px) for state in STATES for size_px in PANEL_SIZES_PX]
    return states + [("app", size_px) for size_px in APP_SIZES_PX]


def source_of(name: str, size_px: int) -> Path:
    """Return the drawing that icon ``name`` is made from at ``size_px``."""
    return SOURCES / "small" / f"{name}.svg" if size_px == 16 else SOURCES / f"{name}.svg"


def png_of(name: str, size_px: int) -> bytes:
    """Draw icon ``name`` with ``size_px`` pixels on each side; CalledProcessError for a broken drawing."""
    size = str(size_px)
    command = ["rsvg-convert", "--width", size, "--height", size, str(source_of(name, size_px))]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def main() -> None:
    """Draw every icon anew."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name, size_px in wanted():
        (RESULTS / f"{name}-{size_px}.png").write_bytes(png_of(name, size_px))


if __name__ == "__main__":
    main()
