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
class Quit:
    """Finish what is running, stop the models in order, and end the program."""


Command = LoadModel | UnloadModel | UnloadAll | Quit
