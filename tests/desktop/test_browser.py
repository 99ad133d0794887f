"""Pages open with what the desktop has for it, in the environment that was asked for."""

import pytest

from llamaswap_desktop.desktop import open_url
from tests.waiting import wait_until

pytestmark = [pytest.mark.child, pytest.mark.linux]


def opener(folder, name: str) -> None:
    file = folder / name
    file.write_text('#!/bin/sh\nPATH=/usr/bin:/bin\necho "$@ $MOOD" > "$KEPT.new"; mv "$KEPT.new" "$KEPT"\n')
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("installed", "words"), [(("xdg-open", "gio"), ""), (("gio",), "open "), (("x-www-browser",), "")]
)
def test_first_opener_there_is(tmp_path, installed, words):
    for name in installed:
        opener(tmp_path, name)
    kept = tmp_path / "kept"
    open_url("http://127.0.0.1:9292/ui/", {"PATH": str(tmp_path), "KEPT": str(kept), "MOOD": "calm"})
    wait_until(lambda: kept.exists() and kept.read_text().endswith("\n"), "the opener has been called")
    assert kept.read_text() == f"{words}http://127.0.0.1:9292/ui/ calm\n"


def test_desktop_without_any_is_an_error_that_names_them(tmp_path):
    with pytest.raises(OSError, match="none of xdg-open, gio, .* is installed"):
        open_url("http://127.0.0.1:9292/ui/", {"PATH": str(tmp_path)})
