"""Wishes: what the tray, the web UI and the command line ask the core to do, in the imperative."""

from dataclasses import dataclass

from llamaswap_desktop.types import ModelId


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Make the model ready, stopping whatever may not run beside it."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class UnloadModel:
    """Stop the model, whether it is busy, loading or idle."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class UnloadAll:
    """Stop every model: "free memory now"."""


@dataclass(frozen=True, slots=True)
class PinModel:
    """Keep the model from being unloaded for idleness, and from being evicted for want of memory."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class UnpinModel:
    """Lift a pin."""

    model: ModelId


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Make the profile of that name active; None switches profiles off."""

    name: str | None


@dataclass(frozen=True, slots=True)
class PauseModels:
    """Stop every model and load none, for ``seconds`` or (None) until resumed.

    Requests meanwhile wait if ``holds``, else they are refused.  ``reason`` is for people: what asks for it, empty if
    the user does.
    """

    seconds: float | None = None
    holds: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResumeModels:
    """End a pause."""


@dataclass(frozen=True, slots=True)
class SetGroup:
    """Change switches of a group while the program runs; None gives the configured value back."""

    group: str
    swap: bool | None = None
    exclusive: bool | None = None
    persistent: bool | None = None


@dataclass(frozen=True, slots=True)
class ReloadConfig:
    """Read the configuration again."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Finish what is running, stop the models in order, and end the program."""


Command = (
    LoadModel
    | UnloadModel
    | UnloadAll
    | PinModel
    | UnpinModel
    | SetProfile
    | PauseModels
    | ResumeModels
    | SetGroup
    | ReloadConfig
    | Quit
)
