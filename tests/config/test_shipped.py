"""The configurations that come with the program."""

import re

from llamaswap_desktop.config import Platform, example_config_text, split_command, starter_config_text
from llamaswap_desktop.config.load import KNOWN_KEYS
from llamaswap_desktop.config.read import keys_of
from llamaswap_desktop.config.schema import (
    Capabilities,
    Compat,
    Config,
    Desktop,
    Fifo,
    Filters,
    Footprint,
    Group,
    Limits,
    MemorySettings,
    Model,
    Peer,
    Profile,
    Retry,
    Selector,
    Timeouts,
    WakeOnLan,
)
from tests.config.loading import load, models


def test_the_starter_has_two_demo_models_plainly_labelled():
    config = load(starter_config_text())
    assert list(config.models) == ["demo-alice", "demo-bob"]
    assert config.warnings == ()
    assert config.store is None
    for name, model in config.models.items():
        assert "demo" in model.name.lower()
        assert "demo" in model.description.lower()
        words = split_command(model.cmd, Platform.POSIX)
        assert words == ["llamaswap-desktop", "demo-model", "--port", str(model.port), "--name", name]
        assert split_command(model.cmd, Platform.WINDOWS) == words


def test_the_commented_model_of_the_starter_loads_too():
    lines = re.sub(r"(?m)^  # (?=my-model:|  \w+: )", "  ", starter_config_text())
    found = load(lines).models["my-model"]
    assert (found.ttl_s, found.name) == (600, "My model")


def test_the_example_loads_without_a_warning():
    assert load(example_config_text()).warnings == ()


def test_the_example_shows_every_key():
    text = example_config_text()
    blocks = [Config, Model, Timeouts, Filters, Capabilities, Compat, Footprint, Group, Peer, Selector, Profile]
    blocks += [MemorySettings, Fifo, Desktop, Limits, Retry, WakeOnLan]
    keys = set(KNOWN_KEYS).union(*(keys_of(block) for block in blocks))
    missing = [key for key in sorted(keys) if not re.search(rf"(?m)^[ #]*(- )?{key}:|[{{, ]{key}:", text)]
    assert missing == []


def test_the_example_s_alternatives_load_when_they_are_taken():
    text = example_config_text()
    commented = re.findall(r"(?ms)^# >>> (.*?)\n(.*?)^# <<<", text)
    assert commented
    for name, block in commented:
        load(models("llama-8b", "qwen-7b", "whisper"), re.sub(r"(?m)^# ?", "", block)), name
