"""A process that the test plays: it starts, fails, dies and stops when it is told to."""

import asyncio

from llamaswap_desktop.config import Config, Group, Model, Router, RouterSettings, Routing
from llamaswap_desktop.core import Core
from llamaswap_desktop.errors import NotReady, StartFailed
from llamaswap_desktop.events import ProcessDied, ProcessStateChanged
from llamaswap_desktop.http1 import Upstream
from llamaswap_desktop.types import GroupId, ModelId, ProcessState


class FakeProcess:
    """``Process`` without a child.  Ready at once unless ``holds`` is set.

    ``fails`` makes a start fail, and ``ends_slowly`` its end come late.
    """

    def __init__(self, model, publish):
        self.model = model
        self.state = ProcessState.STOPPED
        self.publish = publish
        self.holds = False
        self.fails = ""
        self.ends_slowly = False
        self.healthy = True
        self.graces = []
        self.holds_stop = None
        self.starts = 0
        self._go_on = asyncio.Event()
        self._address = Upstream(f"http://127.0.0.1:{model.port or 1}", timeouts=model.timeouts)

    @property
    def upstream(self):
        return self._address if self.state is ProcessState.READY else None

    @property
    def pid(self):
        return None if self.state in {ProcessState.STOPPED, ProcessState.SHUTDOWN} else 4711

    @property
    def port(self):
        return None if self.pid is None else self.model.port

    async def gone(self):
        while self.pid is not None:
            await asyncio.sleep(0)

    def redefine(self, model):
        self.model = model

    async def is_healthy(self):
        return self.healthy

    def go_on(self):
        self._go_on.set()

    async def ensure_ready(self, failing=lambda failure: None):
        if self.state is ProcessState.SHUTDOWN:
            raise NotReady(self.model.id)
        if self.state is ProcessState.READY:
            return
        self.starts += 1
        self.change(ProcessState.STARTING)
        if self.holds:
            await self._go_on.wait()
        if self.state is not ProcessState.STARTING:
            raise StartFailed("aborted")
        if self.fails and self.ends_slowly:
            failing(StartFailed(self.fails))
            self._go_on.clear()
            await self._go_on.wait()
        if self.fails:
            self.change(ProcessState.STOPPED)
            raise StartFailed(self.fails)
        self.change(ProcessState.READY)

    async def stop(self, grace_s):
        self.graces.append(grace_s)
        if self.state is ProcessState.READY:
            self.change(ProcessState.STOPPING)
        self.go_on()
        await (asyncio.sleep(0) if self.holds_stop is None else self.holds_stop.wait())
        self.change(ProcessState.STOPPED)

    def kill(self):
        self.go_on()

    async def end(self):
        self.change(ProcessState.SHUTDOWN)

    def die(self):
        self.change(ProcessState.STOPPED)
        self.publish(ProcessDied(self.model.id, f"model '{self.model.id}' was ended by SIGKILL after 1.0 s"))

    def change(self, new):
        old, self.state = self.state, new
        if old is not new:
            self.publish(ProcessStateChanged(self.model.id, old, new))


def model(name: str, **fields) -> Model:
    return Model(id=ModelId(name), **{"cmd": f"run {name}", **fields})


def config(*models: Model, together: bool = False, **fields) -> Config:
    """A configuration of these models, of which one runs at a time unless they may run ``together``."""
    members = tuple(each.id for each in models)
    group = Group(id=GroupId("g"), members=members, swap=not together, exclusive=not together)
    routing = Routing(router=Router(settings=RouterSettings(groups={group.id: group})))
    return Config(**{"models": {each.id: each for each in models}, "routing": routing, **fields})


class World:
    """A core over fake processes, with what it publishes."""

    def __init__(self, configuration: Config, **settings) -> None:
        self.processes: dict[str, FakeProcess] = {}
        self.events = []
        self.core = Core(configuration, build_process=self._build, **settings)
        self.core.subscribe(self.events.append)

    def _build(self, its_model, publish):
        self.processes[its_model.id] = FakeProcess(its_model, publish)
        return self.processes[its_model.id]

    async def until(self, fact, name: str) -> None:
        """Let the loop turn until ``fact()`` is true."""
        try:
            async with asyncio.timeout(2):
                while not fact():
                    await asyncio.sleep(0)
        except TimeoutError:
            raise AssertionError(f"still not true: {name}; {self.core!r}") from None

    async def end(self) -> None:
        await self.core.shut_down(1)
