"""Which icon shows, and its pixels in every size that panels ask for."""

import functools
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING

from llamaswap_desktop.snapshot import Snapshot
from llamaswap_desktop.tray.texts import is_loading
from llamaswap_desktop.types import Phase, ProcessState

if TYPE_CHECKING:
    from PIL import Image

SIZES_PX = (16, 20, 22, 24, 32, 40, 48, 64)
"""Each is drawn for itself; nothing is scaled while a panel has one of these sizes."""


FRAME_S = 0.7
"""How long one frame of the icon that moves is shown: enough to see that something is under way, and no flicker."""


class IconState(StrEnum):
    """What the icon tells at a glance; the icons differ by shape as well as by colour."""

    IDLE = "idle"
    LOADING = "loading"
    READY = "ready"
    PAUSED = "paused"
    ERROR = "error"


def icon_state(snapshot: Snapshot) -> IconState:
    """Return the state to show.

    What is under way or works comes before what went wrong with one model: an hour-old failure must not hide that
    another model answers.  A program that cannot serve at all is always an error.
    """
    match snapshot.phase:
        case Phase.STOPPED if snapshot.problems:
            return IconState.ERROR
        case Phase.STARTING:
            return IconState.LOADING
        case Phase.STOPPING | Phase.STOPPED:
            return IconState.IDLE
        case Phase.SERVING:
            pass
    if snapshot.paused is not None:
        return IconState.PAUSED
    if any(is_loading(model) for model in snapshot.models):
        return IconState.LOADING
    if any(model.state is ProcessState.READY for model in snapshot.models):
        return IconState.READY
    if snapshot.troubles or any(model.problem for model in snapshot.models):
        return IconState.ERROR
    return IconState.IDLE


def frames_of(state: IconState) -> int:
    """Return how many frames the icon has; while something loads, the ears and arrows swap sides."""
    return 2 if state is IconState.LOADING else 1


def frame_at(state: IconState, now_s: float) -> int:
    """Return which frame is due at that moment of any steady clock."""
    return int(now_s / FRAME_S) % frames_of(state)


def image(state: IconState, size_px: int, frame: int = 0) -> "Image.Image":
    """Return the icon as RGBA, ``size_px`` on each side: drawn for that size, or scaled down from the next larger."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - 2 MB and 10 ms that no program without an icon needs

    drawn_px = min((size for size in SIZES_PX if size >= size_px), default=SIZES_PX[-1])
    file = resources.files("llamaswap_desktop.tray") / "icons" / f"{state}-{drawn_px}.png"
    with file.open("rb") as stream, Image.open(stream) as opened:
        drawn = opened.convert("RGBA")
    if frame:
        drawn = ImageOps.mirror(drawn)
    return drawn if drawn_px == size_px else drawn.resize((size_px, size_px), Image.Resampling.LANCZOS)


def app_picture(size_px: int) -> tuple[int, int, bytes]:
    """Return the program's own icon as width, height and RGBA bytes; ``size_px`` is one of ``SIZES_PX``."""
    from PIL import Image  # noqa: PLC0415 - as above

    file = resources.files("llamaswap_desktop.tray") / "icons" / f"app-{size_px}.png"
    with file.open("rb") as stream, Image.open(stream) as opened:
        return size_px, size_px, opened.convert("RGBA").tobytes()


@functools.cache
def argb_pixmaps(state: IconState, frame: int = 0) -> tuple[tuple[int, int, bytes], ...]:
    """Return width, height and ARGB bytes in network order, for every size: StatusNotifierItem's ``a(iiay)``."""
    from PIL import Image  # noqa: PLC0415 - as above

    pixmaps = []
    for size_px in SIZES_PX:
        red, green, blue, alpha = image(state, size_px, frame).split()
        pixmaps.append((size_px, size_px, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()))
    return tuple(pixmaps)
