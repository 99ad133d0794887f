"""A tiny language for the scheduler: what happens on the left, what is done about it on the right.

    play("a1 wants a", "start a")
    play("a ready", "grant a1")

Requests are called after their model with a number (``a1``); time passes by ``play.at(seconds)``.
"""

from llamaswap_desktop.errors import StartFailed
from llamaswap_desktop.routing import ModelRules, Planner, Scheduler, alphabet
from llamaswap_desktop.types import ModelId, RequestId


class OneAtATime:
    """Everybody else must leave."""

    def victims(self, target, running):
        return frozenset(running) - {target}


class Together:
    """Nobody must leave."""

    def victims(self, target, running):
        return frozenset()


class Playbook:
    """Drives a scheduler by words and compares what it does with what is expected."""

    def __init__(self, models: str = "a b c", planner: Planner | None = None, **rules: ModelRules) -> None:
        self.scheduler = Scheduler(
            {ModelId(name): rules.get(name, ModelRules()) for name in models.split()}, planner or OneAtATime()
        )
        self.time = 100.0
        self.orders: dict[str, alphabet.Order] = {}
        self._requests: dict[str, RequestId] = {}

    def at(self, seconds: float) -> None:
        """Let it be ``seconds`` after the beginning."""
        self.time = 100.0 + seconds

    def __call__(self, event: str, *expected: str) -> None:
        effects = self.scheduler.handle(self._event(event), self.time)
        said = [self._say(effect) for effect in effects]
        assert said == list(expected), f"{event!r} led to {said}, not to {list(expected)}"

    def send(self, event: alphabet.Event, *expected: str) -> None:
        """Like a call, for events that the words cannot express."""
        said = [self._say(effect) for effect in self.scheduler.handle(event, self.time)]
        assert said == list(expected), f"{event!r} led to {said}, not to {list(expected)}"

    def _event(self, text: str) -> alphabet.Event:
        match text.split():
            case [request, "wants", model]:
                return alphabet.Requested(self._number(request), ModelId(model))
            case [request, "leaves"]:
                return alphabet.Cancelled(self._number(request))
            case [request, "served"]:
                return alphabet.Served(self._number(request))
            case [model, "ready"]:
                return alphabet.Ready(self.orders[model], ModelId(model))
            case [model, "failed"]:
                return alphabet.Failed(self.orders[model], ModelId(model), StartFailed("it broke"))
            case [model, "stopped"]:
                return alphabet.Stopped(self.orders[model], ModelId(model))
            case [model, "died"]:
                return alphabet.Died(ModelId(model))
            case ["unload", ticket, *models]:
                return alphabet.Unload(alphabet.Ticket(int(ticket)), tuple(map(ModelId, models)))
            case ["shutdown", ticket]:
                return alphabet.ShutDown(alphabet.Ticket(int(ticket)))
            case ["tick"]:
                return alphabet.Tick()
        raise AssertionError(f"no such event: {text}")

    def _number(self, request: str) -> RequestId:
        return self._requests.setdefault(request, RequestId(len(self._requests) + 1))

    def _name(self, number: RequestId) -> str:
        return next(name for name, its in self._requests.items() if its == number)

    def _say(self, effect: alphabet.Effect) -> str:
        match effect:
            case alphabet.Grant(request):
                return f"grant {self._name(request)}"
            case alphabet.Reject(request, error):
                return f"reject {self._name(request)}: {type(error).__name__}"
            case alphabet.Start(order, model):
                self.orders[model] = order
                return f"start {model}"
            case alphabet.Stop(order, model, reason):
                self.orders[model] = order
                return f"stop {model} {reason}"
            case alphabet.Abort(order, model, reason):
                self.orders[model] = order
                return f"abort {model} {reason}"
            case alphabet.WakeAt(time):
                return f"wake at {time - 100:g}"
            case alphabet.Unloaded(ticket):
                return f"unloaded {ticket}"
        raise AssertionError(effect)
