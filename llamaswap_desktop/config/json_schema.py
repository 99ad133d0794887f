"""A JSON schema of the configuration for editors, generated from the typed values.

It is more lenient than a schema of JSON would be, as YAML is: any value may be a macro, and ``yes`` is a boolean.
"""

import re
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from llamaswap_desktop.config.key_notes import NOTES
from llamaswap_desktop.config.models import NEW_MODEL
from llamaswap_desktop.config.read import Kind, keys_of
from llamaswap_desktop.config.schema import (
    Config,
    Filters,
    Group,
    Model,
    Peer,
    Profile,
    Selector,
    Strategy,
    WakeOnLan,
)
from llamaswap_desktop.config.sets import MatrixSource
from llamaswap_desktop.config.top import LOG_LEVELS, LOG_OUTPUTS
from llamaswap_desktop.types import GroupId

_Schema = dict[str, Any]

_SOURCE = re.compile(r" \([^()]*section[^()]*\)")
_MACRO: _Schema = {"type": "string", "pattern": r"\$\{[A-Za-z0-9_.-]+\}"}
_YES_NO = ("yes", "no", "on", "off", "y", "n")
_TYPES: dict[Kind, _Schema] = {
    Kind.STRING: {"type": ["string", "number", "boolean", "null"]},
    Kind.INTEGER: {"anyOf": [{"type": ["number", "null"]}, _MACRO]},
    Kind.BOOLEAN: {"anyOf": [{"type": ["boolean", "null"]}, {"enum": list(_YES_NO)}, _MACRO]},
    Kind.DURATION: {"type": ["string", "null"]},
    Kind.STRINGS: {"type": ["array", "null"], "items": {"type": ["string", "number", "boolean", "null"]}},
    Kind.OTHER: {},
}
_CHOICES: Mapping[tuple[type[msgspec.Struct], str], tuple[str, ...]] = {
    (Config, "logLevel"): LOG_LEVELS,
    (Config, "logToStdout"): LOG_OUTPUTS,
    (Selector, "strategy"): tuple(Strategy),
}


def generate_schema() -> _Schema:
    """Return the schema of a whole configuration."""
    schema = _block(Config, Config())
    keys = schema["properties"]
    groups, matrix = _entities(Group, Group(id=GroupId(""))), _block(MatrixSource, MatrixSource())
    keys |= {
        "models": _entities(Model, NEW_MODEL),
        "peers": _entities(Peer, None),
        "selectors": _entities(Selector, None),
        "profiles": _entities(Profile, None),
        "groups": groups,
        "matrix": matrix,
        "macros": _macros(),
    }
    keys["models"]["additionalProperties"]["properties"]["macros"] = _noted(Model, "macros", _macros())
    settings = keys["routing"]["properties"]["router"]["properties"]["settings"]["properties"]
    settings |= {"groups": groups, "matrix": matrix}
    keys["desktop"]["properties"]["wakeOnLan"] = _entities(WakeOnLan, None)
    filters = keys["models"]["additionalProperties"]["properties"]["filters"]["properties"]
    filters["strip_params"] = _noted(Filters, "strip_params", {**_TYPES[Kind.STRING], "deprecated": True})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "llama-swap Desktop configuration",
        **schema,
    }


def render_schema() -> str:
    """Write the generated schema as text."""
    return msgspec.json.format(msgspec.json.encode(generate_schema()), indent=2).decode() + "\n"


def _block(cls: type[msgspec.Struct], prototype: msgspec.Struct | None) -> _Schema:
    properties = {
        key: _noted(cls, key, _with_default(_key(cls, key), prototype, info.field, info.kind))
        for key, info in keys_of(cls).items()
    }
    summary = _SOURCE.sub("", (cls.__doc__ or "").split("\n", 1)[0])
    return {"type": ["object", "null"], "description": summary, "properties": properties}


def _noted(cls: type[msgspec.Struct], key: str, schema: _Schema) -> _Schema:
    note = NOTES.get(cls, {}).get(key)
    return schema if note is None else {**schema, "description": note}


def _entities(cls: type[msgspec.Struct], prototype: msgspec.Struct | None) -> _Schema:
    return {"type": ["object", "null"], "additionalProperties": _block(cls, prototype)}


def _key(cls: type[msgspec.Struct], key: str) -> _Schema:
    info = keys_of(cls)[key]
    if (choices := _CHOICES.get((cls, key))) is not None:
        return {"anyOf": [{"enum": list(choices)}, _MACRO, {"type": "null"}]}
    if info.kind is Kind.BLOCK:
        return _block(info.inner, None if _has_required(info.inner) else info.inner())
    if info.kind is Kind.VALUES:
        kind, _ = info.inner
        values = {"type": ["object", "null"]} if kind is Kind.VALUES else _TYPES[kind]
        return {"type": ["object", "null"], "additionalProperties": values}
    return dict(_TYPES[info.kind])


def _has_required(cls: type[msgspec.Struct]) -> bool:
    return any(info.required for info in msgspec.structs.fields(cls))


def _with_default(schema: _Schema, prototype: msgspec.Struct | None, field: str, kind: Kind) -> _Schema:
    if prototype is None or kind in {Kind.BLOCK, Kind.VALUES, Kind.OTHER}:
        return schema
    default = getattr(prototype, field)
    return schema if default in {None, "", ()} else {**schema, "default": _shown(default, kind)}


def _shown(default: Any, kind: Kind) -> Any:
    if kind is Kind.DURATION:
        return f"{default:g}s"
    return list(default) if isinstance(default, tuple) else default


def _macros() -> _Schema:
    values = {"type": ["string", "number", "boolean"]}
    return {"type": ["object", "null"], "description": "Named texts for ${name}.", "additionalProperties": values}


if __name__ == "__main__":
    sys.stdout.write(render_schema())
