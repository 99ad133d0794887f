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
        "Requests under way",
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


UNDER_WAY = """
const [answers, work, now] = arguments;
return import("/ui/pages/performance/answers.js").then(({ underWayOf }) => underWayOf(answers, work, now));
"""


def test_requests_of_the_last_hour_are_counted_out_of_the_log_and_then_as_they_are_seen(view):
    view.open("#/performance")
    answers = [{"began": 1, "ended": 4}, {"began": 2, "ended": 3}, {"began": 9, "ended": 12}]
    work = [{"at_ms": 10_000, "running": 1, "waiting": 2}, {"at_ms": 11_000, "running": 1, "waiting": 0}]
    assert view.run(UNDER_WAY, answers, work, 13) == [
        [1, 2, 3, 4, 9, 10, 11, 13], [1, 2, 1, 0, 1, 3, 1, 1], [None, None, None, None, None, 2, 0, 0],
    ]  # fmt: skip
    assert view.run(UNDER_WAY, [], [], 13) == [[], [], []]
