"""The Models page: what is there, what it does, and that it follows the program live."""

import concurrent.futures
import json
import urllib.request

import pytest

from tests.browser.browsing import until
from tests.browser.household import ask, household
from tests.browser.models import responder

pytestmark = pytest.mark.browser


def config():
    slow = responder("slow", "--ready-after", "60")
    broken = responder("broken", "--exit-after", "0.1", "--exit-code", "3")
    return household().replace("groups:\n", f"{slow}{broken}groups:\n")


def row(model):
    return f"[data-model='{model}']"


def load(view, model):
    view.click(f"{row(model)} button.verb", "Load")
    view.sees(f"{row(model)} .facts", "Loaded")


def test_everything_is_listed_by_group(view):
    view.open()
    view.sees("h2", "chat")
    view.sees("h2", "small helpers")
    view.sees(row("qwen3-8b"), "also qwen3")
    view.sees(row("quick"), "warm among qwen3-8b, gpt-oss-20b")
    view.sees("h2", "Peer studio")
    view.sees(row("studio/flux-dev"))


def test_load_and_unload_follow_live(view):
    view.open()
    load(view, "qwen3-8b")
    view.sees(".head-line", "Qwen3 8B is loaded")
    load(view, "gemma3-27b")
    view.sees(f"{row('qwen3-8b')} .facts", "Not loaded")
    view.click("button", "Free memory now")
    view.sees(".head-line", "No model is loaded")


def test_a_load_says_how_it_goes_and_can_be_called_off(view):
    view.open()
    view.click(f"{row('slow')} button.verb", "Load")
    view.sees(f"{row('slow')} .facts", "Starting…")
    view.sees(f"{row('slow')} .sentence", "for ")
    view.click(f"{row('slow')} button.verb", "Cancel")
    view.sees(f"{row('slow')} button.verb", "Load")


def test_a_request_that_waits_says_why_and_for_how_long(view):
    view.open()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, view.address, "slow", "Are you there?", False)
        first = view.sees(f"{row('slow')} .sentence", "waiting").text
        view.sees(f"{row('slow')} .facts", "1 waiting")
        until(lambda: view.find(f"{row('slow')} .sentence").text != first, "the time goes on")
        view.click(f"{row('slow')} button.verb", "Cancel")
        assert asking.exception(10) is not None
    view.sees(f"{row('slow')} button.verb", "Load")


def test_a_failure_says_why(view):
    view.open()
    view.click(f"{row('broken')} button.verb", "Load")
    view.sees(f"{row('broken')} .error-text", "code 3")
    view.click(f"{row('broken')} .error-text a", "Log")
    view.sees(".log-line", "gives up")


def test_search_and_filter(view):
    view.open()
    view.write("input[type=search]", "sees images")
    view.sees_no(row("qwen3-8b"))
    view.sees(row("gemma3-27b"))
    view.write("input[type=search]", "nothing like this")
    view.sees(".empty", "Nothing matches.")
    view.run("document.querySelector('input[type=search]').value = ''")
    view.open()
    view.click(".segments button", "Peers")
    view.sees(row("studio/llama-3.3-70b"))
    view.sees_no(row("qwen3-8b"))


def test_details_have_the_command_and_settings_for_clients(view):
    view.open()
    load(view, "bge-m3")
    view.click(f"{row('bge-m3')} a.name")
    view.sees("dialog pre", "demo-model --port")
    view.sees("dialog .facts-list", "after 10 min without a request")
    view.click("dialog summary", "Settings in force")
    view.sees("dialog details", "checkEndpoint")
    view.sees("dialog code", f"{view.address}/v1")
    view.click("dialog button", "Unload")
    view.sees("dialog .facts-list", "Not loaded")
    view.click("dialog button[aria-label=Close]")
    view.sees_no("dialog")


def test_details_say_what_loading_would_unload(view):
    view.open()
    load(view, "qwen3-8b")
    view.click(f"{row('gemma3-27b')} a.name")
    view.sees("dialog .plans dd", "qwen3-8b")
    view.sees("dialog .plans .hint", "group chat: swap on, exclusive off")
    ask(view.address, "gpt-oss-20b", "Hello", False)
    view.sees("dialog .plans dd", "gpt-oss-20b")
    view.click("dialog button", "Load")
    view.sees("dialog .facts-list", "Loaded")
    view.sees_no("dialog .plans")


def test_pins_profiles_switches_and_pause(view):
    view.open()
    view.click(f"{row('qwen3-8b')} [aria-label^='Keep']")
    view.sees(f"{row('qwen3-8b')} [aria-pressed=true]")
    view.click(f"{row('qwen3-8b')} [aria-label^='Keep']")
    view.sees(f"{row('qwen3-8b')} [aria-pressed=false]")
    view.choose(".page-title select", "coding")
    until(lambda: view.find(".page-title select").get_property("value") == "coding", "the profile is active")
    view.choose(".page-title select", "")
    view.click("[aria-label='Switches of chat'] button", "alone")
    view.sees("[aria-label='Switches of chat'] [aria-pressed=true]", "alone")
    view.click("button", "as configured")
    view.sees("[aria-label='Switches of chat'] [aria-pressed=false]", "alone")
    view.choose("label:last-of-type select", "null")
    view.sees(".head-line", "Paused")
    view.click("button", "Resume")
    view.sees(".head-line", "No model is loaded")


def test_what_others_do_is_seen_too(view):
    view.open()
    body = json.dumps({"model": "devstral-24b"}).encode()
    request = urllib.request.Request(
        f"{view.address}/api/desktop/commands/load", body, {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).close()
    view.sees(f"{row('devstral-24b')} .facts", "Loaded")


def test_an_idle_model_says_when_it_goes(view):
    view.open()
    view.write("input[type=search]", "gpt-oss")
    view.click(f"{row('gpt-oss-20b')} button.verb", "Load")
    view.sees(f"{row('gpt-oss-20b')} .facts", "unloads in 10 min")
    view.click(f"{row('gpt-oss-20b')} button[aria-pressed]")
    view.sees_no(f"{row('gpt-oss-20b')} .facts", "unloads in")
    view.click(f"{row('gpt-oss-20b')} button[aria-pressed]")
    view.go("#/models/gpt-oss-20b")
    view.sees("dialog dd", "after 10 min without a request, so in 10 min")


def test_every_light_is_as_wide_as_it_is_high(view):
    for width in (1280, 360):
        view.resize(width, 900)
        view.open()
        view.sees(".light.selector")
        sizes = view.run(
            "return [...document.querySelectorAll('.light')].map((each) => [each.offsetWidth, each.offsetHeight])"
        )
        assert len({(wide, high) for wide, high in sizes}) == 1, width
        assert sizes[0][0] == sizes[0][1]
