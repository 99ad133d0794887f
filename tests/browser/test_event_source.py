"""``/api/events`` as any page reads it: by the browser's own EventSource (HTTP specification, sections 18 and 26)."""

import json

import pytest

from tests.browser.browsing import serving, until
from tests.browser.models import configuration, responder
from tests.process.children import free_port

pytestmark = pytest.mark.browser

LISTEN = """
window.heard = []; window.opened = 0; window.lost = 0;
window.source = new EventSource("/api/events");
source.onopen = () => opened++;
source.onerror = () => lost++;
source.onmessage = (event) => heard.push([event.type, event.lastEventId, event.data]);
"""


def heard(view, kind: str) -> list:
    """Return the inner values of the messages of one type, each decoded twice."""
    messages = [json.loads(data) for _, _, data in view.run("return heard")]
    return [json.loads(message["data"]) for message in messages if message["type"] == kind]


def test_event_source_hears_the_opening_and_every_change(one_browser, tmp_path):
    view = one_browser
    with serving(tmp_path, configuration(responder("m"))) as view.address:
        view.driver.get(view.address + "/health")  # a page of ours without scripts of its own
        view.run(LISTEN)
        until(lambda: heard(view, "inflight"), "the opening has been heard")
        first = [json.loads(data) for _, _, data in view.run("return heard")]
        assert [message["type"] for message in first[:6]] == [
            "logData", "logData", "modelStatus", "uiConfig", "profileChanged", "inflight",
        ]  # fmt: skip
        assert all(set(message) == {"type", "data"} and isinstance(message["data"], str) for message in first)
        assert {(kind, last) for kind, last, _ in view.run("return heard")} == {("message", "")}
        assert heard(view, "inflight")[0] == {"operation": "snapshot"}
        view.run("fetch('/v1/chat/completions', {method: 'POST', headers: {'Content-Type': 'application/json'},"
                 " body: JSON.stringify({model: 'm', messages: []})})")  # fmt: skip
        until(lambda: heard(view, "activity") == [{"id": 1}], "the entry in the log is told")
        states = [status[0]["state"] for status in heard(view, "modelStatus")]
        assert [state for number, state in enumerate(states) if states[number - 1 : number] != [state]] == [
            "stopped", "starting", "ready",
        ]  # fmt: skip
        operations = [told["operation"] for told in heard(view, "inflight")]
        assert (operations[0], operations[-1]) == ("snapshot", "remove")
        assert "upsert" in operations
        assert view.run("return [opened, lost]") == [1, 0]
        view.driver.get("about:blank")
    view.complaints()


def test_event_source_comes_back_by_itself(one_browser, tmp_path):
    view = one_browser
    listen = f"127.0.0.1:{free_port()}"
    with serving(tmp_path, configuration(responder("m")), listen) as view.address:
        view.driver.get(view.address + "/health")
        view.run(LISTEN)
        until(lambda: heard(view, "inflight"), "the opening has been heard")
    until(lambda: view.run("return lost"), "the loss is noticed")
    with serving(tmp_path, configuration(responder("other")), listen):
        names = lambda: [[each["id"] for each in status] for status in heard(view, "modelStatus")]  # noqa: E731
        until(lambda: ["other"] in names(), "the new program's models are heard", 20)
        assert view.run("return opened") == 2
        view.driver.get("about:blank")
    view.complaints()
