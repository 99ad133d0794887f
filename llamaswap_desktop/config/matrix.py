"""The matrix: which models may run together (configuration specification, section 8.3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from llamaswap_desktop.types import ModelId


@dataclass(frozen=True, slots=True)
class Choice:
    """Who must leave for a target, and why: the set (empty: none holds the target), its expression, the cost."""

    victims: frozenset[ModelId]
    set_name: str = ""
    expression: str = ""
    cost: int = 0


class Matrix:
    """Compiled sets and costs.  Choosing never expands products: only the target and what runs matter."""

    def choose(self, target: ModelId, running: Iterable[ModelId]) -> Choice:
        """Return the cheapest way to make room for ``target`` beside ``running``."""
        raise NotImplementedError
