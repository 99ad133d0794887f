"""Why a request waits, in one sentence: "waiting 14 s: qwen is answering 1 request; then load gemma"."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from llamaswap_desktop.routing.decisions import (
    Answers,
    Cause,
    EndOfPause,
    ItsCheck,
    ItsRenewal,
    ItsUnload,
    OtherLoad,
    Turn,
)
from llamaswap_desktop.routing.records import Load, Model, Request
from llamaswap_desktop.types import ModelId, ProcessState, RequestId


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """One request that waits: ``position`` is its place in the queue from 1, None when it waits for a load."""

    request: RequestId
    model: ModelId
    waited_s: float
    position: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class LoadUnderWay:
    """A model that is to be ready soon: ``loading_s`` is None while ``leaving`` have to be gone before it may start.

    ``usual_s`` is what its last loads took, None before the first.
    """

    model: ModelId
    leaving: tuple[ModelId, ...]
    loading_s: float | None
    usual_s: float | None


def under_way(load: Load, now: float) -> LoadUnderWay:
    """Return the load as it is shown."""
    return LoadUnderWay(
        model=load.target.id,
        leaving=tuple(sorted(load.leaving)),
        loading_s=None if load.started_at is None else now - load.started_at,
        usual_s=load.target.load_times.usual_s(),
    )


def sentence(request: Request, cause: Cause | None, now: float) -> str:
    """Say for how long the request has waited and what for; ``cause`` is what holds it in the queue."""
    if request.load is not None:
        what = _load_in_words(request.load, now)
    else:
        assert cause is not None
        what = f"{cause_in_words(cause, request.model.id)}; then {_next_step(request.model, cause)}"
    return f"waiting {now - request.arrived:.0f} s: {what}"


def cause_in_words(cause: Cause, model: ModelId, *, is_over: bool = False) -> str:
    """Say what a request for ``model`` is, or was, waiting for in the queue."""
    be, are = ("was", "were") if is_over else ("is", "are")
    match cause:
        case Answers(busy):
            return " and ".join(f"{victim} {be} answering {_requests(count)}" for victim, count in busy)
        case OtherLoad(other):
            return f"{other} {be} being loaded"
        case Turn(other):
            return f"it {be} the turn of {other}, which had waited too long already"
        case ItsUnload():
            return f"{model} {be} being unloaded"
        case ItsCheck():
            return f"{model} {be} being checked after sleep"
        case ItsRenewal(count):
            return f"{model} {be} answering {_requests(count)} under its former configuration"
        case EndOfPause():
            return f"models {are} paused"
        case _:
            assert_never(cause)


def why_it_waited(request: Request) -> str:
    """Say, when the wait is over, what it was for."""
    model = request.model.id
    parts = [] if request.cause is None else [cause_in_words(request.cause, model, is_over=True)]
    if request.load is not None:
        parts.append(f"{model} had to be loaded" if request.load.started_at is not None else "others had to leave")
    return "; ".join(parts)


def _load_in_words(load: Load, now: float) -> str:
    model = load.target
    if load.leaving:
        verb = "is" if len(load.leaving) == 1 else "are"
        return f"{_list(sorted(load.leaving))} {verb} stopping; then {_next_step(model)}"
    assert load.started_at is not None
    usual_s = model.load_times.usual_s()
    usually = "" if usual_s is None else f", usually {usual_s:.0f} s"
    return f"{model.id} has been loading for {now - load.started_at:.0f} s{usually}"


def _next_step(model: Model, cause: Cause | None = None) -> str:
    if model.state is ProcessState.READY and not isinstance(cause, ItsRenewal | ItsUnload):
        return f"{model.id} goes on"
    return f"load {model.id}"


def _list(names: Iterable[str]) -> str:
    *firsts, last = names
    return f"{', '.join(firsts)} and {last}" if firsts else last


def _requests(count: int) -> str:
    return f"{count} request{'' if count == 1 else 's'}"
