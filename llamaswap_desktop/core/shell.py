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
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import assert_never

from llamaswap_desktop.commands import (
    Command,
    LoadModel,
    PauseModels,
    PinModel,
    Quit,
    ReloadConfig,
    ResumeModels,
    SetGroup,
    SetProfile,
    UnloadAll,
    UnloadModel,
    UnpinModel,
)
from llamaswap_desktop.config import Config, Model, diff_configs
from llamaswap_desktop.core.bus import Bus
from llamaswap_desktop.core.footprints import Footprints
from llamaswap_desktop.core.lease import Lease, Settled, Waiting
from llamaswap_desktop.core.orders import BeforeStart, Orders
from llamaswap_desktop.core.overrides import GroupOverrides
from llamaswap_desktop.core.picture import picture_groups, picture_loads, picture_models, picture_waiting
from llamaswap_desktop.core.planning import build_alternatives, build_planner
from llamaswap_desktop.core.plans import PolicyPlan, plans_for
from llamaswap_desktop.core.resolving import Resolver, Target
from llamaswap_desktop.core.sleep import SleepWatch
from llamaswap_desktop.core.watchers import Watchers
from llamaswap_desktop.errors import LlamaSwapError, ModelNotFound, StartFailed
from llamaswap_desktop.events import (
    ConfigChanged,
    Event,
    LoadDecided,
    PauseChanged,
    ProcessDied,
    ProcessStateChanged,
    ProcessStuck,
    ProfileChanged,
    RequestFinished,
    StopDecided,
)
from llamaswap_desktop.events import StartFailed as StartHasFailed
from llamaswap_desktop.http1 import Upstream
from llamaswap_desktop.process import Process
from llamaswap_desktop.routing import Device, ModelRules, Rules, Scheduler, WaitingRequest, alphabet
from llamaswap_desktop.snapshot import PauseSnapshot, Snapshot
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ModelId, Phase, ProcessState, RequestId, StopReason

_log = logging.getLogger("llamaswap_desktop.core")

_OBITUARY_WAIT_S = 0.25
"""How long a broken connection waits to learn that the process behind it has died."""

_SLEEP_LOOK_S = 5.0

BuildProcess = Callable[[Model, Callable[[Event], None]], Process]


