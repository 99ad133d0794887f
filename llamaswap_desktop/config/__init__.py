"""Turns YAML text into one frozen ``Config``, or into problems with file, line and key."""

from llamaswap_desktop.config.command import Platform, fill_in_pid, split_command
from llamaswap_desktop.config.describe import describe, to_yaml
from llamaswap_desktop.config.diff import ConfigDiff, diff_configs
from llamaswap_desktop.config.edit import CannotEdit, remove_value, set_value
from llamaswap_desktop.config.filters import CleanFilters, clean_filters
from llamaswap_desktop.config.groups import default_group
from llamaswap_desktop.config.ignored_paths import IgnoredPaths
from llamaswap_desktop.config.load import load_config, parse_config
from llamaswap_desktop.config.matrix import Choice, Matrix
from llamaswap_desktop.config.names import PeerModel
from llamaswap_desktop.config.outline import WrittenModel, outline
from llamaswap_desktop.config.saving import Backup, ConfigFile, NoSuchBackup, Saved, StaleText
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
    PeerId,
    Profile,
    ProfileId,
    Retry,
    Router,
    RouterSettings,
    Routing,
    Selector,
    SelectorId,
    SelectorSettings,
    Strategy,
    Timeouts,
    WakeOnLan,
)
from llamaswap_desktop.config.secrets import masked_command, secrets_of
from llamaswap_desktop.config.shipped import example_config_text, schema_text, starter_config_text
from llamaswap_desktop.config.sources import Sources, SourceText
from llamaswap_desktop.config.watch import Watcher

__all__ = [
    "Backup",
    "CannotEdit",
    "Capabilities",
    "Choice",
    "CleanFilters",
    "Compat",
    "Config",
    "ConfigDiff",
    "ConfigFile",
    "Desktop",
    "Fifo",
    "Filters",
    "Footprint",
    "Group",
    "IgnoredPaths",
    "Limits",
    "Matrix",
    "MemorySettings",
    "Model",
    "NoSuchBackup",
    "Peer",
    "PeerId",
    "PeerModel",
    "Platform",
    "Profile",
    "ProfileId",
    "Retry",
    "Router",
    "RouterSettings",
    "Routing",
    "Saved",
    "Selector",
    "SelectorId",
    "SelectorSettings",
    "SourceText",
    "Sources",
    "StaleText",
    "Strategy",
    "Timeouts",
    "WakeOnLan",
    "Watcher",
    "WrittenModel",
    "clean_filters",
    "default_group",
    "describe",
    "diff_configs",
    "example_config_text",
    "fill_in_pid",
    "load_config",
    "masked_command",
    "outline",
    "parse_config",
    "remove_value",
    "schema_text",
    "secrets_of",
    "set_value",
    "split_command",
    "starter_config_text",
    "to_yaml",
]
