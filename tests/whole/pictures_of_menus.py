"""Takes a picture of every submenu, light and dark: ``python -m tests.whole.pictures_of_menus``.

They land in ``artefacts/menus/`` and are for looking at: whether a menu reads well is nothing that a test can tell.
"""

import asyncio
import tempfile
from pathlib import Path

from llamaswap_desktop.tray.icon import IconState
from tests.whole.desktop_session import ARTEFACTS, desktop_session
from tests.whole.take_pictures import paint_root
from tests.whole.test_desktop import NOTIFYD, config_file, run
from tests.whole.test_session import set_for
from tests.whole.test_tray import in_the_tray, shows

PLACE = ARTEFACTS / "menus"
MENUS = {
    "models": ("Models",),
    "model": ("Models", "Pin"),
    "group": ("Groups", "work"),
    "profiles": ("Profiles",),
    "pause": ("Pause for",),
    "address": ("Copy",),
    "logs": ("Logs",),
    "configuration": ("Configuration",),
    "settings": ("Settings",),
    "about": ("About",),
}


async def main() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        with tempfile.TemporaryDirectory() as home:
            await take(Path(home), theme)


async def take(home: Path, theme: str) -> None:
    """Open each submenu, and last a message and the tooltip."""
    set_for(home, "folders: {models: [~/models, /mnt/big/models]}\n")
    async with (
        desktop_session(home, dark=theme == "dark") as desktop,
        in_the_tray(desktop, "--config", str(config_file(home)), "--listen", "127.0.0.1:9292") as program,
    ):
        paint_root(desktop.environment["DISPLAY"])
        await program.wait_until_it_serves()
        await program.chat("coder")
        await shows(desktop, IconState.READY)
        for name, way in MENUS.items():
            await desktop.open_menu()
            await desktop.go_to(*way)
            await desktop.keys("Right")
            await asyncio.sleep(0.3)
            desktop.screenshot().save(PLACE / f"{name}-{theme}.png")
            await desktop.keys("Escape", "Escape", "Escape", "Escape")
        await desktop.start_notifications(NOTIFYD)
        await run(desktop, "load", "broken", "--wait")
        await desktop.until(desktop.notifications, "a message")
        await desktop.point_at_icon()
        await asyncio.sleep(1.5)  # a tooltip takes its time, and the message fades in
        desktop.screenshot().save(PLACE / f"message-and-tooltip-{theme}.png")


if __name__ == "__main__":
    asyncio.run(main())
