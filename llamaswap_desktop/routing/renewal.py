"""New rules while everything runs: a reload is a difference, not a restart (runtime specification, section 14.5).

Models whose definition has not changed keep process, requests and past.  One that has changed or gone finishes what it
is answering, for as long as its ``unloadTimeout``, and is stopped; if it ran, it is then started anew.  Loads that
have not started their target are decided again, and so is the queue.  What may no longer run together is told to
leave when it is idle.
"""

from llamaswap_desktop.errors import ModelRemoved
from llamaswap_desktop.routing.advice import Advice
from llamaswap_desktop.routing.alphabet import Forgotten, Reconfigure
from llamaswap_desktop.routing.backoff import BackOff
from llamaswap_desktop.routing.estimate import LoadTimes
from llamaswap_desktop.routing.idleness import Idleness
from llamaswap_desktop.routing.loading import Loading
from llamaswap_desktop.routing.records import Closed, Model
from llamaswap_desktop.routing.rules import ModelRules
from llamaswap_desktop.routing.state import State
from llamaswap_desktop.types import ModelId, ProcessState, StopReason


class Renewal:
    """Brings models from the old rules to the new ones."""

    def __init__(self, state: State, advice: Advice, loading: Loading, idleness: Idleness) -> None:
        self._state = state
        self._advice = advice
        self._loading = loading
        self._idleness = idleness
        self.is_at_work = False
        """Some model has yet to be stopped, or started again, because of the new rules."""
        self._is_unsettled = False
        """Some may run together that could not have come together under these rules."""

    # -- when the rules change

    def reconfigure(self, event: Reconfigure) -> None:
        """Let other rules hold from now on."""
        state = self._state
        self._advice.replace(event.planner)
        state.fifo, state.retry = event.rules.fifo, event.rules.retry
        for model in [model for model in state.models.values() if model.id not in event.rules.models]:
            self._remove(model)
        for name, rules in event.rules.models.items():
            self._give_rules(name, rules, has_changed=name in event.changed)
        self._reorder_queue()
        for load in list(state.loads):
            if load.leaving:
                self._loading.dissolve(load)
            else:
                self._loading.acquit(load)
        state.running_changed()
        for model in state.running_models():
            self._idleness.watch(model)
        self.is_at_work = self._is_unsettled = True
        state.is_look_due = True

    def _give_rules(self, name: ModelId, rules: ModelRules, *, has_changed: bool) -> None:
        model = self._state.models.get(name)
        if model is None:
            self._state.add_model(name, rules)
            return
        if has_changed or model.is_removed:
            self._change(model)
        model.is_removed = False
        if model.rules.is_pinned != rules.is_pinned:
            model.is_pinned = rules.is_pinned
        model.rules = rules

    def _reorder_queue(self) -> None:
        state = self._state
        for model in state.models.values():
            model.priority = state.fifo.priority.get(model.id, 0)
        state.queue.reorder(state.fifo)
        for request in state.queue:
            state.watch_timeout(request)

    def _remove(self, model: Model) -> None:
        """Refuse whoever waits for the model; what it is answering may be finished."""
        if model.is_removed:
            return
        state = self._state
        model.is_removed = True
        for request in state.queue:
            if request.model is model:
                state.dequeue(request)
                state.reject(request, ModelRemoved(model.id, self._advice.planner.name))
        if model.load is not None:
            self._loading.cancel(model.load, lambda: ModelRemoved(model.id, self._advice.planner.name))
        self._retire(model)
        self.forget_if_gone(model)

    def _change(self, model: Model) -> None:
        """Have the model started anew if it runs; what is known of the former one counts no more."""
        model.back_off = BackOff()
        model.load_times = LoadTimes()
        model.learnt_mib = None
        ran = model.state in {ProcessState.READY, ProcessState.STARTING} and not model.is_removed
        if model.load is not None:
            self._loading.dissolve(model.load)
        self._retire(model)
        model.wants_restart = model.wants_restart or ran

    def _retire(self, model: Model) -> None:
        """Close the process that runs under the former definition; it ends when it is idle, or at its deadline."""
        state = self._state
        match model.state:
            case ProcessState.STARTING:
                state.order_abort(model, StopReason.RELOADED)
            case ProcessState.READY if model.closed is not Closed.OUTDATED:
                model.closed = Closed.OUTDATED
                model.drain_until = state.now + model.rules.unload_timeout_s
                if model.in_flight:
                    state.wake_by(model.drain_until)
        model.wants_restart = False

    # -- afterwards

    def on_tick(self) -> None:
        """Stop those who have not finished in time."""
        for model in self._outdated():
            if self._state.now >= model.drain_until:
                self._state.order_stop(model, StopReason.RELOADED)
                self._state.is_look_due = True
            else:
                self._state.wake_by(model.drain_until)

    def look(self) -> None:
        """Stop whoever is idle and has to go because of the new rules."""
        for model in self._outdated():
            if model.in_flight == 0:
                self._state.order_stop(model, StopReason.RELOADED)
        if self._is_unsettled:
            self._settle()

    def restarts(self) -> list[Model]:
        """Return who ran when its definition changed, and is gone now; each only once."""
        wishes = [model for model in self._state.models.values() if model.wants_restart]
        gone = [model for model in wishes if model.state is ProcessState.STOPPED]
        for model in gone:
            model.wants_restart = False
        self.is_at_work = self._is_unsettled or len(gone) < len(wishes) or bool(self._outdated())
        return gone

    def forget_if_gone(self, model: Model) -> None:
        """Drop a removed model once its process is gone."""
        if model.is_removed and model.state is ProcessState.STOPPED:
            del self._state.models[model.id]
            self._state.effects.append(Forgotten(model.id))

    def _outdated(self) -> list[Model]:
        """Return the outdated models that are still ready, by name."""
        return [
            model
            for model in self._state.running_models()
            if model.closed is Closed.OUTDATED and model.state is ProcessState.READY
        ]

    def _settle(self) -> None:
        """Keep those who are busy or lately used, and stop the idle ones that could not have come to them."""
        staying: list[Model] = []
        candidates = [
            model
            for model in self._state.running_models()
            if model.state is not ProcessState.STOPPING and model.closed is not Closed.OUTDATED
        ]
        self._is_unsettled = False
        for model in sorted(candidates, key=self._staying_order):
            if self._could_have_come([*staying, model]):
                staying.append(model)
            elif self._is_busy(model):
                staying.append(model)
                self._is_unsettled = True
            else:
                self._state.order_stop(model, StopReason.EVICTED)

    def _staying_order(self, model: Model) -> tuple[bool, float]:
        return (not self._is_busy(model), -model.idle_since)

    def _is_busy(self, model: Model) -> bool:
        return model.in_flight > 0 or model.load is not None

    def _could_have_come(self, models: list[Model]) -> bool:
        """Tell whether these could have been loaded one after the other, in some order, without anybody leaving."""
        rest = list(models)
        while rest:
            for last in rest:
                if not self._advice.victims_among(last, [model.id for model in rest if model is not last]):
                    rest.remove(last)
                    break
            else:
                return False
        return True
