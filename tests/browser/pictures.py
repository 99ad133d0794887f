"""Takes pictures of every page: ``python -m tests.browser.pictures [page …]``; they land in ``artefacts/ui/``.

The page ``readme`` is that of the README, in ``docs/images/``.

The models are demo models under names that people know, so that there is something to see.
"""

import re
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser.browsing import Browser, browser, serving
from tests.browser.household import fill, household

PLACE = Path(__file__).parents[2] / "artefacts" / "ui"
README_PICTURE = Path(__file__).parents[2] / "docs" / "images" / "web-ui.png"
SIZES = {"wide": (1440, 900), "narrow": (360, 740), "large": (3840, 2160)}
PAGES = (
    "models",
    "models/qwen3-8b",
    "activity",
    "activity?view=loads",
    "logs",
    "performance",
    "playground",
    "playground/load",
    "config",
    "config/add",
    "settings",
)


def main() -> None:
    """Take the pages that were asked for, light and dark, wide and narrow."""
    pages = sys.argv[1:] or PAGES
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home), household()) as address,
        browser(Path(home)) as view,
    ):
        view.address = address
        fill(address)
        for page in pages:
            if page == "readme":
                take_for_readme(view)
            else:
                take(view, page)


def take_for_readme(view: Browser) -> None:
    """Two models are loaded, as on most evenings."""
    view.resize(1280, 860)
    view.prefer("light")
    view.open("#/models")
    view.sees("[data-model=gemma3-27b] .facts", "Loaded")
    view.driver.execute_async_script("setTimeout(arguments[0], 2000)")
    view.shot(README_PICTURE)
    with Image.open(README_PICTURE) as picture:
        picture.convert("RGB").save(README_PICTURE, optimize=True)


def take(view: Browser, page: str) -> None:
    for size, (width, height) in SIZES.items():
        view.resize(width, height)
        for colours in ("light", "dark"):
            view.prefer(colours)
            view.open(f"#/{page}")
            view.sees(f".page-{re.match('[a-z]+', page)[0]} > *")
            view.run("return document.fonts.ready")
            view.driver.execute_async_script("setTimeout(arguments[0], 700)")
            view.shot(PLACE / f"{re.sub('[^a-z0-9-]', '-', page)}-{size}-{colours}.png")
    for complaint in view.complaints():
        print(f"{page}: {complaint}")


if __name__ == "__main__":
    main()
