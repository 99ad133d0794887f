"""Carries out the scheduler's orders on processes: one task each, which reports under the order's number."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from llamaswap_desktop.config import Model
from llamaswap_desktop.errors import LlamaSwapError, StartFailed
from llamaswap_desktop.process import Process
from llamaswap_desktop.routing import alphabet
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ModelId, StopReason

_log = logging.getLogger("llamaswap_desktop.core")

BeforeStart = Callable[[Model], Awaitable[object] | None]

_NONE = alphabet.Order(0)
"""Orders are numbered from 1."""


class Orders:
    """Starts, stops and checks processes; ``report`` takes what has come of it.

    ``failed`` is told of starts that have failed, for the log and the faces; ``grace_s`` says how long a model may take
    to stop.
    """

    def __init__(
        self,
        processes: Mapping[ModelId, Process],
        *,
        report: Callable[[alphabet.Event], None],
        failed: Callable[[ModelId, LlamaSwapError], None],
        grace_s: Callable[[ModelId, StopReason], float],
    ) -> None:
        self._processes = processes
        self._report = report
        self._failed = failed
        self._grace_s = grace_s
        self._starting: dict[ModelId, alphabet.Order] = {}
        self._stopping: dict[ModelId, alphabet.Order] = {}
        self.before_start: BeforeStart | None = None
        """Called before each start; what it returns is waited for first."""

    def start(self, order: alphabet.Order, model: ModelId) -> None:
        """Make the model ready; that it is so is learnt from its own event, which no later death can overtake."""
        self._starting[model] = order
        spawn(f"start {model}", self._start(order, model))

    def stop(self, order: alphabet.Order, model: ModelId, reason: StopReason) -> None:
        """Stop the model, or abort its start."""
        self._stopping[model] = order
        spawn(f"stop {model}", self._stop(order, model, reason))

    def check(self, order: alphabet.Order, model: ModelId) -> None:
        """See whether the ready model still answers."""
        spawn(f"check {model}", self._check(order, model))

    def start_of(self, model: ModelId) -> alphabet.Order:
        """Return the number of the model's last start."""
        return self._starting[model]

    def latest(self, model: ModelId) -> alphabet.Order:
        """Return the number of the last order about the model."""
        return max(self._starting.get(model, _NONE), self._stopping.get(model, _NONE))

    async def _start(self, order: alphabet.Order, model: ModelId) -> None:
        is_failing = False

        def failing(error: StartFailed) -> None:
            nonlocal is_failing
            is_failing = True
            self._failed(model, error)
            self._report(alphabet.Failing(order, model, error))

        try:
            await self._until_it_may_start(self._processes[model].model)
            if self.latest(model) == order:  # else aborted meanwhile, and whoever did that reports it
                await self._processes[model].ensure_ready(failing)
        except LlamaSwapError as error:
            if is_failing:
                self._report(alphabet.Stopped(order, model))
                return
            if self.latest(model) == order:  # else it was called off: no failure
                self._failed(model, error)
            self._report(alphabet.Failed(order, model, error))
        except Exception as error:  # noqa: BLE001 - top of a task: whoever waits must hear of it
            _log.exception("starting %s failed unexpectedly", model)
            self._report(alphabet.Failed(order, model, StartFailed(f"internal error: {error!r}")))

    async def _until_it_may_start(self, model: Model) -> None:
        """Wait for what it needs: released memory, and its port, where a removed model has yet to finish its answer."""
        if self.before_start is not None and (wait := self.before_start(model)) is not None:
            await wait
        for holder in tuple(self._processes.values()):
            if model.port is not None and holder.port == model.port and holder.model.id != model.id:
                await holder.gone()

    async def _stop(self, order: alphabet.Order, model: ModelId, reason: StopReason) -> None:
        try:
            await self._processes[model].stop(self._grace_s(model, reason))
        except Exception:  # noqa: BLE001 - top of a task: the scheduler must go on
            _log.exception("stopping %s failed unexpectedly", model)
        self._report(alphabet.Stopped(order, model))

    async def _check(self, order: alphabet.Order, model: ModelId) -> None:
        is_healthy = False
        try:
            is_healthy = await self._processes[model].is_healthy()
        except Exception:  # noqa: BLE001 - top of a task: the scheduler must go on
            _log.exception("checking %s failed unexpectedly", model)
        self._report(alphabet.Checked(order, model, is_healthy=is_healthy))
