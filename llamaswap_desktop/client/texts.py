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


def plan_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield what loading a model would do, one line for each policy, and what is wrong with one."""
    plans = answer["plans"]
    yield f"loading {answer['model']} now would unload, by policy:"
    names = [f"{plan['policy']} (in force)" if plan["is_in_force"] else plan["policy"] for plan in plans]
    width = max(map(len, names))
    for name, plan in zip(names, plans, strict=True):
        leaving = [f"{model} (once it has answered)" if model in plan["busy"] else model for model in plan["leaving"]]
        why = f"  ({plan['reason']})" if plan["reason"] else ""
        yield f"  {name:<{width}}  {', '.join(leaving) or 'nobody'}{why}"
        if plan["problem"]:
            yield f"  problem: {plan['problem']}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
