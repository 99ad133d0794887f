import asyncio

from llamaswap_desktop.http1.outgoing import Outgoing, TurnEnd


class Recorder(asyncio.Transport):
    """Remembers what it was told, in order."""

    def __init__(self):
        super().__init__()
        self.told = []

    def write(self, data):
        self.told.append(bytes(data))

    def write_eof(self):
        self.told.append("eof")

    def close(self):
        self.told.append("close")

    def abort(self):
        self.told.append("abort")

    def is_closing(self):
        return not {"close", "abort"}.isdisjoint(self.told)


def after_the_turn(act):
    """Let ``act`` write, and return what the transports were told during the turn and after it."""

    async def run():
        turn_end = TurnEnd()
        first, second = Recorder(), Recorder()
        act(Outgoing(first, turn_end), Outgoing(second, turn_end))
        during = [*first.told, *second.told]
        await asyncio.sleep(0)
        return during, first.told, second.told

    return asyncio.run(run())


def test_what_one_turn_writes_leaves_in_one_piece_at_its_end():
    def act(first, second):
        first.write(b"a")
        second.write(b"1")
        first.write(b"b")

    assert after_the_turn(act) == ([], [b"ab"], [b"1"])


def test_each_turn_has_an_end():
    async def run():
        turn_end, transport = TurnEnd(), Recorder()
        outgoing = Outgoing(transport, turn_end)
        for data in (b"a", b"b"):
            outgoing.write(data)
            await asyncio.sleep(0)
        return transport.told

    assert asyncio.run(run()) == [b"a", b"b"]


def test_an_orderly_close_comes_behind_what_waits():
    def act(first, second):
        first.write(b"a")
        first.close()
        second.write(b"1")
        second.end()

    during, first, second = after_the_turn(act)
    assert (first, second) == ([b"a", "close"], [b"1", "eof"])
    assert during == [*first, *second]


def test_an_abort_drops_what_waits():
    def act(first, _second):
        first.write(b"a")
        first.abort()

    assert after_the_turn(act)[1] == ["abort"]


def test_nothing_is_written_to_a_transport_that_was_closed_meanwhile():
    def act(first, _second):
        first.write(b"a")
        first._transport.close()

    assert after_the_turn(act)[1] == ["close"]


def test_much_does_not_wait_for_the_end_of_the_turn():
    def act(first, _second):
        first.write(b"a")
        first.write(b"b" * 65536)
        first.write(b"c")

    during, first, _ = after_the_turn(act)
    assert during == [b"a" + b"b" * 65536]
    assert first == [*during, b"c"]


def test_what_may_not_wait_keeps_its_place():
    def act(first, _second):
        first.write(b"a")
        first.write_now(b"b")
        first.write(b"c")

    assert after_the_turn(act) == ([b"a", b"b"], [b"a", b"b", b"c"], [])
