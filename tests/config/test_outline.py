"""What a text says about its models."""

import pytest

from llamaswap_desktop.config import outline
from llamaswap_desktop.errors import ConfigError


def test_models_with_their_lines_and_values():
    first, second = outline("# head\nx: &x {ttl: 5}\nmodels:\n  a:\n    <<: *x\n    cmd: run ${PORT}\n  7:\n")
    assert (first.id, first.line, first.values) == ("a", 4, {"cmd": "run ${PORT}", "ttl": 5})
    assert (second.id, second.line, second.values) == ("7", 7, None)


@pytest.mark.parametrize("text", ["", "models:\n", "models: [a]\n", "groups: {}\n", "[]\n"])
def test_no_models(text):
    assert outline(text) == ()


def test_what_is_no_yaml():
    with pytest.raises(ConfigError):
        outline("models: {")
