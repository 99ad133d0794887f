"""Turns YAML text into one frozen ``Config``, or into problems with file, line and key."""

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

__all__ = [
    "Choice",
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
    "Profile",
    "Retry",
    "Selector",
    "SelectorId",
    "SelectorSettings",
    "Strategy",
    "Timeouts",
]
