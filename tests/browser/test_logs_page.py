"""The Logs page: live, coloured, searchable, and quick with a hundred thousand lines."""

import time

import pytest

from tests.browser.browsing import until
from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser

MANY = 100_000


def config():
    coloured = responder("coloured", "--say", "\x1b[31mred\x1b[0m \x1b[1;38;5;46mgreen\x1b[0m plain")
    flood = responder("flood", "--flood", str(MANY * 100))
    return configuration(coloured, flood)


def load(view, model):
    view.run(
        "return fetch('/api/desktop/commands/load', {method: 'POST', body: JSON.stringify({model: arguments[0]})})",
        model,
    )


def test_lines_arrive_live_and_in_colour(view):
    view.open("#/logs/coloured")
    view.sees(".log-end", "Nothing has been said yet.")
    load(view, "coloured")
    view.sees(".log-line .ansi-1", "red")
    assert view.sees(".log-line .ansi-bold", "green").value_of_css_property("color") == "rgba(0, 255, 0, 1)"
    view.sees(".log-line", "m listens")


def test_program_s_own_lines_search_pause_and_wrap(view):
    view.open("#/logs")
    view.sees(".log-line", "serves on")
    view.write("input[type=search]", "serves on")
    view.sees(".hits", "1 hit")
    view.click("button[aria-label=Next]")
    view.sees(".log-line.marked mark", "serves on")
    view.click("button", "Only these")
    view.sees(".log-end", "1 line")
    view.click("button", "Only these")
    view.click("button", "Pause")
    before = view.sees(".log-end").text
    load(view, "coloured")
    view.run("return fetch('/v1/models')")
    view.sees("button", "new)")
    assert view.sees(".log-end").text == before
    view.click("button", "Go on")
    view.click("button", "Wrap")
    view.sees(".log-frame:not(.wrapped)")
    view.click("button", "Wrap")
    view.sees(".log-frame.wrapped")


def test_source_is_chosen(view):
    view.open("#/logs")
    view.choose("select[name=source]", "model coloured")
    view.sees(".log-line", "listens")
    view.choose("select[name=source]", "upstream")
    view.sees(".log-line", "listens")


def test_a_hundred_thousand_lines_stay_smooth(view):
    view.open("#/logs/flood")
    view.sees(".log-end", "Nothing")
    began = time.monotonic()
    load(view, "flood")
    view.sees(".log-line", "m listens", timeout_s=30)
    count = until(lambda: int(view.find(".log-end span").text.split()[0].replace(",", "")), "lines are counted")
    assert count >= MANY // 10  # who reads live may lose some
    print(f"{count} lines after {time.monotonic() - began:.1f} s")
    frames = view.driver.execute_async_script(
        """
        const done = arguments[0];
        const box = document.querySelector(".virtual");
        const frames = [];
        let last = performance.now();
        const step = (now) => {
          frames.push(now - last);
          last = now;
          box.scrollTop = (frames.length * 7919 * 20) % box.scrollHeight;
          if (frames.length < 60) requestAnimationFrame(step);
          else done(frames.slice(1));
        };
        requestAnimationFrame(step);
        """
    )
    frames.sort()
    print(f"frame while scrolling: median {frames[len(frames) // 2]:.1f} ms, longest {frames[-1]:.1f} ms")
    assert frames[len(frames) // 2] < 50
    assert len(view.all(".log-line")) < 200
