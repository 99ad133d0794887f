"""The life of one child: start, health check, readiness, stop, and the end of everything it has started."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

from llamaswap_desktop.config import Model, masked_command
from llamaswap_desktop.errors import StartFailed
from llamaswap_desktop.events import Event, ProcessDied, ProcessStuck
from llamaswap_desktop.http1 import Upstream
from llamaswap_desktop.process.command import BadCommand, parse_command, parse_stop_command
from llamaswap_desktop.process.environment import add_entries
from llamaswap_desktop.process.health import wait_until_healthy
from llamaswap_desktop.process.launcher import Child, Launcher
from llamaswap_desktop.process.outcome import duration_in_words, exit_in_words
from llamaswap_desktop.process.ports import holder_in_words, is_port_free
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ProcessState

_log = logging.getLogger("llamaswap_desktop.process")

_FAILED_START_GRACE_S = 5.0
_LEFTOVER_GRACE_S = 10.0
"""What outlives its parent during a stop gets at most this much of the grace that is left."""
_LAST_WORDS_S = 0.1
_PIPE_LINGER_S = 1.0
_STUCK_AFTER_S = 15.0
_PORT_PATIENCE_S = 2.0
_LOOK_AT_PORT_EVERY_S = 0.02


class Life:
    """One child of a ``Process``, whose task runs ``live``.

    ``ready`` gets its result when the child is ready, or a ``StartFailed``; ``over`` is set when nothing is left of it.
    ``is_stuck`` says that this will not come soon: something of it has survived its forced end.
    """

    def __init__(
        self,
        model: Model,
        *,
        launcher: Launcher,
        change: Callable[[ProcessState], None],
        publish: Callable[[Event], None],
        write_log: Callable[[bytes], None],
        failing: Callable[[StartFailed], None],
    ) -> None:
        self._model = model
        self._launcher = launcher
        self._change = change
        self._publish = publish
        self._write_log = write_log
        self._failing = failing
        self._environment = add_entries(launcher.environment, model.env)
        self._child: Child | None = None
        self._began = time.monotonic()
        self._stop_at: float | None = None
        self._stop_wish = _new_wish()
        self.upstream: Upstream | None = None
        self.ready: asyncio.Future[None] = _new_wish()
        self.ready.add_done_callback(_note_result)
        self.over = asyncio.Event()
        self.is_stuck = False
        self._end_is_known = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The child's process id, once it has one."""
        return self._child.pid if self._child is not None else None

    @property
    def port(self) -> int | None:
        """The port that the child was given, if it was given one."""
        return self._model.port

    def stop_by(self, deadline: float) -> None:
        """Have the child gone by the monotonic time ``deadline``, then by force; of two wishes the earlier counts."""
        if self._stop_at is None or deadline < self._stop_at:
            self._stop_at = deadline
            if not self._stop_wish.done():
                self._stop_wish.set_result(None)

    async def settled(self) -> None:
        """Wait until it is known what becomes of the start."""
        await asyncio.wait({self.ready})

    async def over_or_stuck(self) -> None:
        """Wait until nothing of the life is left, or it is known that this will take somebody else's hand."""
        await self._end_is_known.wait()

    def conclude(self) -> None:
        """Know that nothing of the life is left."""
        self.is_stuck = False
        self.over.set()
        self._end_is_known.set()

    async def live(self) -> None:
        """Live the whole life; returns when it is over."""
        try:
            await self._live()
        except Exception:
            if self._child is not None:  # a mistake of ours: no second child may come while this one lives
                self._child.kill()
                await self._end_leftovers(self._child, polite_s=0.0)
            raise

    async def _live(self) -> None:
        self._change(ProcessState.STARTING)
        try:
            child = await self._start()
            await self._become_ready(child)
        except StartFailed as failure:
            if self._child is not None and not self._child.exited.done() and not self._stop_wish.done():
                self._failing(failure)
            await self._end_after_failure()
            self.ready.set_exception(failure)
            return
        child.note_kin()
        self._change(ProcessState.READY)
        self.ready.set_result(None)
        await _first_of(child.exited, self._stop_wish)
        if self._stop_wish.done():
            self._change(ProcessState.STOPPING)
            await self._stop(child)
        else:
            await self._mourn(child)
        self._close_upstream()

    # -- starting

    async def _start(self) -> Child:
        """Spawn the child; raises ``StartFailed`` saying what is wrong with the command or the system."""
        model = self._model
        try:
            command = parse_command(model.cmd, self._environment)
            _check_address(model)
            self.upstream = Upstream(model.proxy, timeouts=model.timeouts)
            self._child = await self._launcher.launch(command, self._environment, self._write_log)
        except (BadCommand, OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise StartFailed(f"failed to start command '{_shortened(masked_command(model))}': {why}") from error
        return self._child

    async def _become_ready(self, child: Child) -> None:
        """Wait until the health check passes; raises ``StartFailed`` saying how else it ended."""
        if not self._model.has_check:
            return
        assert self.upstream is not None
        checking = spawn(
            f"health check of {self._model.id}",
            wait_until_healthy(
                self.upstream,
                self._model.check_endpoint,
                limit_s=self._model.load_timeout_s,
                is_stalled=lambda: self._has_stalled(child),
            ),
        )
        try:
            await _first_of(child.exited, self._stop_wish, checking)
        finally:
            checking.cancel()
        if child.exited.done():
            await child.output.settle(_LAST_WORDS_S)
            raise StartFailed(f"upstream command exited prematurely: {self._obituary(child)}")
        if self._stop_wish.done():
            raise StartFailed(f"the start of model '{self._model.id}' was aborted")
        if not checking.result():
            raise StartFailed(self._timed_out(child))

    def _has_stalled(self, child: Child) -> bool:
        limit = self._model.load_stall_timeout_s
        return limit > 0 and time.monotonic() - child.output.last_heard_at > limit

    def _timed_out(self, child: Child) -> str:
        said = f"; its last output: {child.output.last_line}" if child.output.last_line else ""
        about = f"model '{self._model.id}' never answered {self._model.check_endpoint} with 200{said}"
        if self._has_stalled(child):
            limit = duration_in_words(self._model.load_stall_timeout_s)
            return f"health check timed out after {limit} without any output: {about}"
        return f"health check timed out after {duration_in_words(self._model.load_timeout_s)}: {about}"

    async def _end_after_failure(self) -> None:
        self._close_upstream()
        if self._child is not None:
            self.stop_by(time.monotonic() + _FAILED_START_GRACE_S)
            await self._stop(self._child, by_command=False)

    # -- ending

    async def _mourn(self, child: Child) -> None:
        """Report that a ready child has ended by itself, and end what it left behind."""
        await child.output.settle(_LAST_WORDS_S)
        detail = self._obituary(child)
        self._change(ProcessState.STOPPED)
        self._publish(ProcessDied(self._model.id, detail))
        await self._end_leftovers(child, polite_s=0.0)

    async def _stop(self, child: Child, *, by_command: bool = True) -> None:
        """Ask, wait for the grace, force, and wait until the whole tree is gone."""
        began = time.monotonic()
        if self._left_s() > 0 and not child.exited.done():
            if by_command and self._model.cmd_stop:
                spawn(f"stop command of {self._model.id}", self._run_stop_command(child))
            else:
                child.ask_to_stop()
            await self._wait_for_exit(child)
        how = "by itself" if child.exited.done() else "by force"
        child.kill()
        await self._end_leftovers(child, polite_s=min(max(0.0, self._left_s()), _LEFTOVER_GRACE_S))
        _log.info("%s: ended %s after %.1f s", self._model.id, how, time.monotonic() - began)

    def _left_s(self) -> float:
        assert self._stop_at is not None
        return self._stop_at - time.monotonic()

    async def _wait_for_exit(self, child: Child) -> None:
        """Wait for the exit until the grace is over; another stop may shorten it meanwhile."""
        while not child.exited.done() and (left := self._left_s()) > 0:
            self._stop_wish = _new_wish()
            await _first_of(child.exited, self._stop_wish, timeout_s=left)

    async def _end_leftovers(self, child: Child, *, polite_s: float) -> None:
        while not await child.end_leftovers(polite_s, polite_s + _STUCK_AFTER_S):
            _log.error("%s: process %d cannot be ended; still trying", self._model.id, child.pid)
            self.is_stuck = True
            self._end_is_known.set()
            self._publish(ProcessStuck(self._model.id, child.pid))
            polite_s = 0.0
        await child.output.end(_PIPE_LINGER_S)
        await self._until_port_is_free()

    async def _until_port_is_free(self) -> None:
        """Wait until the next start may have the port: the system closes a killed process's sockets in its own time."""
        port = self._model.port
        if port is None:
            return
        until = time.monotonic() + _PORT_PATIENCE_S
        while not is_port_free(port):
            if time.monotonic() > until:
                holder = holder_in_words(port)
                _log.warning("%s: has ended, but its port %d is in use by %s", self._model.id, port, holder)
                return
            await asyncio.sleep(_LOOK_AT_PORT_EVERY_S)

    async def _run_stop_command(self, child: Child) -> None:
        """Run ``cmdStop`` for as long as the grace lasts; its failure is logged, and the grace simply runs out."""
        model = self._model
        try:
            command = parse_stop_command(model.cmd_stop, child.pid, self._environment)
            helper = await self._launcher.launch(command, self._environment, lambda _data: None)
        except (BadCommand, OSError) as error:
            _log.warning("%s: cannot run cmdStop: %s; asking the process itself to stop", model.id, error)
            child.ask_to_stop()
            return
        await asyncio.wait({helper.exited}, timeout=max(0.0, self._left_s()))
        if not helper.exited.done():
            _log.warning("%s: cmdStop outlasted the grace and was ended", model.id)
        elif helper.exited.result() != 0:
            _log.warning("%s: cmdStop %s", model.id, exit_in_words(helper.exited.result()))
        helper.kill()
        await helper.end_leftovers(0.0, _STUCK_AFTER_S)
        await helper.output.end(_PIPE_LINGER_S)

    def _close_upstream(self) -> None:
        if self.upstream is not None:
            self.upstream.close()

    def _obituary(self, child: Child) -> str:
        lived = time.monotonic() - self._began
        text = f"model '{self._model.id}' {exit_in_words(child.exited.result())} after {lived:.1f} s"
        return f"{text}: {child.output.last_line}" if child.output.last_line else text


def _new_wish() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


async def _first_of(*facts: asyncio.Future[Any], timeout_s: float | None = None) -> None:
    """Wait until one of these is known, or the time is over."""
    await asyncio.wait(facts, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


def _note_result(ready: "asyncio.Future[None]") -> None:
    """Know the outcome of a start that nobody waits for any more, so that it is not reported as forgotten."""
    with contextlib.suppress(asyncio.CancelledError):
        ready.exception()


def _check_address(model: Model) -> None:
    """Refuse a model that cannot be reached, or whose port would bring somebody else's answers."""
    if not model.proxy:
        raise BadCommand("the model has no address: give it a 'proxy', or use ${PORT} in 'cmd'")
    if model.port is not None and not is_port_free(model.port):
        holder = holder_in_words(model.port)
        raise BadCommand(f"port {model.port} is in use by {holder}: end it, or choose another 'startPort'")


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