class Core:
    """The models of one configuration, their processes, and everybody who waits for them.

    Building one raises ``ConfigError`` if the configuration names a planner of the user's own that cannot be used.
    """

    def __init__(self, config: Config, *, build_process: BuildProcess, footprints: Footprints | None = None) -> None:
        self.configured = config
        """What the files say; ``config`` is what holds, with the switches that were changed live."""
        self.config = config
        self._overrides = GroupOverrides()
        self._build_process = build_process
        self._processes = {model.id: build_process(model, self._on_process_event) for model in config.models.values()}
        self._scheduler = Scheduler(_rules(config), build_planner(config))
        self._resolver = Resolver(config, self.state_of)
        self._footprints = footprints or Footprints()
        self._request_ids = itertools.count(1)
        self._tickets = itertools.count(1)
        self._waiting: dict[RequestId, Waiting] = {}
        self._orders = Orders(self._processes, report=self._handle, failed=self._note_failure, grace_s=self._grace_s)
        self._unloads: dict[alphabet.Ticket, asyncio.Future[None]] = {}
        self._wake: asyncio.TimerHandle | None = None
        self._sleep_look: asyncio.TimerHandle | None = None
        self._sleep = SleepWatch()
        self._shutdown_at: float | None = None
        self._paused_until: float | None = None
        self._paused_for = ""
        self._bus: Bus[Event] = Bus()
        self.requests: Bus[RequestFinished] = Bus()
        """Tells of every request that is over, to those whom requests interest."""
        self._problems: dict[ModelId, str] = {}
        self._mourners: defaultdict[ModelId, list[Callable[[str], None]]] = defaultdict(list)
        self._memory_mib: dict[ModelId, Mapping[Device, int]] = {}
        self._reports: dict[str, str] = {}
        self._watchers = Watchers(self.snapshot)
        self._was_paused = False
        self._rev = 0
        self._phase = Phase.STARTING
        self._address = ""
        self._on_quit: Callable[[], None] | None = None
        self._on_reload: Callable[[], None] | None = None
        self._on_wake: Callable[[], None] | None = None
        self._tell_footprints(config.models.values())

    def __repr__(self) -> str:
        return f"<Core: {self._scheduler!r}>"

    # -- using a model

    def resolve(self, name: str) -> Target:
        """Return what a request for ``name`` goes to, profile and selector applied; see ``Resolver.resolve``."""
        return self._resolver.resolve(name)

    def resolve_path(self, prefixes: Sequence[str]) -> tuple[int, Target]:
        """Find the model in a path below ``/upstream/``; see ``Resolver.resolve_path``."""
        return self._resolver.resolve_path(prefixes)

    def resolve_local(self, name: str) -> ModelId:
        """Return the local model that ``name`` (an id or an alias) stands for; raises ``ModelNotFound``."""
        model = self.config.resolve_local(name)
        if model is None:
            raise ModelNotFound("model not found")
        return model

    def request(self, model: ModelId, settled: Settled, *, by_hand: bool = False) -> Lease | Waiting:
        """Ask for the right to forward one request to ``model``.

        Returns a ``Lease`` if the model serves now, else a ``Waiting`` that calls ``settled`` later, never within
        this call.  Raises what the scheduler refuses with (``ConcurrencyLimit``, ``ShuttingDown``, ...).  A request
        ``by_hand`` tries again whatever has failed before.
        """
        self.notice_sleep()
        request = RequestId(next(self._request_ids))
        lease: Lease | None = None
        refusal: LlamaSwapError | None = None
        for effect in self._scheduler.handle(alphabet.Requested(request, model, by_hand), time.monotonic()):
            if isinstance(effect, alphabet.Grant) and effect.request == request:
                lease = self._lease(effect, model)
            elif isinstance(effect, alphabet.Reject) and effect.request == request:
                refusal = effect.error
            else:
                self._carry_out(effect)
        self._changed()
        if refusal is not None:
            raise refusal
        if lease is not None:
            return lease
        waiting = self._waiting[request] = Waiting(
            model,
            settled,
            cancel=lambda: self._cancelled(request),
            position=lambda: self._scheduler.position(request),
            waited=lambda: self._scheduler.waited(request, time.monotonic()),
        )
        return waiting

    async def acquire(self, model: ModelId, *, by_hand: bool = False) -> Lease:
        """Wait for the right to use ``model``: for what is no client's request.  Raises as ``request`` does."""
        settled: asyncio.Future[Lease | LlamaSwapError] = asyncio.get_running_loop().create_future()
        held = self.request(model, settled.set_result, by_hand=by_hand)
        if isinstance(held, Lease):
            return held
        try:
            outcome = await settled
        except asyncio.CancelledError:
            held.release()
            raise
        if isinstance(outcome, LlamaSwapError):
            raise outcome
        return outcome

    def _lease(self, grant: alphabet.Grant, model: ModelId) -> Lease:
        request = grant.request
        return Lease(
            model,
            self._processes[model].upstream,
            lambda: self._handle(alphabet.Served(request)),
            grant.waited_s,
            grant.reason,
            self._scheduler.priority(model),
        )

    def _cancelled(self, request: RequestId) -> None:
        del self._waiting[request]
        self._handle(alphabet.Cancelled(request))

    def upstream_if_ready(self, model: ModelId) -> Upstream | None:
        """Return where a ready model can be reached: for what goes past the queue.  None if it is not ready."""
        return self._processes[model].upstream

    def state_of(self, model: ModelId) -> ProcessState:
        """Return the state of a model's process."""
        return self._processes[model].state

    def explain_failure(self, model: ModelId, explained: Callable[[str], None]) -> None:
        """Call ``explained`` once with how the model's process died, or with nothing if it seems to live on.

        A broken connection is often noticed before the death that broke it, so this waits a moment for the news.
        """
        loop = asyncio.get_running_loop()
        process = self._processes.get(model)
        if process is None or process.state is not ProcessState.READY:
            loop.call_soon(explained, self._problems.get(model, ""))
            return
        self._mourners[model].append(explained)
        loop.call_later(_OBITUARY_WAIT_S, self._stop_mourning, model, explained)

    def _stop_mourning(self, model: ModelId, explained: Callable[[str], None]) -> None:
        if explained in self._mourners[model]:
            self._mourners[model].remove(explained)
            explained("")

    # -- commands

    def execute(self, command: Command) -> None:
        """Carry out a wish of one of the faces; returns at once.

        Raises ``ModelNotFound``, ``ProfileNotFound`` or ``GroupNotFound`` for what is not there, and ``ConfigError`` if
        the planner of the user's own cannot be used any more; then nothing has changed.
        """
        match command:
            case LoadModel(model):
                self._load(self.resolve_local(model))
            case UnloadModel(model):
                spawn(f"unload {model}", self.unload((self.resolve_local(model),)))
            case UnloadAll():
                spawn("unload all", self.unload())
            case PinModel(model):
                self._handle(alphabet.Pin(self.resolve_local(model)))
            case UnpinModel(model):
                self._handle(alphabet.Unpin(self.resolve_local(model)))
            case SetProfile(name):
                self.set_profile(name)
            case PauseModels():
                self._pause(command)
            case ResumeModels():
                self._handle(alphabet.Resume())
            case SetGroup():
                self._hold(self.configured, self._overrides.changed_by(command, self.configured))
            case ReloadConfig():
                if self._on_reload is not None:
                    self._on_reload()
            case Quit():
                if self._on_quit is not None:
                    self._on_quit()
            case _:
                assert_never(command)

    def on_quit(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when somebody wishes the program to end."""
        self._on_quit = act

    def on_reload(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when somebody wishes the configuration to be read again."""
        self._on_reload = act

    def on_wake(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when it is noticed that the computer has slept."""
        self._on_wake = act

    def before_start(self, act: BeforeStart) -> None:
        """Have ``act`` called before each start; what it returns is waited for first."""
        self._orders.before_start = act

    def _load(self, model: ModelId) -> None:
        spawn(f"load {model}", self._load_and_let_go(model))

    async def _load_and_let_go(self, model: ModelId) -> None:
        """Ask for the model like any client, and let go as soon as it is there."""
        try:
            lease = await self.acquire(model, by_hand=True)
        except LlamaSwapError as error:
            _log.warning("cannot load %s: %s", model, error)
        else:
            lease.release()

    async def unload(self, models: Iterable[ModelId] = ()) -> None:
        """Stop these models (all if none are named), busy or not; returns when they are gone."""
        ticket, done = self._new_ticket()
        self._handle(alphabet.Unload(ticket, tuple(models)))
        await done

    def set_profile(self, name: str | None) -> None:
        """Make a profile active, or none; raises ``ProfileNotFound``."""
        if self._resolver.set_profile(name):
            _log.info("profile: %s", self._resolver.profile or "none")
            self.publish(ProfileChanged(self._resolver.profile))
            self._changed()

    @property
    def profile(self) -> str | None:
        """The name of the active profile."""
        return self._resolver.profile

    def _pause(self, wish: PauseModels) -> None:
        ticket, _ = self._new_ticket()
        self._paused_until = None if wish.seconds is None else time.monotonic() + wish.seconds
        self._paused_for = wish.reason
        self._handle(alphabet.Pause(ticket, self._paused_until, wish.holds))

    async def shut_down(self, budget_s: float) -> None:
        """Refuse everything, stop every model with ``budget_s`` at most; returns when all are gone."""
        self._shutdown_at = time.monotonic() + budget_s
        ticket, done = self._new_ticket()
        self._handle(alphabet.ShutDown(ticket))
        await done
        for timer in (self._wake, self._sleep_look):
            if timer is not None:
                timer.cancel()
        self._watchers.close()
        self._footprints.save()
        for process in self._processes.values():
            await process.end()

    def kill_all(self) -> None:
        """Force every model to end now; whoever waits for a stop sees it happen."""
        for process in self._processes.values():
            process.kill()

    def _new_ticket(self) -> tuple[alphabet.Ticket, asyncio.Future[None]]:
        ticket = alphabet.Ticket(next(self._tickets))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unloads[ticket] = done
        return ticket, done

    # -- another configuration

    def reconfigure(self, configured: Config) -> None:
        """Let another configuration hold from now on (runtime specification, section 14.5).

        Unchanged models go on as they are; a changed one finishes what it is answering and starts anew; queued
        requests are decided again.  Raises ``ConfigError``, and then nothing has changed.
        """
        self._hold(configured, self._overrides)

    def _hold(self, configured: Config, overrides: GroupOverrides) -> None:
        config = overrides.applied_to(configured)
        planner = build_planner(config)
        diff = diff_configs(self.config, config)
        for model in config.models.values():
            if model.id in self._processes:
                self._processes[model.id].redefine(model)
            else:
                self._processes[model.id] = self._build_process(model, self._on_process_event)
        profile = self.profile
        self.configured, self.config, self._overrides = configured, config, overrides
        self._resolver.reconfigure(config)
        self.report("planner", "")
        self._handle(alphabet.Reconfigure(_rules(config), planner, frozenset(diff.restarts)))
        self._tell_footprints(config.models[model] for model in (*diff.added, *diff.restarts))
        self.publish(ConfigChanged(diff.added, diff.removed, diff.restarts))
        if self.profile != profile:
            self.publish(ProfileChanged(self.profile))

    def _forget(self, model: ModelId) -> None:
        """Let go of a process whose model is configured no more."""
        process = self._processes.pop(model)
        self._problems.pop(model, None)
        self._memory_mib.pop(model, None)
        spawn(f"end {model}", process.end())

    # -- memory

    def learn_footprint(self, model: ModelId, seen_mib: Mapping[Device, int], *, is_new_load: bool) -> None:
        """Take note of what a running model holds now, MiB by device."""
        self._memory_mib[model] = seen_mib
        if model in self.config.models:
            learnt = self._footprints.learn(self.config.models[model], seen_mib, is_new_load=is_new_load)
            if learnt is not None:
                if is_new_load:
                    self._footprints.save()  # a tenth of a millisecond, and seldom: a crash is not to cost the figures
                self._handle(alphabet.FootprintLearnt(model, learnt))

    def measure_memory(self, available_mib: Mapping[Device, int]) -> None:
        """Take note of how much memory models may use at all, MiB by device."""
        self._handle(alphabet.MemoryMeasured(available_mib))

    def footprint_of(self, model: ModelId) -> Mapping[Device, int] | None:
        """Return what the model was seen to take, MiB by device; None if it never was."""
        return self._footprints.of(self.config.models[model])

    def _tell_footprints(self, models: Iterable[Model]) -> None:
        for model in models:
            if (known := self._footprints.of(model)) is not None:
                self._handle(alphabet.FootprintLearnt(model.id, known))

    # -- sleep

    def watch_for_sleep(self) -> None:
        """Look every few seconds whether the computer has slept: then no ready model is believed unchecked."""
        self.notice_sleep()
        self._sleep_look = asyncio.get_running_loop().call_later(_SLEEP_LOOK_S, self.watch_for_sleep)

    def notice_sleep(self) -> None:
        """Look whether the computer has slept: to be asked before anything is used that may not survive that."""
        if self._sleep.has_slept():
            self._woke()

    def _woke(self) -> None:
        _log.info("the computer has slept: every loaded model is checked before it is used again")
        self._handle(alphabet.Woke())
        if self._on_wake is not None:
            self._on_wake()

    # -- the scheduler's effects

    def _handle(self, event: alphabet.Event) -> None:
        for effect in self._scheduler.handle(event, time.monotonic()):
            self._carry_out(effect)
        self._changed()

    def _carry_out(self, effect: alphabet.Effect) -> None:
        match effect:
            case alphabet.Grant(request, waited_s, reason):
                waiting = self._waiting.pop(request)
                waiting.settle(self._lease(effect, waiting.model), waited_s, reason)
            case alphabet.Reject(request, error, waited_s, reason):
                self._waiting.pop(request).settle(error, waited_s, reason)
            case alphabet.LoadBegun(model, victims, running, reason):
                self._log_load(model, victims, running, reason)
                self.publish(LoadDecided(model, tuple(sorted(victims))))
            case alphabet.Start(order, model):
                self._orders.start(order, model)
            case alphabet.Stop(order, model, reason) | alphabet.Abort(order, model, reason):
                self.publish(StopDecided(model, reason))
                self._orders.stop(order, model, reason)
            case alphabet.Check(order, model):
                self._orders.check(order, model)
            case alphabet.WakeAt(at):
                self._wake_at(at)
            case alphabet.Unloaded(ticket):
                done = self._unloads.pop(ticket)
                if not done.done():
                    done.set_result(None)
            case alphabet.Forgotten(model):
                self._forget(model)
            case alphabet.PlannerReplaced(problem):
                _log.error("%s", problem)
                self.report("planner", problem)
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

    def _grace_s(self, model_id: ModelId, reason: StopReason) -> float:
        model = self.config.models.get(model_id)
        if model is None:
            return self.config.unload_timeout_s  # it is configured no more
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
            self._problems[model] = detail = str(error).removeprefix("unspecific error: ")
            _log.warning("cannot start %s: %s", model, detail)
            self.publish(StartHasFailed(model, detail))

    # -- what the processes report

    def _on_process_event(self, event: Event) -> None:
        match event:
            case ProcessStateChanged(model, old, new):
                _log.info("%s: %s -> %s", model, old, new)
                if new is ProcessState.READY:
                    self._problems.pop(model, None)
                    self._handle(alphabet.Ready(self._orders.start_of(model), model))
            case ProcessDied(model, detail):
                _log.warning("%s", detail)
                self._problems[model] = detail
                for explained in self._mourners.pop(model, []):
                    asyncio.get_running_loop().call_soon(explained, detail)
                self._handle(alphabet.Died(model))
            case ProcessStuck(model, pid):
                self._problems[model] = f"process {pid} of model '{model}' survived a forced stop"
                self._handle(alphabet.Stuck(self._orders.latest(model), model))
            case _:
                pass
        self.publish(event)
        self._changed()

    # -- facts and the picture of now

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``listener`` told of every event, in order; the result unsubscribes it."""
        return self._bus.subscribe(listener)

    def publish(self, event: Event) -> None:
        """Tell every subscriber of ``event``."""
        self._bus.publish(event)

    def watch(self, watcher: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Have ``watcher`` given a fresh snapshot soon after each change, at most ten a second."""
        return self._watchers.watch(watcher)

    def snapshot(self) -> Snapshot:
        """Return the picture of now."""
        now = time.monotonic()
        problems = [str(problem) for problem in self.config.warnings]
        return Snapshot(
            rev=self._rev,
            phase=self._phase,
            address=self._address,
            models=picture_models(self.config, self._scheduler, self._processes, self._problems, self._memory_mib),
            groups=picture_groups(self.config, self.configured),
            profiles=tuple(self.config.profiles),
            profile=self.profile,
            paused=self._pause_snapshot(now),
            loads=picture_loads(self._scheduler, now),
            waiting=picture_waiting(self._scheduler, now),
            problems=(*self._reports.values(), *problems),
            troubles=tuple(self._reports.values()),
        )

    def _pause_snapshot(self, now: float) -> PauseSnapshot | None:
        if not self._scheduler.is_paused():
            return None
        left_s = None if self._paused_until is None else max(0.0, self._paused_until - now)
        return PauseSnapshot(left_s, self._paused_for)

    def waiting(self) -> list[WaitingRequest]:
        """Return everybody who waits, each with the reason in words."""
        return self._scheduler.waiting(time.monotonic())

    def plans(self, model: ModelId) -> tuple[PolicyPlan, ...]:
        """Return what each policy would do to load ``model`` now, first the one in force; changes nothing."""
        picture = self._scheduler.picture(model, time.monotonic())
        return plans_for(model, picture, self._scheduler.planner, build_alternatives(self.config))

    def process_states(self) -> Mapping[ModelId, ProcessState]:
        """Return the state of every model's process, for listings."""
        return {model: self._processes[model].state for model in self.config.models}

    def pids(self) -> Mapping[ModelId, int]:
        """Return the process id of every model that has a process."""
        return {model: process.pid for model, process in self._processes.items() if process.pid is not None}

    def entered(self, phase: Phase, *, address: str = "") -> None:
        """Note a new phase of the program's life, and the base URL that it serves on."""
        self._phase = phase
        self._address = address or self._address
        self._changed()

    def report(self, source: str, problem: str) -> None:
        """Show a problem of the program as a whole until ``source`` reports another one, or (empty) that it is over."""
        self._reports.pop(source, None)
        if problem:
            self._reports[source] = problem
        self._changed()

    def _changed(self) -> None:
        self._rev += 1
        self._watchers.changed()
        if (is_paused := self._scheduler.is_paused()) is not self._was_paused:
            self._was_paused = is_paused
            self.publish(PauseChanged(is_paused))


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
