"""The core: owns all that changes, carries out the scheduler's effects, answers the faces' commands.

Everything here runs on the core's event loop.  A request is a plain call, not a task: ``request`` returns a ``Lease``
at once or a ``Waiting`` that calls back, and whoever holds either gives it back in exactly one place.  Effects start
tasks or post callbacks, so that carrying one out never comes back into the scheduler in the same turn.
"""

import asyncio
import itertools
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from llamaswap_desktop.commands import Command, LoadModel, Quit, UnloadAll, UnloadModel
from llamaswap_desktop.config import Config, Model
from llamaswap_desktop.core.lease import Lease, Settled, Waiting
from llamaswap_desktop.errors import LlamaSwapError, ModelNotFound, StartFailed
from llamaswap_desktop.events import Event, ProcessDied, ProcessStateChanged, RequestFinished
from llamaswap_desktop.process import Process
from llamaswap_desktop.routing import Counts, GroupPlanner, ModelRules, Rules, Scheduler, alphabet
from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ModelId, Phase, ProcessState, RequestId, StopReason

_log = logging.getLogger("llamaswap_desktop.core")

_SNAPSHOT_INTERVAL_S = 0.1
_OBITUARY_WAIT_S = 0.25
"""How long a broken connection waits to learn that the process behind it has died."""

BuildProcess = Callable[[Model, Callable[[Event], None]], Process]


