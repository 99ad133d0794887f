"""The Settings page: each change is written, and a bad one is explained."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.browsing import until
from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser


def config():
    return configuration(responder("m"))


def test_changes_are_kept_and_bad_ones_explained(view):
    view.expected = ["400"]
    view.open("#/settings")
    view.click("label.switch", "Notifications")
    view.sees(".note", "Saved")
    view.open("#/settings")
    until(
        lambda: not view.find("label.switch:has(+ .switch) input, [aria-label=Behaviour] input").is_selected(),
        "it was kept",
    )
    field = view.write("[aria-label=Address] input[type=text]", "nonsense")
    field.send_keys(Keys.TAB)
    view.sees(".note.error", "listen")
    view.choose("[aria-label=Behaviour] select", "dark")
    view.sees("html[data-theme=dark]")
    view.run("localStorage.clear()")
    view.open("#/settings")
    view.sees("html[data-theme=dark]")
    view.choose("[aria-label=Behaviour] select", "auto")
    until(lambda: view.run("return document.documentElement.dataset.theme === undefined"), "the system decides again")


def test_lists_and_amounts_are_kept(view):
    view.open("#/settings")
    view.write("[aria-label=Folders] textarea", "~/models\n /mnt/big models ").send_keys(Keys.TAB)
    view.sees(".note", "Saved")
    view.write("[aria-label=Pause] input[type=number]", "75").send_keys(Keys.TAB)
    view.click("label.switch", "While a program fills the screen")
    kept = "return fetch('/api/desktop/settings').then((answer) => answer.json())"
    until(lambda: view.run(kept)["pause"]["fullScreen"], "it was kept")
    now = view.run(kept)
    assert now["folders"]["models"] == ["~/models", "/mnt/big models"]
    assert (now["pause"]["gpuPercent"], now["pause"]["gpuMemoryMib"]) == (75, 0)
