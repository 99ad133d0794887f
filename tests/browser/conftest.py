"""One browser for all tests of this folder, a program for each file, and a look at the console after each test."""

import sys
from pathlib import Path

import pytest

from tests.browser.browsing import browser, serving

collect_ignore_glob = ["test_*.py"] if sys.platform == "win32" else []


ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "ui"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a picture of the page on which a test failed."""
    report = yield
    seen = item.funcargs.get("one_browser")
    if report.failed and call.when == "call" and seen is not None:
        seen.shot(ARTEFACTS / f"failed-{item.name.replace('/', '-')}.png")
    return report


@pytest.fixture(scope="session")
def one_browser(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("browser")) as view:
        yield view


@pytest.fixture(scope="module")
def address(request, tmp_path_factory):
    """Where the program serves what the file's ``config()`` returns; without one, as at a first start."""
    home = tmp_path_factory.mktemp("home")
    config = getattr(request.module, "config", None)
    with serving(home, config() if config else None) as served:
        yield served


@pytest.fixture
def view(one_browser, address):
    """The browser, at the program; the test fails if the console complains of what the test does not name."""
    one_browser.address = address
    one_browser.expected = []
    one_browser.resize(1280, 900)
    one_browser.prefer("light")
    one_browser.complaints()
    yield one_browser
    complaints = [each for each in one_browser.complaints() if not any(word in each for word in one_browser.expected)]
    assert not complaints
    one_browser.driver.get("about:blank")
