"""Which model gets which number for ``${PORT}`` (specification, sections 7.4 and 19)."""

import itertools
from collections.abc import Mapping, Sequence

from llamaswap_desktop.types import ModelId


class Ports:
    """Hands out numbers from ``start`` on; a model that had one before keeps it."""

    def __init__(self, start: int, kept: Mapping[ModelId, int]) -> None:
        self._start = start
        self._kept = kept

    def assign(self, models: Sequence[ModelId]) -> dict[ModelId, int]:
        """Return the port of each of ``models``, which are all that need one, in the order of their turns."""
        kept = {model: self._kept[model] for model in models if model in self._kept}
        taken = set(kept.values())
        free = (port for port in itertools.count(self._start) if port not in taken)
        return {model: kept[model] if model in kept else next(free) for model in models}