class Core:
    """The models of one configuration, their processes, and everybody who waits for them."""

    def __init__(self, config: Config, *, build_process: BuildProcess) -> None:
        self.config = config
        self._processes = {model.id: build_process(model, self._on_process_event) for model in config.models.values()}
        self._scheduler = Scheduler(_rules(config), GroupPlanner(config.groups))
        self._request_ids = itertools.count(1)
        self._tickets = itertools.count(1)
        self._waiting: dict[RequestId, Waiting] = {}
        self._starting: dict[ModelId, alphabet.Order] = {}
        self._unloads: dict[alphabet.Ticket, asyncio.Future[None]] = {}
        self._wake: asyncio.TimerHandle | None = None
        self._shutdown_at: float | None = None
        self._listeners: list[Callable[[Event], None]] = []
        self._watchers: list[Callable[[Snapshot], None]] = []
        self._snapshot_due: asyncio.TimerHandle | None = None
        self._problems: dict[ModelId, str] = {}
        self._mourners: defaultdict[ModelId, list[Callable[[str], None]]] = defaultdict(list)
        self._rev = 0
        self._phase = Phase.STARTING
        self._address = ""
        self._on_quit: Callable[[], None] | None = None

    def __repr__(self) -> str:
        return f"<Core {self._phase}: {self._scheduler!r}>"

    # -- using a model

    def resolve(self, name: str) -> ModelId:
        """Return the model that ``name`` (an id or an alias) stands for; raises ``ModelNotFound``."""
        model = self.config.resolve_local(name)
        if model is None:
            raise ModelNotFound("no router for requested model")
        return model

    def request(self, model: ModelId, settled: Settled) -> Lease | Waiting:
        """Ask for the right to forward one request to ``model``.

        Returns a ``Lease`` if the model serves now, else a ``Waiting`` that calls ``settled`` later, never within
        this call.  Raises what the scheduler refuses with (``ConcurrencyLimit``, ``ShuttingDown``).
        """
        request = RequestId(next(self._request_ids))
        lease: Lease | None = None
        for effect in self._scheduler.handle(alphabet.Requested(request, model), time.monotonic()):
            if isinstance(effect, alphabet.Grant):
                lease = self._lease(request, model)
            elif isinstance(effect, alphabet.Reject):
                raise effect.error
            else:
                self._carry_out(effect)
        self._changed()
        if lease is not None:
            return lease
        waiting = self._waiting[request] = Waiting(model, settled, lambda: self._cancelled(request))
        return waiting

    def _lease(self, request: RequestId, model: ModelId) -> Lease:
        return Lease(model, self._processes[model].upstream, lambda: self._handle(alphabet.Served(request)))

    def _cancelled(self, request: RequestId) -> None:
        del self._waiting[request]
        self._handle(alphabet.Cancelled(request))

    def explain_failure(self, model: ModelId, explained: Callable[[str], None]) -> None:
        """Call ``explained`` once with how the model's process died, or with nothing if it seems to live on.

        A broken connection is often noticed before the death that broke it, so this waits a moment for the news.
        """
        if self._processes[model].state is not ProcessState.READY:
            asyncio.get_running_loop().call_soon(explained, self._problems.get(model, ""))
            return
        self._mourners[model].append(explained)
        asyncio.get_running_loop().call_later(_OBITUARY_WAIT_S, self._stop_mourning, model, explained)

    def _stop_mourning(self, model: ModelId, explained: Callable[[str], None]) -> None:
        if explained in self._mourners[model]:
            self._mourners[model].remove(explained)
            explained("")

    # -- commands

    def execute(self, command: Command) -> None:
        """Carry out a wish of one of the faces; returns at once.  Raises ``ModelNotFound``."""
        match command:
            case LoadModel(model):
                self._load(self.resolve(model))
            case UnloadModel(model):
                spawn(f"unload {model}", self.unload((self.resolve(model),)))
            case UnloadAll():
                spawn("unload all", self.unload())
            case Quit():
                if self._on_quit is not None:
                    self._on_quit()
            case _:
                assert_never(command)

    def on_quit(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when somebody wishes the program to end."""
        self._on_quit = act

    def _load(self, model: ModelId) -> None:
        """Ask for the model like any client, and let go as soon as it is there."""

        def settled(outcome: Lease | LlamaSwapError) -> None:
            if isinstance(outcome, Lease):
                outcome.release()

        try:
            held = self.request(model, settled)
        except LlamaSwapError as error:
            _log.warning("cannot load %s: %s", model, error)
            return
        if isinstance(held, Lease):
            held.release()

    async def unload(self, models: Iterable[ModelId] = ()) -> None:
        """Stop these models (all if none are named), busy or not; returns when they are gone."""
        ticket, done = self._new_ticket()
        self._handle(alphabet.Unload(ticket, tuple(models)))
        await done

    async def shut_down(self, budget_s: float) -> None:
        """Refuse everything, stop every model with ``budget_s`` at most; returns when all are gone."""
        self._shutdown_at = time.monotonic() + budget_s
        ticket, done = self._new_ticket()
        self._handle(alphabet.ShutDown(ticket))
        await done
        if self._wake is not None:
            self._wake.cancel()
        for process in self._processes.values():
            await process.end(0.0)

    def kill_all(self) -> None:
        """Force every model to end now; whoever waits for a stop sees it happen."""
        for process in self._processes.values():
            process.kill()

    def _new_ticket(self) -> tuple[alphabet.Ticket, asyncio.Future[None]]:
        ticket = alphabet.Ticket(next(self._tickets))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unloads[ticket] = done
        return ticket, done

    # -- the scheduler's effects

    def _handle(self, event: alphabet.Event) -> None:
        for effect in self._scheduler.handle(event, time.monotonic()):
            self._carry_out(effect)
        self._changed()

    def _carry_out(self, effect: alphabet.Effect) -> None:
        match effect:
            case alphabet.Grant(request, _, _):
                waiting = self._waiting.pop(request)
                waiting.settle(self._lease(request, waiting.model))
            case alphabet.Reject(request, error):
                self._waiting.pop(request).settle(error)
            case alphabet.Start(order, model):
                self._starting[model] = order
                spawn(f"start {model}", self._start(order, model))
            case alphabet.Stop(order, model, reason) | alphabet.Abort(order, model, reason):
                spawn(f"stop {model}", self._stop(order, model, reason))
            case alphabet.LoadBegun(model, victims, running, reason):
                self._log_load(model, victims, running, reason)
            case alphabet.Check(order, model):
                passed = alphabet.Checked(order, model, is_healthy=True)
                asyncio.get_running_loop().call_soon(self._handle, passed)
            case alphabet.PlannerReplaced(problem):
                _log.error("%s", problem)
            case alphabet.Forgotten():
                pass
            case alphabet.WakeAt(at):
                self._wake_at(at)
            case alphabet.Unloaded(ticket):
                done = self._unloads.pop(ticket)
                if not done.done():
                    done.set_result(None)
            case _:
                assert_never(effect)

    def _log_load(self, model: ModelId, victims: frozenset[ModelId], running: tuple[ModelId, ...], reason: str) -> None:
        """Say once per load what was decided and why; it is news if somebody leaves or is the first."""
        level = logging.INFO if victims or not running else logging.DEBUG
        _log.log(level, "loading %s; leaving: %s; %s", model, ", ".join(sorted(victims)) or "nobody", reason)

    def _wake_at(self, at: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
        delay = max(0.0, at - time.monotonic())
        self._wake = asyncio.get_running_loop().call_later(delay, self._handle, alphabet.Tick())

    async def _start(self, order: alphabet.Order, model: ModelId) -> None:
        """Start the model; that it is ready is learnt from its own event, which no later death can overtake."""
        try:
            await self._processes[model].ensure_ready()
        except LlamaSwapError as error:
            self._note_failure(model, error)
            self._handle(alphabet.Failed(order, model, error))
        except Exception as error:  # noqa: BLE001 - top of a task: whoever waits must hear of it
            _log.exception("starting %s failed unexpectedly", model)
            self._handle(alphabet.Failed(order, model, StartFailed(f"internal error: {error!r}")))

    async def _stop(self, order: alphabet.Order, model: ModelId, reason: StopReason) -> None:
        try:
            await self._processes[model].stop(self._grace_s(self.config.models[model], reason))
        except Exception:  # noqa: BLE001 - top of a task: the scheduler must go on
            _log.exception("stopping %s failed unexpectedly", model)
        self._handle(alphabet.Stopped(order, model))

    def _grace_s(self, model: Model, reason: StopReason) -> float:
        match reason:
            case StopReason.EVICTED:
                return model.evict_timeout_s
            case StopReason.UNLOADED | StopReason.IDLE | StopReason.RELOADED | StopReason.UNHEALTHY:
                return model.unload_timeout_s
            case StopReason.SHUTDOWN:
                assert self._shutdown_at is not None
                return max(0.001, self._shutdown_at - time.monotonic())
            case _:
                assert_never(reason)

    def _note_failure(self, model: ModelId, error: LlamaSwapError) -> None:
        if isinstance(error, StartFailed):
            self._problems[model] = str(error).removeprefix("unspecific error: ")
            _log.warning("cannot start %s: %s", model, self._problems[model])

    # -- what the processes report

    def _on_process_event(self, event: Event) -> None:
        match event:
            case ProcessStateChanged(model, old, new):
                _log.info("%s: %s -> %s", model, old, new)
                if new is ProcessState.READY:
                    self._problems.pop(model, None)
                    self._handle(alphabet.Ready(self._starting[model], model))
            case ProcessDied(model, detail):
                _log.warning("%s", detail)
                self._problems[model] = detail
                for explained in self._mourners.pop(model, []):
                    asyncio.get_running_loop().call_soon(explained, detail)
                self._handle(alphabet.Died(model))
            case RequestFinished():
                pass
            case _:
                assert_never(event)
        self.publish(event)
        self._changed()

    # -- facts and the picture of now

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``listener`` told of every event, in order; the result unsubscribes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, event: Event) -> None:
        """Tell every subscriber of ``event``."""
        for listener in self._listeners:
            listener(event)

    def watch(self, watcher: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Have ``watcher`` given a fresh snapshot soon after each change, at most ten a second."""
        self._watchers.append(watcher)
        watcher(self.snapshot())
        return lambda: self._watchers.remove(watcher)

    def snapshot(self) -> Snapshot:
        """Return the picture of now."""
        return Snapshot(
            rev=self._rev,
            phase=self._phase,
            address=self._address,
            models=tuple(self._model_snapshot(model) for model in self.config.models.values()),
            problems=tuple(str(problem) for problem in self.config.warnings),
        )

    def process_states(self) -> Mapping[ModelId, ProcessState]:
        """Return the state of every model's process, for listings."""
        return {model: process.state for model, process in self._processes.items()}

    def counts(self, model: ModelId) -> Counts:
        """Return how many requests wait for ``model`` and how many it is answering."""
        return self._scheduler.counts(model)

    def entered(self, phase: Phase, *, address: str = "") -> None:
        """Note a new phase of the program's life, and the base URL that it serves on."""
        self._phase = phase
        self._address = address or self._address
        self._changed()

    def _model_snapshot(self, model: Model) -> ModelSnapshot:
        counts = self._scheduler.counts(model.id)
        return ModelSnapshot(
            id=model.id,
            name=model.name or model.id,
            state=self._processes[model.id].state,
            unlisted=model.unlisted,
            waiting=counts.waiting,
            in_flight=counts.in_flight,
            problem=self._problems.get(model.id, ""),
        )

    def _changed(self) -> None:
        self._rev += 1
        if self._watchers and self._snapshot_due is None:
            loop = asyncio.get_running_loop()
            self._snapshot_due = loop.call_later(_SNAPSHOT_INTERVAL_S, self._show_snapshot)

    def _show_snapshot(self) -> None:
        self._snapshot_due = None
        snapshot = self.snapshot()
        for watcher in self._watchers:
            watcher(snapshot)


def _rules(config: Config) -> Rules:
    return Rules(
        models={
            model.id: ModelRules(
                limit=model.concurrency_limit,
                ttl_s=model.ttl_s,
                unload_timeout_s=model.unload_timeout_s,
                queue_timeout_s=model.queue_timeout_s,
                is_pinned=model.pinned,
                declared=model.memory,
            )
            for model in config.models.values()
        },
        fifo=config.routing.scheduler.settings.fifo,
        retry=config.desktop.retry,
    )
