"""The Activity page: running and finished requests, filters, captures, export."""

import csv
import json
import urllib.request

import pytest

from tests.browser.browsing import until
from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser


def config():
    return configuration(responder("quick"), responder("slow", "--chunk-delay", "0.4"))


def ask(address, model, **more):
    body = {"model": model, "messages": [{"role": "user", "content": "Hello, llama!"}], **more}
    headers = {"Content-Type": "application/json", "X-Session-ID": "evening"}
    request = urllib.request.Request(f"{address}/v1/chat/completions", json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request, timeout=30)


@pytest.fixture(scope="module", autouse=True)
def some_requests(address):
    for number in range(30):
        ask(address, "quick", stream=number % 2 == 0).read()


def rows(view):
    return view.all("tbody tr:not(.running)")


def test_rows_totals_and_pages(view):
    view.open("#/activity?limit=25")
    view.sees(".pager", "1–25 of 30")
    view.sees(".totals", "30")
    assert len(rows(view)) == 25
    view.click("button", "Older")
    view.sees(".pager", "26–30 of 30")
    assert len(rows(view)) == 5


def test_sorting_and_filters_are_the_server_s(view):
    view.open("#/activity")
    view.click("th button", "Took")
    view.sees("th[aria-sort=descending]", "Took")
    view.click("th button", "Took")
    view.sees("th[aria-sort=ascending]", "Took")
    view.choose("select[name=model]", "slow")
    view.sees(".empty", "Nothing matches.")
    view.sees(".pager", "No such requests")
    view.click("button", "Clear")
    view.sees("td.model", "quick")
    view.choose("select[name=period]", "hour")
    view.sees(".pager", "of 30")
    view.choose("select[name=status]", "bad")
    view.sees(".pager", "No such requests")
    view.sees(".totals", "0")
    view.choose("select[name=status]", "2xx")
    view.sees(".pager", "of 30")
    view.choose("select[name=period]", "between")
    set_moment(view, "until", "2001-01-01T00:00")
    view.sees(".pager", "No such requests")
    set_moment(view, "until", "")
    set_moment(view, "from", "2001-01-01T00:00")
    view.sees(".pager", "of 30")


def set_moment(view, name, value):
    view.sees(f"input[name={name}]")
    view.run(
        """
        const field = document.querySelector(`input[name=${arguments[0]}]`);
        field.value = arguments[1];
        field.dispatchEvent(new Event("change", { bubbles: true }));
        """,
        name,
        value,
    )


def test_loads_and_what_they_cost(view):
    ask(view.address, "slow", max_tokens=1).read()
    view.open("#/activity")
    view.sees(".load-cost", "in 2 loads, 1 of which made others leave")
    view.click(".load-cost a")
    view.sees(".sum", "in 2 loads; 1 of them made others leave")
    view.sees("tbody tr .tag.good", "loaded")
    assert [line.text.split()[1:3] for line in view.all("tbody tr")] == [
        ["slow", "loaded"], ["quick", "unloaded"], ["quick", "loaded"],
    ]  # fmt: skip
    view.sees("tr .why", "to make room")
    view.choose("select[name=model]", "slow")
    view.sees(".pager", "1–1 of 1")
    ask(view.address, "quick").read()
    view.sees(".pager", "of 2")


def test_running_request_is_shown_and_can_be_cancelled(view):
    view.open("#/activity")
    with ask(view.address, "slow", stream=True, max_tokens=100):
        view.sees("tr.running", "slow")
        view.sees("tr.running .tag", "evening")
        view.click("tr.running button", "Cancel")
        view.sees_no("tr.running", "slow")
    view.sees("td.model", "slow")


def test_capture_shows_request_and_reassembled_answer(view):
    view.open("#/activity/1")
    view.sees("dialog pre", "Hello, llama!")
    view.sees("dialog pre[aria-label=Answer]", "m0 m1 m2 m3 m4")
    view.click("dialog button", "As sent")
    view.sees("dialog pre", "data: {")
    view.click("dialog button[aria-label=Close]")
    view.sees_no("dialog")
    view.click("a[aria-label='Details of request 2']")
    view.sees("dialog pre", '"I am m."')


def test_capture_that_is_gone_is_explained(view):
    view.expected = ["404"]
    view.open("#/activity/999999")
    view.sees("dialog", "has not been kept")


def test_export(view):
    view.open("#/activity")
    view.sees("td.model", "quick")
    for label, suffix in (("CSV", "csv"), ("JSON", "json"), ("Markdown", "md")):
        view.click("button", label)
        until(lambda suffix=suffix: len(saved_entries(view.downloads, suffix)) >= 30, f"{label} is saved")


def saved_entries(downloads, suffix):
    """Return what the export holds: nothing before it is there, and whole."""
    text = "".join(file.read_text(encoding="utf-8") for file in downloads.glob(f"*.{suffix}"))
    if suffix == "csv":
        return list(csv.DictReader(text.splitlines()))
    if suffix == "json":
        return json.loads(text) if text.endswith("\n]\n") else []
    return text.splitlines()[2:]
