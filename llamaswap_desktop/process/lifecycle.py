"""One model's process, from the wish to have it ready to the last of its tree.

Theory of operation.  A *life* (``life.py``) is one child: it is spawned, becomes ready, is told to stop or ends by
itself, and is over when nothing of its tree is left.  One task lives it from beginning to end and is the only one
that changes the state.  ``ensure_ready`` and ``stop`` are wishes: they note what is wanted and wait for what comes of
it, so that nobody ever decides on a state that was merely read.

    stopped ──▶ starting ──▶ ready ──▶ stopping ──▶ stopped        shutdown: for good
                   │           └──── exits by itself ───▲
                   └── fails, or is told to stop ───────┘

A wish that does not fit waits until it does: readiness asked for while the process stops starts it again afterwards.
At most one life exists at any time, so at most one child of a model is alive.
Source: runtime specification, sections 2 and 14.6 to 14.9.
"""

import time
from collections.abc import Callable

from llamaswap_desktop.config import Model
from llamaswap_desktop.errors import NotReady, ProcessStuck, StartFailed
from llamaswap_desktop.events import Event, ProcessStateChanged
from llamaswap_desktop.http1 import Upstream
from llamaswap_desktop.process.health import is_healthy
from llamaswap_desktop.process.launcher import Launcher
from llamaswap_desktop.process.life import Life
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ProcessState

_CHECK_S = 5.0


class Process:
    """The child process of one model; ``write_log`` gets its output."""

    def __init__(
        self,
        model: Model,
        *,
        launcher: Launcher,
        publish: Callable[[Event], None],
        write_log: Callable[[bytes], None] = lambda _data: None,
    ) -> None:
        self.model = model
        self._launcher = launcher
        self._publish = publish
        self._write_log = write_log
        self._state = ProcessState.STOPPED
        self._life: Life | None = None

    def __repr__(self) -> str:
        return f"<Process {self.model.id} {self._state}, pid {self.pid}>"

    @property
    def state(self) -> ProcessState:
        """The state now: for display, and for choosing among others; never the reason to start or stop."""
        return self._state

    @property
    def upstream(self) -> Upstream | None:
        """Where to forward to; None unless the process is ready."""
        return self._life.upstream if self._life is not None and self._state is ProcessState.READY else None

    @property
    def pid(self) -> int | None:
        """The child's process id; None if there is none."""
        return self._life.pid if self._life is not None else None

    @property
    def port(self) -> int | None:
        """The port that the present child was given; None if there is no child, or it was given none."""
        return self._life.port if self._life is not None else None

    async def gone(self) -> None:
        """Wait until nothing of the present child is left, or it is known that this needs somebody else's hand."""
        if self._life is not None:
            await self._life.over_or_stuck()

    def redefine(self, model: Model) -> None:
        """Go by another definition from the next start on; a life under way stays what it is."""
        self.model = model

    async def is_healthy(self) -> bool:
        """Ask the ready process whether it still answers its check; True where there is no check to ask."""
        upstream = self.upstream
        if upstream is None:
            return False
        if not self.model.has_check:
            return True
        return await is_healthy(upstream, self.model.check_endpoint, timeout_s=_CHECK_S)

    async def ensure_ready(self, failing: Callable[[StartFailed], None] = lambda _failure: None) -> None:
        """Start the process if need be; returns when it is ready.

        If it will not become so but has yet to end, ``failing`` is called with what is raised when it has.

        Raises ``StartFailed`` when it does not become so, ``NotReady`` after ``end``, and ``ProcessStuck`` while
        something of the last child has survived its forced end.
        """
        while True:
            if self._state is ProcessState.SHUTDOWN:
                raise NotReady(self.model.id)
            life = self._life
            if life is None:
                await self._begin_life(failing).ready
                return
            if not life.ready.done():
                await life.settled()
            elif self._state is ProcessState.READY:
                return
            else:
                await life.over_or_stuck()
                if life.is_stuck:
                    raise ProcessStuck(self.model.id, self.model.id)

    async def stop(self, grace_s: float) -> None:
        """Stop the process, by force after ``grace_s``; returns when nothing of its tree is left.

        Of two stops the shorter grace counts.  A start under way is aborted.
        """
        life = self._life
        if life is not None:
            life.stop_by(time.monotonic() + grace_s)
            await life.over.wait()

    def kill(self) -> None:
        """Force the process to end now; whoever waits for a stop sees it happen."""
        if self._life is not None:
            self._life.stop_by(time.monotonic())

    async def end(self) -> None:
        """Kill for good: nothing starts this process again.  What survives even its forced end is not waited for."""
        self.kill()
        await self.gone()
        self._change(ProcessState.SHUTDOWN)

    def _begin_life(self, failing: Callable[[StartFailed], None]) -> Life:
        life = self._life = Life(
            self.model,
            launcher=self._launcher,
            change=self._change,
            publish=self._publish,
            write_log=self._write_log,
            failing=failing,
        )
        spawn(f"process {self.model.id}", self._live(life))
        return life

    async def _live(self, life: Life) -> None:
        try:
            await life.live()
        finally:
            self._life = None
            if self._state is not ProcessState.SHUTDOWN:
                self._change(ProcessState.STOPPED)
            if not life.ready.done():  # a bug of ours, logged with its traceback: whoever waits must still hear of it
                life.ready.set_exception(StartFailed("internal error, see the log"))
            life.conclude()

    def _change(self, new: ProcessState) -> None:
        old, self._state = self._state, new
        if old is not new:
            self._publish(ProcessStateChanged(self.model.id, old, new))
