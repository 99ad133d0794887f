"""The question a planner answers."""

from collections.abc import Iterable
from typing import Protocol

from llamaswap_desktop.types import ModelId


class Planner(Protocol):
    """A pure function from a target and what is running to who must leave (runtime specification, section 4.1).

    It is asked speculatively and often, so it neither logs nor remembers.
    """

    def victims(self, target: ModelId, running: Iterable[ModelId]) -> frozenset[ModelId]:
        """Return the running models that must stop for ``target``: a subset of ``running`` without the target."""
