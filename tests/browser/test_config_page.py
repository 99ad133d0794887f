"""The Config page: the text, the server's opinion of it, the form, the difference, and the way back."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.browsing import until
from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser


def config():
    return "# Mine, with a comment.\n" + configuration(responder("first"), responder("second"))


def text_of(view):
    return view.find(".editor textarea").get_property("value")


def write_text(view, text):
    view.run(
        """
        const field = document.querySelector(".editor textarea");
        field.value = arguments[0];
        field.dispatchEvent(new Event("input", { bubbles: true }));
        """,
        text,
    )


def test_problems_show_while_it_is_written(view):
    view.open("#/config")
    view.sees(".problems", "Nothing to complain about")
    good = text_of(view)
    write_text(view, f"{good}  first:\n    cmd: again\n")
    view.sees(".problems .error", "line")
    view.sees(".gutter .error")
    assert not view.sees("button", "Save…").is_enabled()
    view.click(".problems .error button")
    assert view.run("return document.activeElement.matches('.editor textarea')")
    write_text(view, good.replace("    cmd:", "    tll: 5\n    cmd:", 1))
    view.sees(".problems .warning", "tll")
    view.click("button", "Discard")
    view.sees(".problems", "Nothing to complain about")


def test_enter_keeps_the_indent_and_can_be_undone(view):
    view.open("#/config")
    field = view.sees(".editor textarea")
    before = text_of(view)
    field.send_keys(Keys.CONTROL, Keys.END)
    field.send_keys("  third:", Keys.ENTER, "cmd: x")
    assert text_of(view).endswith("  third:\n    cmd: x")
    for _ in range(40):
        field.send_keys(Keys.CONTROL, "z")
        if text_of(view) == before:
            break
    assert text_of(view) == before


def test_model_is_added_by_form_saved_with_a_look_and_taken_back(view):
    view.open("#/config")
    before = view.sees(".editor textarea").get_property("value")
    view.click("a", "Add")
    view.write("dialog input[name=id]", "added")
    view.write("dialog input[name=name]", "The added: one")
    view.click("dialog button", "Put it into the text")
    until(lambda: 'name: "The added: one"' in text_of(view), "it stands in the text")
    assert text_of(view).startswith("# Mine, with a comment.")
    view.click("button", "Save…")
    view.sees("dialog .tag.good", "added")
    view.sees("dialog .difference .plus", "The added: one")
    view.click("dialog button", "Save")
    view.sees(".note", "Saved")
    view.go("#/models")
    view.sees("[data-model=added]", "The added: one")
    view.go("#/config")
    view.click("button", "Earlier versions")
    view.click("dialog button", "Go back to it")
    view.sees_no("dialog")
    until(lambda: text_of(view) == before, "the former text is back")
    view.go("#/models")
    view.sees("[data-model=first]")
    view.sees_no("[data-model=added]")


def test_form_changes_the_text(view):
    view.open("#/config")
    view.click(".outline button", "second")
    field = view.write(".outline input[name=ttl]", "90")
    field.send_keys(Keys.TAB)
    until(lambda: "    ttl: 90" in text_of(view), "the text has it")
    view.sees(".problems", "Nothing to complain about")
    view.click("button", "Discard")


def test_what_is_in_force_is_shown(view):
    view.open("#/config")
    view.click("button", "In force")
    view.sees("dialog pre", "healthCheckTimeout")
    view.sees("dialog pre", "second")


def test_file_that_was_changed_elsewhere_is_not_overwritten(view):
    view.expected = ["409"]
    view.open("#/config")
    good = view.sees(".editor textarea").get_property("value")
    path = view.sees(".path code").text
    write_text(view, f"{good}# by the page\n")
    with open(path, "a") as file:
        file.write("# by an editor\n")
    view.click("button", "Save…")
    view.click("dialog button", "Save")
    view.sees(".note.error", "has changed meanwhile")
    view.click("dialog button", "Not yet")
    view.click("button", "Discard")
