"""The ids, states and reasons that every room of the program speaks of."""

from enum import StrEnum
from typing import NewType

ModelId = NewType("ModelId", str)
"""A key of ``models:`` in the configuration, aliases already resolved."""

RequestId = NewType("RequestId", int)
"""Counts requests for a model over the life of the program, from 1."""

GroupId = NewType("GroupId", str)
"""A key of ``groups:`` in the configuration."""

DEFAULT_GROUP = GroupId("(default)")
"""The group of all models that the configuration puts into none."""


class ProcessState(StrEnum):
    """Life of a model's child process (runtime specification, section 2.2)."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    SHUTDOWN = "shutdown"


class StopReason(StrEnum):
    """Why a running model has to go; it decides the grace that the model gets (runtime, section 2.8)."""

    EVICTED = "evicted"
    UNLOADED = "unloaded"
    IDLE = "idle"
    SHUTDOWN = "shutdown"
    RELOADED = "reloaded"
    """Its definition has changed, or it is configured no more; what it was answering has had its grace already."""

    UNHEALTHY = "unhealthy"
    """It did not pass its check after the computer had slept."""


class Phase(StrEnum):
    """Life of the program itself."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"
    STOPPED = "stopped"
