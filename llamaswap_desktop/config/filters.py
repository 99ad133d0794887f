"""Filters in the form in which requests need them (specification, section 7.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llamaswap_desktop.config.schema import Filters

_PROTECTED = "model"
"""The key of a request body that no filter may touch."""


@dataclass(frozen=True, slots=True)
class CleanFilters:
    """What to remove from a JSON body, and what to put into it, sorted by key; ``model`` is never among it."""

    strip: tuple[str, ...]
    set: Mapping[str, Any]
    set_by_id: Mapping[str, Mapping[str, Any]]


def clean_filters(filters: Filters) -> CleanFilters:
    """Return the used form of ``filters``."""
    names = {name.strip() for name in filters.strip_params.split(",")}
    return CleanFilters(
        strip=tuple(sorted(names - {"", _PROTECTED})),
        set=_clean(filters.set_params),
        set_by_id={name: _clean(values) for name, values in filters.set_params_by_id.items()},
    )


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values[key] for key in sorted(values) if key != _PROTECTED}
