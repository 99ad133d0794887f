"""With keys in the configuration: the browser asks for the first one, the page for one that may command."""

import pytest

from tests.browser.browsing import Browser, until
from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser

KEYS = "apiKeys: [look-key]\ndesktop: {adminKeys: [command-key]}\n"


def config():
    return configuration(responder("quick"), responder("spare"), more=KEYS)


@pytest.fixture
def visitor(view) -> Browser:
    """Somebody who has typed the first key into the browser's own question, or has it in the bookmark."""
    view.expected = ["401", "403"]
    view.driver.get(view.address.replace("//", "//me:look-key@") + "/ui/#/models")
    view.run("sessionStorage.clear()")
    return view


def test_without_the_key_there_is_no_page_and_with_it_every_one_lives(visitor):
    omitted = "return fetch(new URL('/ui/', location.origin), { credentials: 'omit' }).then((answer) => answer.status)"
    assert visitor.run(omitted) == 401
    visitor.sees("[data-model=quick]")
    visitor.sees(".head-line.live")
    visitor.go("#/activity")
    visitor.sees(".totals", "0")
    visitor.go("#/logs")
    visitor.sees(".virtual-shown", "serves on")
    visitor.go("#/performance")
    visitor.sees(".chart")
    visitor.go("#/playground")
    visitor.write("textarea[aria-label='Your message']", "Hello?")
    visitor.click("button", "Send")
    visitor.sees(".turn.assistant", "m0")


def test_commands_ask_for_another_key_once_and_keep_it_for_the_tab(visitor):
    visitor.click("button[aria-label='Keep quick loaded']")
    visitor.sees("dialog", "admin key")
    visitor.write("dialog input[name=key]", "wrong")
    visitor.click("dialog button", "Use it")
    visitor.sees("dialog", "admin key")
    visitor.write("dialog input[name=key]", "command-key")
    visitor.click("dialog button", "Use it")
    visitor.sees("button[aria-label='Keep quick loaded'][aria-pressed=true]")
    visitor.sees_no("dialog")
    visitor.go("#/config")
    visitor.sees(".editor textarea")
    visitor.go("#/settings")
    visitor.sees("h2", "Behaviour")
    visitor.driver.refresh()
    visitor.sees("h2", "Behaviour")
    visitor.sees(".head-line.live")


def test_who_has_no_such_key_may_say_so_and_look_on(visitor):
    visitor.go("#/config")
    visitor.sees("dialog", "admin key")
    visitor.click("dialog button", "Not now")
    visitor.sees(".page-config", "admin key required")
    visitor.go("#/settings")
    visitor.sees(".page-settings", "admin key required")
    visitor.sees_no("dialog")
    visitor.go("#/models")
    visitor.sees("[data-model=quick]")


def test_what_is_copied_into_programs_has_a_place_for_the_key(visitor):
    visitor.go("#/models/quick")
    visitor.sees("dialog code", "Authorization: Bearer YOUR-KEY")
    visitor.sees("dialog pre", 'api_key="YOUR-KEY"')


def test_a_look_at_a_model_asks_for_no_other_key(visitor):
    visitor.go("#/models/spare")  # not loaded, so what loading it would do is asked for
    asked = "return performance.getEntriesByType('resource').some(({ name }) => name.includes('/desktop/plans'))"
    until(lambda: visitor.run(asked), "the plans have been refused")
    visitor.sees("dialog pre", "YOUR-KEY")
    assert len(visitor.all("dialog")) == 1
