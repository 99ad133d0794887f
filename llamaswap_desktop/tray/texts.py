"""What the tray says: one function per line of text, each a pure question about a snapshot.

Model names come from configuration files, so they may hold anything; what leaves this module is one line of printable
text of bounded length.  Marks that a menu protocol gives a meaning to (``_``, ``&``) are its backend's business.
"""

import json
import textwrap
import unicodedata
from collections.abc import Sequence

from llamaswap_desktop.sizes import memory_size
from llamaswap_desktop.snapshot import GroupSnapshot, ModelSnapshot, PauseSnapshot, Snapshot
from llamaswap_desktop.types import DEFAULT_GROUP, ModelId, Phase, ProcessState

APP_NAME = "llama-swap Desktop"

NAME_LIMIT = 48
PROBLEM_LIMIT = 72
TOOLTIP_LIMIT = 127
"""Windows cuts tooltips there; longer ones are unreadable anyway."""

_PREMATURE_END = "upstream command exited prematurely: "
"""llama-swap's words, which its clients know; people need not read them again and again."""

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


def one_line(text: str, limit: int) -> str:
    """Return ``text`` on one line, without control characters, cut to ``limit`` characters with an ellipsis."""
    printable = "".join(
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character for character in text
    )
    words = " ".join(printable.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def model_name(model: ModelSnapshot) -> str:
    """Return the model's name for a menu; one that runs right to left keeps its neighbours in place."""
    name = one_line(model.name, NAME_LIMIT) or one_line(model.id, NAME_LIMIT) or "unnamed"
    is_right_to_left = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in name)
    return f"{_ISOLATE}{name}{_END_ISOLATE}" if is_right_to_left else name


def group_name(group: GroupSnapshot) -> str:
    """Return the group's name for a menu; the one of models that are in no other has no name of its own."""
    return "Models in no group" if group.id == DEFAULT_GROUP else one_line(group.id, NAME_LIMIT)


def loaded_of(models: Sequence[ModelSnapshot]) -> str:
    """Say how many of these are loaded: ``2 of 3 loaded``."""
    loaded = sum(model.state is ProcessState.READY for model in models)
    return f"{loaded} of {len(models)} loaded"


def is_loading(model: ModelSnapshot) -> bool:
    """Whether the model is on its way, or asked for and waiting for its turn."""
    return model.state is ProcessState.STARTING or (model.state is not ProcessState.READY and model.waiting > 0)


def is_wanted(model: ModelSnapshot) -> bool:
    """Whether the model is loaded or will be."""
    return model.state is ProcessState.READY or is_loading(model)


def short_reason(problem: str, model: ModelId) -> str:
    """Return why a model failed without what stands beside it: that it is this model's, and that it failed."""
    return problem.removeprefix(_PREMATURE_END).removeprefix(f"model '{model}' ")


def model_line(model: ModelSnapshot) -> str:
    """Return the model's name and, behind it, what is worth knowing about it now."""
    facts = [model_name(model)]
    if model.state is ProcessState.STARTING:
        facts.append("starting…")
    elif model.state is ProcessState.STOPPING:
        facts.append("stopping…")
    elif is_loading(model):
        facts.append("waiting…")
    elif model.problem:
        why = one_line(short_reason(model.problem, model.id), PROBLEM_LIMIT)
        facts.append(why if why.startswith("failed") else f"failed: {why}")
    if model.state is ProcessState.READY and model.memory_bytes is not None:
        facts.append(memory_size(model.memory_bytes))
    if model.is_pinned:
        facts.append("pinned")
    if model.is_stuck:
        facts.append("cannot be ended")
    if model.in_flight:
        facts.append(f"answering {model.in_flight}")
    return "  ·  ".join(facts)


