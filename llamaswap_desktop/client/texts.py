"""What the command line prints for a person."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llamaswap_desktop.sizes import memory_size


def status_lines(state: Mapping[str, Any], *, address: str, pid: int, kind: str) -> Iterator[str]:
    """Yield what the program is doing, why somebody waits, and what is wrong."""
    process = f" ({kind}, process {pid})" if pid else ""
    yield f"llama-swap Desktop {state['version']['version']} serves on {address}{process}"
    if state["profile"]:
        yield f"profile: {state['profile']}"
    if (paused := state["paused"]) is not None:
        left = paused["left_s"]
        if paused["reason"]:
            yield f"paused for {paused['reason']}"
        else:
            yield "paused until resumed" if left is None else f"paused for another {_duration(left)}"
    if busy := [model for model in state["models"] if model["state"] not in {"stopped", "shutdown"}]:
        yield from list_lines(busy)
    else:
        yield "no model is loaded"
    for waiting in state["waiting"]:
        yield f"{waiting['model']}: {waiting['sentence']}"
    for problem in state["problems"]:
        yield f"problem: {problem}"


def list_lines(models: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one line for each model, in columns."""
    width = max((len(model["id"]) for model in models), default=0)
    for model in models:
        facts = [f"{model['id']:<{width}}  {model['state']:<8}"]
        if model["memory_bytes"] is not None and model["state"] == "ready":
            facts.append(memory_size(model["memory_bytes"]))
        if model["in_flight"]:
            facts.append(f"answering {model['in_flight']}")
        if model["waiting"]:
            facts.append(f"waiting: {model['waiting']}")
        if model["is_pinned"]:
            facts.append("pinned")
        if model["problem"]:
            facts.append(f"failed: {' '.join(model['problem'].split())}")
        yield "  ".join(facts).rstrip()


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
