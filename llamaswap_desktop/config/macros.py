"""Macros: declared by name, replaced in values (specification, section 5)."""

import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from llamaswap_desktop.config.nodes import Entry, Mapping, Node, Path, Scalar, Sequence, replaced
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.scalars import Value, render

Macros: TypeAlias = MappingType[str, Value]
"""Macros by name, in the order that decides which may use which."""

REFERENCE = re.compile(r"\$\{([A-Za-z0-9_-]+)\}")
LEFTOVER = re.compile(r"\$\{([A-Za-z0-9_-]+|env\.[A-Za-z_][A-Za-z0-9_]*)\}")

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_NAME = 63
_RESERVED = frozenset({"PORT", "PID", "MODEL_ID"})

_MOST_TEXT = 16_000_000
"""Characters that replacing may produce in all: what doubles with every macro must not fill the memory."""


def declare(node: Node | None, path: Path, reader: Reader, report: Report) -> dict[str, Value]:
    """Return the macros of a ``macros`` block in order; reports what is wrong with each."""
    mapping = reader.mapping(node, path)
    if mapping is None:
        return {}
    if mapping.merge_key is not None:
        report.error((*path, "<<"), "'<<' is read as the name of a macro here, and is none", at=mapping.merge_key)
    macros = {}
    for name, value in mapping:
        if problem := _problem(name, value):
            report.error((*path, name), f"macro {report.quote(name)} {problem}")
        elif isinstance(value, Scalar):
            macros[name] = value.value
    return macros


def _problem(name: str, node: Node) -> str:
    if len(name.encode()) > _LONGEST_NAME:
        return f"has a name longer than {_LONGEST_NAME} bytes"
    if not _NAME.fullmatch(name):
        return "has a bad name: use letters, digits, '_' and '-'"
    if not isinstance(node, Scalar) or not isinstance(node.value, (str, int, float)):
        return "must be a text, a number or a boolean"
    if isinstance(node.value, str) and f"${{{name}}}" in node.value:
        return "refers to itself"
    if name in _RESERVED:
        return "has a name that is reserved: PORT, PID and MODEL_ID are built in"
    return ""


class Budget:
    """Bounds the text that all replacing together may produce."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._left = _MOST_TEXT

    def spend(self, text: str) -> None:
        """Count ``text``; raises ``ConfigError`` when macros produce more than any machine should hold."""
        self._left -= len(text)
        if self._left < 0:
            self._report.error(("macros",), "the macros expand to more text than 16 million characters")
            self._report.stop_if_errors()


@dataclass(frozen=True, slots=True)
class Scope:
    """The macros in force in one place: ``MODEL_ID`` (within a model), the global ones, the model's own.

    A model's own macro takes over the place of the global one of that name; the others come after all global ones.
    The higher the rank of a macro, the more others it may use.
    """

    budget: Budget
    shared: Macros
    shared_ranks: MappingType[str, int]
    own: Macros = field(default_factory=dict)
    own_ranks: MappingType[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, macros: Macros, budget: Budget) -> "Scope":
        """Return the macros in force outside models."""
        return cls(budget, macros, {name: rank for rank, name in enumerate(macros, start=1)})

    def for_model(self, model_id: str, own: Macros) -> "Scope":
        """Return the macros in force for a model; what is global is shared, not copied."""
        added = (name for name in own if name not in self.shared)
        ranks = {name: rank for rank, name in enumerate(added, start=len(self.shared) + 1)}
        return replace(self, own={**own, "MODEL_ID": model_id}, own_ranks={**ranks, "MODEL_ID": 0})

    def _rank(self, name: str) -> int | None:
        rank = self.own_ranks.get(name)
        return self.shared_ranks.get(name) if rank is None else rank

    def replace_in(self, text: str) -> Value:
        """Replace every reference, the last macro first, each once; a lone reference becomes a typed value."""
        limit = len(self.shared) + len(self.own) + 1
        while "${" in text:
            self.budget.spend(text)
            last = -1
            name = ""
            for found in REFERENCE.findall(text):
                rank = self._rank(found)
                if rank is not None and last < rank < limit:
                    last, name = rank, found
            if not name:
                break
            limit = last
            reference, value = f"${{{name}}}", self.own[name] if name in self.own else self.shared[name]
            if text == reference:
                if not isinstance(value, str):
                    return value
                text = value
            else:
                text = text.replace(reference, render(value))
        return text

    def expand(self, node: Node) -> Node:
        """Return ``node`` with the references in all its values replaced; the same node if there are none."""
        return replaced(node, self._expand_scalar)

    def _expand_scalar(self, node: Scalar) -> Scalar:
        if not isinstance(node.value, str) or "${" not in node.value:
            return node
        value = self.replace_in(node.value)
        return Scalar(node.mark, render(value), value, is_plain=False)

    def expand_keys(self, mapping: Mapping) -> Iterator[tuple[Entry, str]]:
        """Yield the entries of ``mapping``, each with its key after replacement as text."""
        for text, entry in mapping.entries.items():
            yield entry, render(self.replace_in(text))


def leftovers(node: Node, path: Path) -> Iterator[tuple[Path, Scalar, str]]:
    """Yield each reference that still stands in a value at or below ``node``: where, and its name."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and "${" in node.value:
            for name in LEFTOVER.findall(node.value):
                yield path, node, name
        return
    children = enumerate(node.items) if isinstance(node, Sequence) else node if isinstance(node, Mapping) else ()
    for step, child in children:
        yield from leftovers(child, (*path, step))
