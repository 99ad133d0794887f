"""The Performance page: the machine's figures, as charts."""

import pytest

from tests.browser.browsing import until
from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser


def config():
    return configuration(responder("m"))


def test_charts_have_figures_and_marks(view):
    view.open("#/performance")
    for title in (
        "Processor",
        "Memory",
        "Network",
        "Writing speed of each answer",
        "Requests since this page was opened",
    ):
        view.sees(".chart h2", title)
    until(lambda: len(view.all(".chart canvas")) >= 5, "every chart is drawn")
    box = view.find("[aria-label=Memory] .chart-box")
    until(lambda: "used unknown" not in box.get_attribute("aria-label"), "the first sample is there", 20)
    view.run("return fetch('/api/desktop/commands/load', {method: 'POST', body: '{\"model\": \"m\"}'})")
    view.sees(".chart-marks", "m was loaded in ")
    view.driver.refresh()
    view.sees(".chart-marks", "m was loaded in ")
    view.click(".segments button", "1 hour")
    view.click("button[aria-label^=Colours]")
    view.sees("html[data-theme=light]")
    view.click("button[aria-label^=Colours]")
    view.sees("html[data-theme=dark]")
    view.click("button[aria-label^=Colours]")
    until(lambda: view.run("return document.documentElement.dataset.theme === undefined"), "the system decides again")
