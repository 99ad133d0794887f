"""The effective configuration for people and programs: under the YAML's own keys, with secrets masked."""

from typing import Any

import msgspec
import yaml

from llamaswap_desktop.config.matrix import Matrix
from llamaswap_desktop.config.routing import MEMORY
from llamaswap_desktop.config.scalars import resolve_plain
from llamaswap_desktop.config.schema import Config
from llamaswap_desktop.config.secrets import MASK, masked, secrets_of


def describe(config: Config) -> dict[str, Any]:
    """Return what holds: defaults filled in, macros expanded, routing in the new style, durations in seconds."""
    described: dict[str, Any] = msgspec.to_builtins(config, enc_hook=_describe_matrix)
    del described["warnings"]
    _drop_absent(described)
    for model in described["models"].values():
        del model["port"]
        _drop_absent(model["memory"])
    for entities in ("models", "peers", "selectors", "profiles"):
        _drop_ids(described[entities])
    settings = described["routing"]["router"]["settings"]
    _drop_absent(settings)
    _drop_ids(settings["groups"])
    if config.routing.router.use != MEMORY:
        del settings["memory"]
    shown: dict[str, Any] = _Masked(config).of(described)
    return shown


def to_yaml(described: dict[str, Any]) -> str:
    """Write a described configuration as YAML, for reading; in the style of JSON where it is nested very deep."""
    try:
        return yaml.dump(described, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    except RecursionError:
        return msgspec.json.format(msgspec.json.encode(described), indent=2).decode() + "\n"


def _describe_matrix(value: Any) -> Any:
    assert isinstance(value, Matrix)
    return {
        "vars": dict(value.variables),
        "evict_costs": dict(value.costs),
        "sets": {one.name: one.expression for one in value.sets},
    }


def _drop_ids(entities: dict[str, dict[str, Any]]) -> None:
    for entity in entities.values():
        del entity["id"]


def _drop_absent(block: dict[str, Any]) -> None:
    for key in [key for key, value in block.items() if value is None]:
        del block[key]


class _Masked:
    """Copies a value without its secrets."""

    def __init__(self, config: Config) -> None:
        self._secrets = secrets_of(config)

    def of(self, value: Any, key: str = "") -> Any:
        """Return the copy; one frame per level, as values may be nested 500 deep."""
        if isinstance(value, dict):
            values = {}
            for name, inner in value.items():
                values[name] = self.of(inner, name)
            return values
        if isinstance(value, (list, tuple)):
            items = []
            for item in value:
                items.append(self.of(item, key))  # noqa: PERF401 - a comprehension is a second frame per level
            return items
        return self._text(value, key) if isinstance(value, str) else value

    def _text(self, text: str, key: str) -> str:
        if key in {"apiKeys", "apiKey", "adminKeys"}:
            return MASK if text else text
        return masked(text, self._secrets)


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader, unlike PyYAML's, would take for something else than text."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if not isinstance(resolve_plain(text), str) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
