"""HTML in names, logs, answers and captures stays text."""

import json
import urllib.parse
import urllib.request

import pytest

from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser

EVIL = '<img src=x onerror="window.hacked=1">'
MARKDOWN = f"**bold** {EVIL} [link](javascript:window.hacked=1) ![pic](http://example.invalid/x.png)"
LINE = '<svg/onload="window.hacked=1"><b>log</b>'


def config():
    name = json.dumps(EVIL)
    more = f"    name: {name}\n    description: {name}\n    aliases: ['<i>alias</i>']\n"
    evil = responder(EVIL, "--name", MARKDOWN.replace(" ", "\u00a0").replace('"', ""), "--say", LINE, more=more)
    return configuration(evil)


def ask(address):
    body = {"model": EVIL, "messages": [{"role": "user", "content": EVIL}], "stream": True}
    request = urllib.request.Request(
        f"{address}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Session-ID": EVIL},
    )
    urllib.request.urlopen(request).read()


def stays_text(view):
    assert view.run("return window.hacked") is None
    assert not view.all("main img[src=x], dialog img[src=x], main b, main i, dialog b")
    assert not view.all("a[href^='javascript']")


def test_html_stays_text_everywhere(view):
    ask(view.address)
    view.open("#/models")
    view.sees("main .name", EVIL)
    view.sees("main .facts", "<i>alias</i>")
    view.click("main a.name")
    view.sees("dialog h2", EVIL)
    stays_text(view)
    view.open("#/activity")
    view.sees("td.model", EVIL)
    stays_text(view)
    view.open("#/activity/1")
    view.sees("dialog pre", EVIL.replace('"', '\\"'))
    view.sees("dialog pre[aria-label=Answer]", "<img")
    stays_text(view)
    view.open(f"#/logs/{urllib.parse.quote(EVIL, safe='')}")
    view.sees(".log-line", LINE)
    view.write("input[type=search]", "<b>")
    view.sees(".log-line mark", "<b>")
    stays_text(view)
    view.open(f"#/playground/chat?{urllib.parse.urlencode({'model': EVIL})}")
    view.write(".writer textarea", EVIL)
    view.click(".writer button", "Send")
    view.sees(".turn.assistant .markdown strong", "bold")
    view.sees(".turn.assistant .markdown", "<img")
    view.sees(".turn-end")
    stays_text(view)
    view.open("#/activity?view=loads")
    view.sees("td.model", EVIL)
    stays_text(view)
    view.open("#/config")
    view.click(".outline button", EVIL)
    view.sees(".outline input[name=name]")
    stays_text(view)
