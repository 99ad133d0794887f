"""The icons in the package: all there, alike their sources, told apart by shape, seen on any panel."""

import io
import itertools
import runpy
import shutil
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
RENDER = runpy.run_path(str(ROOT / "assets" / "render.py"))
FOLDER = ROOT / "llamaswap_desktop" / "tray" / "icons"
STATES = ("idle", "loading", "ready", "paused", "error")
PANEL_SIZES_PX = (16, 20, 22, 24, 32, 40, 48, 64)
WHITE, NEAR_BLACK = (255, 255, 255), (16, 16, 16)

every_icon = pytest.mark.parametrize(("name", "size_px"), RENDER["wanted"]())
every_state_and_size = pytest.mark.parametrize(("state", "size_px"), list(itertools.product(STATES, PANEL_SIZES_PX)))


def icon(name: str, size_px: int) -> Image.Image:
    with Image.open(FOLDER / f"{name}-{size_px}.png") as image:
        image.load()
        return image


def on_panel(name: str, size_px: int, colour: tuple[int, int, int]) -> Image.Image:
    drawn = icon(name, size_px)
    panel = Image.new("RGBA", drawn.size, (*colour, 255))
    panel.alpha_composite(drawn)
    return panel.convert("RGB")


def pixels(image: Image.Image) -> list:
    return [image.getpixel((x, y)) for y in range(image.height) for x in range(image.width)]


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_nothing_is_missing_and_nothing_is_left_over():
    expected = {f"{state}-{size_px}.png" for state in STATES for size_px in PANEL_SIZES_PX}
    expected |= {f"app-{size_px}.png" for size_px in (*PANEL_SIZES_PX, 128, 256)}
    assert {path.name for path in FOLDER.iterdir()} == expected


@every_icon
def test_an_icon_has_its_size_and_a_transparent_ground(name, size_px):
    drawn = icon(name, size_px)
    assert drawn.mode == "RGBA"
    assert drawn.size == (size_px, size_px)
    alpha = pixels(drawn.getchannel("A"))
    assert alpha[-1] == 0, "the lower right corner belongs to the panel"
    assert sum(value == 255 for value in alpha) > 0.3 * len(alpha)


@every_icon
def test_an_icon_is_small_on_disk(name, size_px):
    assert (FOLDER / f"{name}-{size_px}.png").stat().st_size < 200 + 80 * size_px


@pytest.mark.skipif(shutil.which("rsvg-convert") is None, reason="rsvg-convert is not installed")
@every_icon
def test_an_icon_is_what_its_source_draws(name, size_px):
    with Image.open(io.BytesIO(RENDER["png_of"](name, size_px))) as drawn:
        anew = pixels(drawn.convert("RGBA"))
    # Releases of librsvg differ by a shade where edges are smoothed.
    off = sum(
        any(abs(a - b) > 24 for a, b in zip(one, other, strict=True))
        for one, other in zip(anew, pixels(icon(name, size_px)), strict=True)
    )
    assert off <= 0.02 * len(anew), "run: python assets/render.py"


@pytest.mark.parametrize("ground", [WHITE, NEAR_BLACK], ids=["light", "dark"])
@pytest.mark.parametrize("size_px", PANEL_SIZES_PX)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(STATES, 2)))
def test_two_states_differ_in_grey_too(one, other, size_px, ground):
    greys = (pixels(on_panel(state, size_px, ground).convert("L")) for state in (one, other))
    clearly = [abs(a - b) > 60 for a, b in zip(*greys, strict=True)]
    needed = 0.10 if size_px == 16 else 0.07
    assert sum(clearly) >= needed * len(clearly)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(STATES, 2)))
def test_two_states_differ_in_colour(one, other):
    def body(state: str) -> tuple[int, int, int]:
        opaque = [value[:3] for value in pixels(icon(state, 16)) if value[3] == 255]
        coloured = [value for value in opaque if value != WHITE]
        return max(set(coloured), key=coloured.count)

    assert sum(abs(a - b) for a, b in zip(body(one), body(other), strict=True)) > 80


@every_state_and_size
def test_a_state_is_seen_on_light_and_on_dark_panels(state, size_px):
    for ground, share in ((WHITE, 0.15), (NEAR_BLACK, 0.5)):
        seen = [contrast(colour, ground) >= 3 for colour in pixels(on_panel(state, size_px, ground))]
        assert sum(seen) >= share * len(seen)
