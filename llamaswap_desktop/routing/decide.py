"""The one place where the next step of a request is chosen (runtime specification, sections 3.3 and 14)."""

from llamaswap_desktop.errors import ModelRemoved, ModelsPaused, ProcessStuck
from llamaswap_desktop.routing.advice import Advice
from llamaswap_desktop.routing.barrier import Barrier
from llamaswap_desktop.routing.decisions import (
    FORWARD,
    JOIN,
    Answers,
    Decision,
    EndOfPause,
    ItsCheck,
    ItsRenewal,
    ItsUnload,
    Load,
    OtherLoad,
    Refuse,
    Turn,
    Wait,
)
from llamaswap_desktop.routing.records import Closed, Model
from llamaswap_desktop.routing.records import Load as LoadRecord
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ModelId, ProcessState


class Decider:
    """Chooses, changes nothing.  New arrivals and every look through the queue ask it, and so does ``explain``."""

    def __init__(self, state: State, advice: Advice) -> None:
        self._state = state
        self._advice = advice
        self._barrier = Barrier(state, advice)

    def decide(self, model: Model) -> Decision:
        """Return the next step of a request for ``model``: the first line that applies."""
        if model.load is not None:
            return JOIN
        if obstacle := self._own_obstacle(model):
            return obstacle
        if self._barrier.is_raised() and (overdue := self._barrier.first_before(model)):
            return Wait(Turn(overdue.id))
        plan = self._advice.plan_for(model)
        if model.state is ProcessState.READY and not plan.victims:
            return FORWARD
        return self._room_for(model, plan.victims) or Load(plan.victims, plan.reason)

    def _own_obstacle(self, model: Model) -> Refuse | Wait | None:
        """Return what keeps the model from being used at all, whoever else runs."""
        state = self._state
        if state.pausing is not None:
            return Wait(EndOfPause()) if state.pausing.holds else Refuse(ModelsPaused(state.rest_of_pause_s()))
        if model.is_removed:
            return Refuse(ModelRemoved(model.id, self._advice.planner.name))
        if refusal := model.back_off.refusal(state.now):
            return Refuse(refusal)
        if state.unloadings and state.is_barred(model):
            return Wait(ItsUnload())
        match model.closed:
            case None:
                return None
            case Closed.UNCHECKED:
                return Wait(ItsCheck())
            case Closed.OUTDATED:
                return Wait(ItsRenewal(model.in_flight))
            case Closed.STUCK:
                return Refuse(ProcessStuck(model.id, model.id))

    def _room_for(self, model: Model, victims: frozenset[ModelId]) -> Refuse | Wait | None:
        """Return what keeps these victims from being stopped for the model now."""
        models = self._state.models
        for victim in sorted(victims):
            if models[victim].closed is Closed.STUCK:
                return Refuse(ProcessStuck(victim, model.id))
        for load in self._state.loads:
            if _collides(model, victims, load):
                return Wait(OtherLoad(load.target.id))
        busy = tuple((victim, models[victim].in_flight) for victim in sorted(victims) if models[victim].in_flight)
        return Wait(Answers(busy)) if busy else None


def _collides(model: Model, victims: frozenset[ModelId], load: LoadRecord) -> bool:
    return load.target.id in victims or model.id in load.victims or not victims.isdisjoint(load.victims)
