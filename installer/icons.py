"""The program's icon in the forms that systems want, from the pictures that the package holds."""

from pathlib import Path

from PIL import Image

from installer.contents import PACKAGE

SIZES_PX = (16, 20, 24, 32, 40, 48, 64, 128, 256)
HICOLOR_SIZES_PX = (16, 22, 24, 32, 48, 64, 128, 256)
"""Those for which Linux icon themes have a folder."""


def picture(size_px: int) -> Path:
    """Return the file that holds the icon drawn for this size."""
    return PACKAGE / "tray" / "icons" / f"app-{size_px}.png"


def write_ico(folder: str) -> str:
    """Write ``app.ico`` with every size drawn for itself; return its path."""
    drawn = [Image.open(picture(size_px)) for size_px in SIZES_PX]
    path = Path(folder) / "app.ico"
    drawn[-1].save(path, sizes=[(size_px, size_px) for size_px in SIZES_PX], append_images=drawn[:-1])
    return str(path)
