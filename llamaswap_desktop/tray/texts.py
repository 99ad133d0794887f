"""What the tray says: one function per line of text, each a pure question about a snapshot.

Model names come from configuration files, so they may hold anything; what leaves this module is one line of printable
text of bounded length.  Marks that a menu protocol gives a meaning to (``_``, ``&``) are its backend's business.
"""

import textwrap
import unicodedata

from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.types import Phase, ProcessState

APP_NAME = "llama-swap Desktop"

NAME_LIMIT = 48
PROBLEM_LIMIT = 72
TOOLTIP_LIMIT = 127
"""Windows cuts tooltips there; longer ones are unreadable anyway."""

_KIBI = 1024.0
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


def is_loading(model: ModelSnapshot) -> bool:
    """Whether the model is on its way, or asked for and waiting for its turn."""
    return model.state is ProcessState.STARTING or (model.state is not ProcessState.READY and model.waiting > 0)


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
        why = one_line(model.problem, PROBLEM_LIMIT)
        facts.append(why if why.startswith("failed") else f"failed: {why}")
    if model.state is ProcessState.READY and model.memory_bytes is not None:
        facts.append(size(model.memory_bytes))
    if model.in_flight:
        facts.append(f"answering {model.in_flight}")
    return "  ·  ".join(facts)


def size(number_of_bytes: int) -> str:
    """Return a memory size as people compare it: ``612 MiB``, ``4.1 GiB``."""
    mebibytes = number_of_bytes / _KIBI**2
    return f"{mebibytes:.0f} MiB" if mebibytes < _KIBI else f"{mebibytes / _KIBI:.1f} GiB"


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
            return _serving_line(snapshot.models)


def _serving_line(models: tuple[ModelSnapshot, ...]) -> str:
    loading = [model for model in models if is_loading(model)]
    ready = [model for model in models if model.state is ProcessState.READY]
    failed = [model for model in models if model.problem]
    if loading:
        return f"Loading {_counted(loading)}…"
    if ready:
        return f"{_counted(ready)} {'is' if len(ready) == 1 else 'are'} loaded"
    if failed:
        return f"{_counted(failed)} failed"
    return "No model is loaded"


def _counted(models: list[ModelSnapshot]) -> str:
    return model_name(models[0]) if len(models) == 1 else f"{len(models)} models"


def problem_lines(snapshot: Snapshot) -> tuple[str, ...]:
    """Return why the program cannot serve, wrapped for a menu; nothing while it can."""
    if snapshot.phase is not Phase.STOPPED:
        return ()
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
    if snapshot.phase is Phase.SERVING and snapshot.address:
        lines.append(snapshot.address)
    if snapshot.phase is Phase.STOPPED:
        lines.extend(snapshot.problems[:1])
    lines.extend(f"{model_name(model)}: {model.problem}" for model in snapshot.models if model.problem)
    text = "\n".join(one_line(line, PROBLEM_LIMIT) for line in lines)
    return text if len(text) <= TOOLTIP_LIMIT else text[: TOOLTIP_LIMIT - 1] + "…"
