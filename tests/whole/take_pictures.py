"""Takes the README's picture of the menu: ``python -m tests.whole.take_pictures``, with what the tray test needs.

The menu is the real one, in a real panel; the models behind it are demo models under names that people know.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from PIL import Image
from Xlib.display import Display

from llamaswap_desktop.tray.icon import IconState
from tests.whole.desktop_session import HEIGHT, WIDTH, desktop_session
from tests.whole.test_tray import in_the_tray, shows

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "menu.png"
NAMES = ("Qwen3 8B", "Gemma 3 27B", "Devstral Small 24B", "gpt-oss 20B")
GROUND = 0x5B6B82
MARGIN_PX = 24


async def main() -> None:
    """Load two models, open the menu down to them, and keep the corner of the screen."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "config.yaml"
        file.write_text(config())
        async with (
            desktop_session(Path(home)) as desktop,
            in_the_tray(desktop, "--config", str(file), "--listen", "127.0.0.1:9292") as program,
        ):
            paint_root(desktop.environment["DISPLAY"])
            await program.wait_until_it_serves()
            for model in ("model-0", "model-2"):
                await program.chat(model)
            await shows(desktop, IconState.READY)
            await desktop.open_menu()
            await desktop.keys("Down", "Right", "Down")
            await asyncio.sleep(0.5)
            cropped(desktop.screenshot(), await desktop.menus()).save(PICTURE, optimize=True)
            await desktop.keys("Escape", "Escape", "Escape")


def config() -> str:
    """Models that may run side by side, as far as a small machine cares."""
    models = "".join(
        f"  model-{number}:\n    name: {name}\n"
        f"    cmd: {sys.executable} -m llamaswap_desktop demo-model --name {number} --port ${{PORT}}\n"
        for number, name in enumerate(NAMES)
    )
    members = ", ".join(f"model-{number}" for number in range(len(NAMES)))
    return f"models:\n{models}groups:\n  all:\n    swap: false\n    members: [{members}]\n"


def paint_root(name: str) -> None:
    """Give the bare screen a colour."""
    display = Display(name)
    root = display.screen().root
    root.change_attributes(background_pixel=GROUND)
    root.clear_area(0, 0, WIDTH, HEIGHT)
    display.sync()
    display.close()


def cropped(screen: Image.Image, menus: list[tuple[int, int, int, int]]) -> Image.Image:
    """Cut out the menus with the panel below them."""
    left = min(x for x, _, _, _ in menus) - MARGIN_PX
    top = min(y for _, y, _, _ in menus) - MARGIN_PX
    return screen.crop((left, top, WIDTH, HEIGHT))


if __name__ == "__main__":
    asyncio.run(main())
