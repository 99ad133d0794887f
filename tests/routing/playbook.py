"""A tiny language for the scheduler: what happens on the left, what is done about it on the right.

    play("a1 wants a", "start a")
    play("a ready", "grant a1")

Requests are called after their model with a number (``a1``); time passes by ``play.at(seconds)``.
"""

from collections.abc import Callable

from llamaswap_desktop.config import Fifo, Retry
from llamaswap_desktop.errors import LlamaSwapError, StartFailed
from llamaswap_desktop.routing import Device, ModelRules, Plan, Planner, Rules, Scheduler, alphabet
from llamaswap_desktop.types import ModelId, RequestId
from tests.routing import settings


class OneAtATime:
    """Everybody else must leave."""

    name = "one"
    reads_facts = False

    def plan(self, target, picture):
        return Plan(frozenset(picture.running) - {target}, "one at a time")


class Together:
    """Nobody must leave."""

    name = "together"
    reads_facts = False

    def plan(self, target, picture):
        return Plan(frozenset(), "all together")


class Playbook:
    """Drives a scheduler by words and compares what it does with what is expected."""

    def __init__(
        self,
        models: str = "a b c",
        planner: Planner | None = None,
        fifo: Fifo | None = None,
        retry: Retry | None = None,
        **rules: ModelRules,
    ) -> None:
        self.models, self.rules = models.split(), rules
        self.fifo, self.retry = fifo or Fifo(), retry or Retry()
        self.planner = planner or OneAtATime()
        self.scheduler = Scheduler(self.rules_now(), self.planner)
        self.time = 100.0
        self.orders: dict[str, alphabet.Order] = {}
        self.errors: dict[str, LlamaSwapError] = {}
        self.begun: list[alphabet.LoadBegun] = []
        self.grants: dict[str, alphabet.Grant] = {}
        self._requests: dict[str, RequestId] = {}

    @classmethod
    def of(cls, kind: str) -> "Playbook":
        """Return a playbook in one of the worlds of ``settings``, as the random walks find it."""
        play = cls()
        play.turn_into(kind, 0)
        play.scheduler = Scheduler(play.rules_now(), play.planner)
        return play

    def turn_into(self, kind: str, variant: int) -> None:
        """Have the rules and the planner of another variant ready for the next ``reload``."""
        rules = settings.rules_of(variant)
        self.models, self.rules = list(rules.models), dict(rules.models)
        self.fifo, self.retry = rules.fifo, rules.retry
        self.planner = settings.planner_of(kind, variant)

    def at(self, seconds: float) -> None:
        """Let it be ``seconds`` after the beginning."""
        self.time = 100.0 + seconds

    def rules_now(self) -> Rules:
        """Return the rules as they stand in ``models``, ``rules``, ``fifo`` and ``retry``."""
        models = {ModelId(name): self.rules.get(name, ModelRules()) for name in self.models}
        return Rules(models, self.fifo, self.retry)

    def why(self, request: str) -> str:
        number = self._number(request)
        return next((its.sentence for its in self.scheduler.waiting(self.time) if its.request == number), "")

    def __call__(self, event: str, *expected: str) -> None:
        self.send(self._event(event), *expected, said=event)

    def send(self, event: alphabet.Event, *expected: str, said: str = "") -> None:
        """Like a call, for events that the words cannot express."""
        effects = [self._note(effect) for effect in self.scheduler.handle(event, self.time)]
        done = [effect for effect in effects if effect]
        assert done == list(expected), f"{said or event!r} led to {done}, not to {list(expected)}"

    def _event(self, text: str) -> alphabet.Event:
        match text.split():
            case [request, "wants", model]:
                return alphabet.Requested(self._number(request), ModelId(model))
            case [request, "insists", "on", model]:
                return alphabet.Requested(self._number(request), ModelId(model), by_hand=True)
            case [request, "leaves"]:
                return alphabet.Cancelled(self._number(request))
            case [request, "served"]:
                return alphabet.Served(self._number(request))
            case [model, "ready"]:
                return alphabet.Ready(self.orders[model], ModelId(model))
            case [model, "failed"]:
                return alphabet.Failed(self.orders[model], ModelId(model), StartFailed("it broke"))
            case [model, "failing"]:
                return alphabet.Failing(self.orders[model], ModelId(model), StartFailed("it broke"))
            case [model, "stopped"]:
                return alphabet.Stopped(self.orders[model], ModelId(model))
            case [model, "stuck"]:
                return alphabet.Stuck(self.orders[model], ModelId(model))
            case [model, "healthy"]:
                return alphabet.Checked(self.orders[model], ModelId(model), is_healthy=True)
            case [model, "unhealthy"]:
                return alphabet.Checked(self.orders[model], ModelId(model), is_healthy=False)
            case [model, "died"]:
                return alphabet.Died(ModelId(model))
            case ["unload", ticket, *models]:
                return alphabet.Unload(alphabet.Ticket(int(ticket)), tuple(map(ModelId, models)))
            case ["shutdown", ticket]:
                return alphabet.ShutDown(alphabet.Ticket(int(ticket)))
            case ["pin", model]:
                return alphabet.Pin(ModelId(model))
            case ["unpin", model]:
                return alphabet.Unpin(ModelId(model))
            case ["pause", ticket, *until]:
                seconds = [100.0 + float(second) for second in until if second != "holding"]
                return alphabet.Pause(alphabet.Ticket(int(ticket)), *seconds, holds="holding" in until)
            case ["resume"]:
                return alphabet.Resume()
            case ["woke"]:
                return alphabet.Woke()
            case ["reload", *changed]:
                return alphabet.Reconfigure(self.rules_now(), self.planner, frozenset(map(ModelId, changed)))
            case [model, "holds", *memory]:
                return alphabet.FootprintLearnt(ModelId(model), _by_device(memory))
            case ["memory", *memory]:
                return alphabet.MemoryMeasured(_by_device(memory))
            case ["tick"]:
                return alphabet.Tick()
        raise AssertionError(f"no such event: {text}")

    def _number(self, request: str) -> RequestId:
        return self._requests.setdefault(request, RequestId(len(self._requests) + 1))

    def _name(self, number: RequestId) -> str:
        return next(name for name, its in self._requests.items() if its == number)

    def _note(self, effect: alphabet.Effect) -> str:
        """Remember what later words refer to, and say what the effect is."""
        match effect:
            case alphabet.Start(order, model) | alphabet.Stop(order, model) | alphabet.Abort(order, model):
                self.orders[model] = order
            case alphabet.Check(order, model):
                self.orders[model] = order
            case alphabet.Grant(request):
                self.grants[self._name(request)] = effect
            case alphabet.Reject(request, error):
                self.errors[self._name(request)] = error
            case alphabet.LoadBegun():
                self.begun.append(effect)
        return say(effect, self._name)


