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
    until(lambda: "name: 'The added: one'" in text_of(view), "it stands in the text")
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
    view.click("dialog button", "Look at it")
    view.sees("dialog .difference .minus", "The added: one")
    view.click("dialog button", "The whole text")
    assert view.sees("dialog pre[aria-label='Earlier version']").text == before.rstrip("\n")
    view.click("dialog button", "Go back to it")
    view.sees_no("dialog")
    until(lambda: text_of(view) == before, "the former text is back")
    view.go("#/models")
    view.sees("[data-model=first]")
    view.sees_no("[data-model=added]")


def edit(view, css, value):
    """Write into a field of the form, and leave it."""
    view.write(f".outline {css}", value).send_keys(Keys.TAB)


def test_form_changes_the_text_and_nothing_else(view):
    view.open("#/config")
    before = view.sees(".editor textarea").get_property("value")
    view.click(".outline button", "second")
    edit(view, "input[name=ttl]", "90")
    until(lambda: "    ttl: 90" in text_of(view), "the text has it")
    view.choose(".outline select[name=unlisted]", "true")
    until(lambda: "    unlisted: true" in text_of(view), "a yes")
    edit(view, "input[aria-label='aliases: another one']", "gpt-4o")
    until(lambda: "      - gpt-4o" in text_of(view), "an alias")
    edit(view, "input[aria-label='aliases: another one']", "gpt-4")
    until(lambda: "      - gpt-4\n" in text_of(view), "another alias")
    view.click(".outline summary", "All other keys")
    view.click(".outline summary", "filters")
    edit(view, "input[name=stripParams]", "temperature")
    until(lambda: "      stripParams: temperature" in text_of(view), "a key of a block")
    view.click(".outline summary", "setParams")
    view.write(".outline input[aria-label='setParams: a new name']", "top_k")
    edit(view, "input[aria-label='setParams: its value']", "40")
    until(lambda: "        top_k: 40" in text_of(view), "a value of a mapping, as a number")
    view.sees(".problems", "Nothing to complain about")
    assert text_of(view).startswith(before.split("  second:")[0])
    view.click(".outline button[aria-label='Remove setParams, top_k']")
    until(lambda: "setParams" not in text_of(view), "and it is gone")
    edit(view, "input[name=stripParams]", " ")
    until(lambda: "filters" not in text_of(view), "with its block")
    view.click("button", "Discard")
    until(lambda: text_of(view) == before, "nothing has happened")


def test_what_is_being_written_survives_what_is_drawn_meanwhile(view):
    view.open("#/config")
    view.click(".outline button", "second")
    view.write(".outline input[name=ttl]", "12")
    view.run(
        """
        const field = document.querySelector(".outline input[name=name]");
        field.value = "Second";
        field.dispatchEvent(new Event("change", { bubbles: true }));
        """
    )
    until(lambda: "name: Second" in text_of(view), "another edit is answered")
    assert view.find(".outline input[name=ttl]").get_property("value") == "12"
    view.click("button", "Discard")


def test_every_key_of_a_model_is_in_the_form(view):
    view.open("#/config")
    view.click(".outline button", "first")
    view.sees(".outline .more")
    names = view.run("return [...document.querySelectorAll('.outline .key code')].map((each) => each.textContent)")
    keys = view.run(
        """
        return fetch("/api/desktop/config/schema").then((answer) => answer.json())
          .then(({ properties }) => Object.keys(properties.models.additionalProperties.properties));
        """
    )
    assert set(keys) - {"healthCheckTimeout"} <= set(names)


def test_edits_in_a_hurry_do_not_undo_each_other(view):
    view.open("#/config")
    view.click(".outline button", "second")
    view.sees(".outline input[name=ttl]")
    view.run(
        """
        for (const [name, value] of [["ttl", "31"], ["name", "Second"], ["description", "Hurried"]]) {
          const field = document.querySelector(`.outline input[name=${name}]`);
          field.value = value;
          field.dispatchEvent(new Event("change", { bubbles: true }));
        }
        """
    )
    until(lambda: all(each in text_of(view) for each in ("ttl: 31", "name: Second", "description: Hurried")), "all")
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
