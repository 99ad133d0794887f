"""What the scheduler has to know of the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llamaswap_desktop.config import Fifo, Footprint, Retry
from llamaswap_desktop.types import ModelId


@dataclass(frozen=True, slots=True)
class ModelRules:
    """The rules of one model.

    ``limit`` bounds its reservations; ``ttl_s`` is the idle time after which it is unloaded, 0 for never;
    ``unload_timeout_s`` puts it into its batch when many are unloaded at once, and is how long a reload lets it finish
    what it is answering; ``queue_timeout_s`` bounds the wait in the queue, 0 for no bound.
    """

    limit: int = 10
    ttl_s: float = 0.0
    unload_timeout_s: float = 10.0
    queue_timeout_s: float = 0.0
    is_pinned: bool = False
    declared: Footprint = field(default_factory=Footprint)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of everything: models, queue order and bounds, back-off after failed starts."""

    models: Mapping[ModelId, ModelRules]
    fifo: Fifo = field(default_factory=Fifo)
    retry: Retry = field(default_factory=Retry)