def say(effect: alphabet.Effect, name_of: Callable[[RequestId], str]) -> str:
    """Put an effect into the playbook's words; a load's beginning goes without saying."""
    match effect:
        case alphabet.Grant(request):
            return f"grant {name_of(request)}"
        case alphabet.Reject(request, error):
            return f"reject {name_of(request)}: {type(error).__name__}"
        case alphabet.LoadBegun():
            return ""
        case alphabet.Check(_, model):
            return f"check {model}"
        case alphabet.Forgotten(model):
            return f"forgotten {model}"
        case alphabet.PlannerReplaced(problem):
            return f"replaced: {problem}"
        case alphabet.Start(_, model):
            return f"start {model}"
        case alphabet.Stop(_, model, reason):
            return f"stop {model} {reason}"
        case alphabet.Abort(_, model, reason):
            return f"abort {model} {reason}"
        case alphabet.WakeAt(time):
            return f"wake at {time - 100:g}"
        case alphabet.Unloaded(ticket):
            return f"unloaded {ticket}"
    raise AssertionError(effect)


def _by_device(memory: list[str]) -> dict[Device, int]:
    """Read ``gpu0=8000 ram=500``."""
    pairs = (entry.split("=") for entry in memory)
    return {Device(device): int(mib) for device, mib in pairs}
