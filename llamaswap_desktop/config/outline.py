"""What a text says about its models, as it is written: for a form beside the text."""

from typing import Any

from msgspec import Struct

from llamaswap_desktop.config.anchors import resolve
from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.nodes import Mapping
from llamaswap_desktop.config.read import plain_value
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.types import ModelId


class WrittenModel(Struct, frozen=True):
    """A model of a text: the line of its key, from 1, and what stands there, macros as they are."""

    id: ModelId
    line: int
    values: Any


def outline(text: str) -> tuple[WrittenModel, ...]:
    """Return the models of ``text`` in the order in which they stand there; raises ``ConfigError``."""
    report = Report()
    root = compose(text)
    models = root.get("models") if isinstance(root, Mapping) else None
    resolved = None if models is None else resolve(models, report)
    report.stop_if_errors()
    if not isinstance(resolved, Mapping):
        return ()
    return tuple(
        WrittenModel(ModelId(key), entry.key.mark.line, plain_value(entry.value))
        for key, entry in resolved.entries.items()
    )
