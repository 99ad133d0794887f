"""What changes from one configuration to the next, and what that means for running models (runtime, section 14.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from llamaswap_desktop.config.schema import Config, Model
from llamaswap_desktop.types import ModelId

_DEFINITION = frozenset({"cmd", "cmd_stop", "env", "proxy", "check_endpoint"})
"""The fields that make a running process another one; all others take effect while it runs."""

_ELSEWHERE = frozenset({"models", "warnings", "macros"})


@dataclass(frozen=True, slots=True)
class ConfigDiff:
    """The difference between two configurations.

    ``restarts`` are those of the ``changed`` models whose definition (command, environment, address, check) is another;
    they go when they are idle and start anew on demand.  With ``desktop.reloadAsDiff: false`` they are all that stay,
    changed or not.  ``live`` are the dotted keys whose change applies at once.
    """

    added: tuple[ModelId, ...]
    removed: tuple[ModelId, ...]
    changed: tuple[ModelId, ...]
    restarts: tuple[ModelId, ...]
    live: tuple[str, ...]


def diff_configs(old: Config, new: Config) -> ConfigDiff:
    """Compare what two configurations mean, not how they are written."""
    common = [model for model in new.models if model in old.models]
    differing = {model: set(_differing(old.models[model], new.models[model])) - {"macros"} for model in common}
    live = [f"models.{model}.{key}" for model, keys in differing.items() for key in sorted(keys - _DEFINITION_KEYS)]
    top = [key for key in _differing(old, new) if key not in _ELSEWHERE]
    return ConfigDiff(
        added=tuple(model for model in new.models if model not in old.models),
        removed=tuple(model for model in old.models if model not in new.models),
        changed=tuple(model for model, keys in differing.items() if keys),
        restarts=tuple(
            model for model, keys in differing.items() if keys & _DEFINITION_KEYS or not new.desktop.reload_as_diff
        ),
        live=(*top, *live),
    )


def _differing(old: msgspec.Struct, new: msgspec.Struct) -> Iterator[str]:
    """Yield the keys whose values differ."""
    for info in msgspec.structs.fields(type(new)):
        if getattr(old, info.name) != getattr(new, info.name):
            yield info.encode_name


def _keys(cls: type[msgspec.Struct], fields: frozenset[str]) -> frozenset[Any]:
    return frozenset(info.encode_name for info in msgspec.structs.fields(cls) if info.name in fields)


_DEFINITION_KEYS = _keys(Model, _DEFINITION)
