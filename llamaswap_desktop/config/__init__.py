"""Turns YAML text into one frozen ``Config``, or into problems with file, line and key."""

from llamaswap_desktop.config.command import Platform, fill_in_pid, split_command
from llamaswap_desktop.config.filters import CleanFilters, clean_filters
from llamaswap_desktop.config.load import load_config, parse_config
from llamaswap_desktop.config.matrix import Choice, Matrix
from llamaswap_desktop.config.names import PeerModel
from llamaswap_desktop.config.schema import (
    Config,
    Fifo,
    Footprint,
    Group,
    GroupId,
    MemorySettings,
    Model,
    Peer,
    PeerId,
    Profile,
    Retry,
    Selector,
    SelectorId,
    SelectorSettings,
    Strategy,
    Timeouts,
)
from llamaswap_desktop.config.sources import Sources, SourceText
from llamaswap_desktop.config.starter import example_config_text, starter_config_text

__all__ = [
    "Choice",
    "CleanFilters",
    "Config",
    "Fifo",
    "Footprint",
    "Group",
    "GroupId",
    "Matrix",
    "MemorySettings",
    "Model",
    "Peer",
    "PeerId",
    "PeerModel",
    "Platform",
    "Profile",
    "Retry",
    "Selector",
    "SelectorId",
    "SelectorSettings",
    "SourceText",
    "Sources",
    "Strategy",
    "Timeouts",
    "clean_filters",
    "example_config_text",
    "fill_in_pid",
    "load_config",
    "parse_config",
    "split_command",
    "starter_config_text",
]