def status_line(snapshot: Snapshot) -> str:
    """Say in a few words what the program is doing."""
    match snapshot.phase:
        case Phase.STARTING:
            return "Starting…"
        case Phase.STOPPING:
            return "Stopping…"
        case Phase.STOPPED:
            return "Cannot serve" if snapshot.problems else "Stopped"
        case Phase.SERVING:
            return _serving_line(snapshot)


def _serving_line(snapshot: Snapshot) -> str:
    loading = [model for model in snapshot.models if is_loading(model)]
    ready = [model for model in snapshot.models if model.state is ProcessState.READY]
    failed = [model for model in snapshot.models if model.problem]
    if snapshot.paused is not None:
        return paused_line(snapshot.paused)
    if loading:
        return f"Loading {_counted(loading)}…"
    if ready:
        held = sum(model.memory_bytes or 0 for model in ready)
        memory = f"  ·  {memory_size(held)}" if held else ""
        return f"{_counted(ready)} {'is' if len(ready) == 1 else 'are'} loaded{memory}"
    if failed:
        return f"{_counted(failed)} failed"
    return "No model is loaded"


def paused_line(pause: PauseSnapshot) -> str:
    """Say how long the pause lasts, and what it is for."""
    if pause.reason:
        return f"Paused for {one_line(pause.reason, NAME_LIMIT)}"
    return "Paused: no model is loaded until you resume" if pause.left_s is None else "Paused for a while"


def _counted(models: list[ModelSnapshot]) -> str:
    return model_name(models[0]) if len(models) == 1 else f"{len(models)} models"


def address_line(snapshot: Snapshot) -> str:
    """Say why somebody waits, if anybody does; else where the program serves."""
    if snapshot.waiting:
        return why_line(snapshot)
    if snapshot.phase is Phase.SERVING and snapshot.address:
        profile = f"  ·  profile {one_line(snapshot.profile, NAME_LIMIT)}" if snapshot.profile else ""
        return f"{snapshot.address}{profile}"
    return "Not serving"


def why_line(snapshot: Snapshot) -> str:
    """Return the sentence of whoever has waited longest; empty if nobody waits."""
    if not snapshot.waiting:
        return ""
    longest = max(snapshot.waiting, key=lambda waiting: waiting.waited_s)
    others = len(snapshot.waiting) - 1
    more = f" (and {others} more)" if others else ""
    return one_line(longest.sentence, PROBLEM_LIMIT + 24 - len(more)) + more


def curl_example(snapshot: Snapshot) -> str:
    """Return a command for a shell that asks the first listed model to say hello."""
    model = next((model.id for model in snapshot.models if not model.unlisted), "MODEL")
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello!"}]}, ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    return f"curl {snapshot.address}/v1/chat/completions -H 'Content-Type: application/json' -d '{quoted}'"


def problem_lines(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what is wrong with the program as a whole, wrapped for a menu."""
    return tuple(
        line
        for problem in snapshot.problems
        for line in textwrap.wrap(
            one_line(problem, 6 * PROBLEM_LIMIT), PROBLEM_LIMIT, break_on_hyphens=False, break_long_words=False
        )
    )


def tooltip(snapshot: Snapshot) -> str:
    """Say in at most ``TOOLTIP_LIMIT`` characters what the program is doing, where, and what last went wrong."""
    lines = [f"{APP_NAME}: {status_line(snapshot)}"]
    if why := why_line(snapshot):
        lines.append(why)
    if snapshot.phase is Phase.SERVING and snapshot.address:
        lines.append(snapshot.address)
    if snapshot.phase is Phase.STOPPED:
        lines.extend(snapshot.problems[:1])
    lines.extend(snapshot.troubles)
    failed = [model for model in snapshot.models if model.problem]
    lines.extend(f"{model_name(model)}: {short_reason(model.problem, model.id)}" for model in failed)
    text = "\n".join(one_line(line, PROBLEM_LIMIT) for line in lines)
    return text if len(text) <= TOOLTIP_LIMIT else text[: TOOLTIP_LIMIT - 1] + "…"
