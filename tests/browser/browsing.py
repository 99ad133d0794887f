"""A real browser, without a window, and the whole program for it to look at."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.needs import need
from tests.whole.program import SERVES, profile

T = TypeVar("T")

PATIENCE_S = 10.0
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--force-prefers-reduced-motion",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@contextlib.contextmanager
def serving(home: Path, config: str | None = None, listen: str = "127.0.0.1:0") -> Iterator[str]:
    """Run the program with ``config`` (None: a first start) and yield its address."""
    words = []
    if config is not None:
        file = home / "config.yaml"
        file.write_text(config, encoding="utf-8")
        words = ["serve", "--config", str(file)]
    log = home / "program.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "llamaswap_desktop", *words, "--listen", listen],
            env=profile(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield until(lambda: _address_in(log, process), f"it serves, as told in {log}", 20)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address_in(log: Path, process: subprocess.Popen) -> str | None:
    text = log.read_text(encoding="utf-8", errors="replace")
    assert process.poll() is None, f"it ended before it served:\n{text}"
    return found[1] if (found := SERVES.search(text)) else None


def until(fact: Callable[[], T], name: str, timeout_s: float = PATIENCE_S) -> T:
    """Return the first true value of ``fact()``; fail by ``name``.  Elements that come and go are no failure."""
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(StaleElementReferenceException, NoSuchElementException):
            if found := fact():
                return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout_s} s still not true: {name}")
        time.sleep(0.03)


class Browser:
    """A browser that looks at the program at ``address``."""

    def __init__(self, driver: webdriver.Chrome, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads
        self.address = ""
        self.expected: list[str] = []

    def open(self, hash_: str = "#/models") -> None:
        """Load the page anew, as the person's first look at ``hash_``."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}/ui/{hash_}")
        self.sees("nav")

    def go(self, hash_: str) -> None:
        """Follow a link within the page."""
        self.driver.execute_script("location.hash = arguments[0]", hash_)

    def find(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def sees(self, css: str, text: str = "", timeout_s: float = PATIENCE_S) -> WebElement:
        """Wait for a visible element with ``text`` in it, and return it."""

        def look() -> WebElement | None:
            return next((each for each in self.all(css) if each.is_displayed() and text in each.text), None)

        return until(look, f"{css} with {text!r} is shown", timeout_s)

    def sees_no(self, css: str, text: str = "") -> None:
        until(lambda: not any(text in each.text for each in self.all(css)), f"{css} with {text!r} is gone")

    def click(self, css: str, text: str = "") -> None:
        """Click what a person would see under that name."""
        element = self.sees(css, text)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        until(lambda: self._clicked(css, text), f"{css} with {text!r} can be clicked")

    def _clicked(self, css: str, text: str) -> bool:
        element = next(each for each in self.all(css) if each.is_displayed() and text in each.text)
        if not element.is_enabled():
            return False
        element.click()
        return True

    def write(self, css: str, text: str) -> WebElement:
        """Replace what stands in a field, as a person would."""
        element = self.sees(css)
        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(text)
        return element

    def choose(self, css: str, value: str) -> None:
        """Choose an option by its value, as soon as it is offered."""

        def offered() -> WebElement | None:
            options = self.all(f"{css} option")
            return next((each for each in options if each.get_property("value") == value), None)

        until(offered, f"{value} is offered").click()

    def run(self, script: str, *arguments: object) -> object:
        return self.driver.execute_script(script, *arguments)

    def complaints(self) -> list[str]:
        """What the console has said since the last look, but for the answers of servers that were asked for trouble."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] in {"SEVERE", "WARNING"}]

    def shot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))

    def resize(self, width: int, height: int) -> None:
        """Give the page itself this size, whatever a window's smallest size is."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def prefer(self, colours: str) -> None:
        """Be a system with ``light`` or ``dark`` colours."""
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": colours}]}
        )


@contextlib.contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own below ``home``."""
    options = Options()
    options.binary_location = need("chromium", "chromium")
    for word in (*QUIET, f"--user-data-dir={home / 'browser'}", "--window-size=1280,900"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(home / "downloads")})
    environment = {**os.environ, "HOME": str(home)}
    driver = webdriver.Chrome(options, Service(need("chromedriver", "chromium-driver"), env=environment))
    try:
        yield Browser(driver, home / "downloads")
    finally:
        driver.quit()
