"""A launcher whose children the test plays: for what no real child can do, such as outliving a SIGKILL."""

import asyncio


class FakeOutput:
    """What ``Output`` is to a life."""

    last_line = ""
    last_heard_at = 0.0

    async def settle(self, patience_s):
        pass

    async def end(self, patience_s):
        pass


class FakeChild:
    """A child that ends when it is told to, as ``obeys`` says, and leaves things that take ``looks`` looks to end."""

    pid = 4711

    def __init__(self, *, obeys: str, looks: int) -> None:
        self.exited = asyncio.get_running_loop().create_future()
        self.output = FakeOutput()
        self.obeys = obeys
        self.looks = looks
        self.told = []
        self.may_look = asyncio.Event()
        self.may_look.set()

    def note_kin(self):
        pass

    def ask_to_stop(self):
        self.told.append("stop")
        if self.obeys == "stop":
            self.exit(0)

    def kill(self):
        if not self.exited.done():
            self.told.append("kill")
            if self.obeys in {"stop", "kill"}:
                self.exit(-9)

    def exit(self, status):
        if not self.exited.done():
            self.exited.set_result(status)

    async def end_leftovers(self, polite_s, patience_s):
        await self.may_look.wait()
        await asyncio.sleep(0)
        self.looks -= 1
        return self.looks <= 0


class FakeLauncher:
    """``Launcher`` whose children are played; ``refuses`` is what the system says instead."""

    environment = {"PATH": "/usr/bin:/bin"}

    def __init__(self, *, obeys: str = "stop", looks: int = 1, refuses: OSError | None = None) -> None:
        self.obeys = obeys
        self.looks = looks
        self.refuses = refuses
        self.children = []

    async def launch(self, command, environment, write):
        if self.refuses is not None:
            raise self.refuses
        self.children.append(FakeChild(obeys=self.obeys, looks=self.looks))
        return self.children[-1]
