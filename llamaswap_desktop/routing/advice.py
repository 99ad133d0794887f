"""What the planner says, asked no more often than its answers change."""

from collections.abc import Iterable

from llamaswap_desktop.routing.footprint import footprint
from llamaswap_desktop.routing.planner import RAM, Facts, Picture, Plan, Planner
from llamaswap_desktop.routing.records import Closed, Model
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ModelId, ProcessState


class Advice:
    """The planner in use, pictures to show it, and its answers for as long as they hold."""

    def __init__(self, state: State, planner: Planner) -> None:
        self._state = state
        self.planner = planner
        self._kept: dict[ModelId, Plan] = {}
        self._kept_for = state.facts_revision
        self._problem = ""

    def replace(self, planner: Planner) -> None:
        """Ask another planner from now on."""
        self.planner = planner
        self._kept.clear()

    def plan_for(self, model: Model) -> Plan:
        """Return who must leave for ``model`` now."""
        if self._kept_for != self._state.facts_revision:
            self._kept.clear()
            self._kept_for = self._state.facts_revision
        plan = self._kept.get(model.id)
        if plan is None:
            plan = self._plan_for(model)
            if model.state is ProcessState.READY or not self.planner.reads_facts:
                self._kept[model.id] = plan
        return plan

    def victims_among(self, model: Model, running: Iterable[ModelId]) -> frozenset[ModelId]:
        """Return who would have to leave for ``model`` if these were running."""
        return self._ask(model, tuple(sorted(running))).victims

    def take_problem(self) -> str:
        """Return what was wrong with a planner that has been replaced since the last call, else nothing."""
        problem, self._problem = self._problem, ""
        if problem:
            self._kept.clear()
        return problem

    def _picture(self, target: Model, running: tuple[ModelId, ...]) -> Picture:
        """Return what the planner may look at if these were running; without facts if it reads none."""
        if not self.planner.reads_facts:
            return Picture(running)
        return self._with_facts(target, running)

    def full_picture(self, target: Model) -> Picture:
        """Return the picture of now with all facts, whoever is to look at it; see ``_plan_for`` for who is in it."""
        return self._with_facts(target, self._in_question(target))

    def _with_facts(self, target: Model, running: tuple[ModelId, ...]) -> Picture:
        facts = {model: self._facts(self._state.models[model]) for model in {*running, target.id}}
        return Picture(running, facts, self._state.available_mib)

    def _plan_for(self, model: Model) -> Plan:
        """Ask about the others that run, and about the model itself only if it serves already.

        While its last process is on its way out, the model is to be loaded like any other.  What is configured no more
        is not for the planner to judge: it leaves for everybody who is to be loaded.
        """
        plan = self._ask(model, self._in_question(model))
        if model.state is ProcessState.READY:
            return plan
        others = (other for other in self._state.running_models() if other is not model)
        departing = frozenset(other.id for other in others if other.is_removed)
        return Plan(plan.victims | departing, plan.reason) if departing else plan

    def _in_question(self, model: Model) -> tuple[ModelId, ...]:
        is_serving = model.state is ProcessState.READY
        running = self._state.running_models()
        return tuple(each.id for each in running if (is_serving if each is model else not each.is_removed))

    def _ask(self, model: Model, running: tuple[ModelId, ...]) -> Plan:
        plan = self.planner.plan(model.id, self._picture(model, running))
        self._problem = self._problem or plan.problem
        return plan

    def _facts(self, model: Model) -> Facts:
        gpus = sorted(device for device in self._state.available_mib if device != RAM)
        return Facts(
            state=ProcessState.STARTING if model.load is not None else model.state,
            memory_mib=footprint(model.rules.declared, model.learnt_mib, gpus),
            reload_s=model.load_times.usual_s(),
            idle_s=0.0 if model.in_flight else self._state.now - model.idle_since,
            in_flight=model.in_flight,
            is_pinned=model.is_pinned,
            is_stuck=model.closed is Closed.STUCK,
        )
