"""An audit of every page by axe-core, light and dark, wide and narrow; and the keyboard."""

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.household import ask, household

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
PAGES = (
    "models",
    "models/qwen3-8b",
    "activity",
    "activity/1",
    "activity?view=loads",
    "activity?period=between",
    "logs",
    "performance",
    "playground/chat",
    "playground/embeddings",
    "playground/load",
    "config",
    "config/add",
    "settings",
)
WIDEST = """
return [...document.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => each.outerHTML.slice(0, 80)).slice(0, 5)
"""
SERIOUS = {"serious", "critical"}


def config():
    return household()


@pytest.fixture(scope="module", autouse=True)
def one_request(address):
    ask(address, "qwen3-8b", "Why is the sky blue?", True)


@pytest.mark.parametrize("page", PAGES)
def test_audit_finds_nothing_serious(view, page):
    view.open(f"#/{page}")
    view.sees("main > *")
    if "/" in page and not page.startswith("playground"):
        view.sees("dialog h2")
    if page == "config":
        view.click(".outline button", "qwen3-8b")
        view.click(".outline summary", "All other keys")
        view.click(".outline summary", "filters")
    view.driver.execute_script(AXE)
    for width, height in ((1280, 900), (360, 740)):
        view.resize(width, height)
        for colours in ("light", "dark"):
            view.prefer(colours)
            found = view.driver.execute_async_script("axe.run({resultTypes: ['violations']}).then(arguments[0])")
            serious = [
                f"{each['id']}: {each['help']}: {[node['html'][:150] for node in each['nodes'][:3]]}"
                for each in found["violations"]
                if each["impact"] in SERIOUS
            ]
            assert not serious, f"{width} px, {colours}"
            is_too_wide = view.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not is_too_wide, f"{width} px: {view.run(WIDEST)}"


def test_keyboard_reaches_everything_and_shows_where_it_is(view):
    view.open("#/models")
    view.sees("[data-model=qwen3-8b]")
    body = view.find("body")
    body.send_keys(Keys.TAB)
    assert view.run("return document.activeElement.textContent") == "Skip to the page"
    seen = []
    for _ in range(60):
        view.driver.switch_to.active_element.send_keys(Keys.TAB)
        outline = view.run("return getComputedStyle(document.activeElement).outlineStyle")
        label = view.run("return document.activeElement.ariaLabel ?? document.activeElement.textContent")
        seen.append(label)
        assert outline != "none" or view.run("return document.activeElement === document.body"), label
    assert any("Load Qwen3 8B" in label or "Unload Qwen3 8B" in label for label in seen)


def test_dialog_keeps_the_focus_and_gives_it_back(view):
    view.open("#/models")
    link = view.sees("[data-model=qwen3-8b] a.name")
    link.send_keys(Keys.ENTER)
    view.sees("dialog h2", "Qwen3 8B")
    for _ in range(25):
        view.driver.switch_to.active_element.send_keys(Keys.TAB)
        assert view.run(
            "const at = document.activeElement; return at === document.body || at.closest('dialog') !== null"
        )
    at_once = """
      const dialog = document.querySelector("dialog");
      dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
      return document.activeElement.textContent;
    """
    assert view.run(at_once) == "Qwen3 8B"
    view.sees_no("dialog")
    link.send_keys(Keys.ENTER)
    view.sees("dialog h2", "Qwen3 8B")
    view.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    view.sees_no("dialog")
    assert view.run("return document.activeElement.textContent") == "Qwen3 8B"
