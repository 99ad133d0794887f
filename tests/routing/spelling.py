"""Writes down what happened to a scheduler as a playbook: a test that can be pasted."""

from llamaswap_desktop.routing import alphabet
from tests.routing.playbook import say

History = list[tuple[float, alphabet.Event, list[alphabet.Effect], int]]
"""Time, event, effects, and the variant of the configuration that held afterwards."""


class Spelling:
    """Puts the events of one history into the playbook's words."""

    def __init__(self, kind: str, history: History) -> None:
        self._kind = kind
        self._history = history
        self._names: dict[int, str] = {}

    def script(self) -> str:
        lines = ["def test_found_by_a_random_walk():", f"    play = Playbook.of({self._kind!r})"]
        now = 100.0
        for time, event, effects, variant in self._history:
            if time != now:
                lines.append(f"    play.at({time - 100:g})")
                now = time
            if isinstance(event, alphabet.Reconfigure):
                lines.append(f"    play.turn_into({self._kind!r}, {variant})")
            words = [self._spell(event), *filter(None, (say(effect, self._name) for effect in effects))]
            quoted = ", ".join(f'"{word}"' for word in words)
            lines.append(f"    play({quoted})" if words[0] else f"    # {event}")
        return "\n".join(lines)

    def _name(self, request: int) -> str:
        return self._names[request]

    def _spell(self, event: alphabet.Event) -> str:
        match event:
            case alphabet.Requested(request, model, by_hand):
                name = self._names[request] = f"{model}{request}"
                return f"{name} insists on {model}" if by_hand else f"{name} wants {model}"
            case alphabet.Cancelled(request):
                return f"{self._name(request)} leaves"
            case alphabet.Served(request):
                return f"{self._name(request)} served"
            case alphabet.Checked(_, model, is_healthy):
                return f"{model} {'healthy' if is_healthy else 'unhealthy'}"
            case alphabet.Ready(0) | alphabet.Failed(0) | alphabet.Stopped(0) | alphabet.Stuck(0):
                return ""
            case alphabet.Ready() | alphabet.Failed() | alphabet.Failing() | alphabet.Stopped():
                return f"{event.model} {type(event).__name__.lower()}"
            case alphabet.Stuck() | alphabet.Died():
                return f"{event.model} {type(event).__name__.lower()}"
            case alphabet.Pin(model) | alphabet.Unpin(model):
                return f"{type(event).__name__.lower()} {model}"
            case alphabet.Unload(ticket, models):
                return " ".join(["unload", str(ticket), *models])
            case alphabet.ShutDown(ticket):
                return f"shutdown {ticket}"
            case alphabet.Pause(ticket, until, holds):
                words = ["pause", str(ticket)]
                words += [] if until is None else [f"{until - 100:g}"]
                return " ".join([*words, *(["holding"] if holds else [])])
            case alphabet.Resume() | alphabet.Woke() | alphabet.Tick():
                return type(event).__name__.lower()
            case alphabet.Reconfigure(_, _, changed):
                return " ".join(["reload", *sorted(changed)])
            case alphabet.FootprintLearnt(model, memory_mib):
                return " ".join([model, "holds", *(f"{device}={mib}" for device, mib in memory_mib.items())])
            case alphabet.MemoryMeasured(available_mib):
                return " ".join(["memory", *(f"{device}={mib}" for device, mib in available_mib.items())])
        raise AssertionError(event)
