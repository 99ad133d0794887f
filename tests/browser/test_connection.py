"""A program that goes away and comes back: the page says so, and heals."""

import pytest

from tests.browser.browsing import serving
from tests.browser.models import configuration, responder
from tests.process.children import free_port

pytestmark = pytest.mark.browser


def test_lost_connection_is_shown_and_heals(one_browser, tmp_path):
    view = one_browser
    listen = f"127.0.0.1:{free_port()}"
    with serving(tmp_path, configuration(responder("first")), listen) as view.address:
        view.open()
        view.sees("[data-model=first]")
        view.sees(".head-line.live")
    view.sees(".head-line.lost", "does not answer")
    view.click("[data-model=first] button.verb", "Load")
    view.sees(".note.error", "does not answer")
    with serving(tmp_path, configuration(responder("second")), listen):
        view.sees("[data-model=second]", timeout_s=15)
        view.sees(".head-line.live")
        view.sees_no("[data-model=first]")
        view.driver.get("about:blank")
    view.complaints()


def test_reload_of_the_configuration_is_followed(one_browser, tmp_path):
    view = one_browser
    with serving(tmp_path, configuration(responder("first"))) as view.address:
        view.open()
        view.sees("[data-model=first]")
        (tmp_path / "config.yaml").write_text(configuration(responder("first"), responder("added")))
        view.go("#/config")
        view.click("button", "Reload")
        view.go("#/models")
        view.sees("[data-model=added]")
        view.driver.get("about:blank")
    view.complaints()
