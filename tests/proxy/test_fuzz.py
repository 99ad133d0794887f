"""Whatever bytes arrive, in whatever pieces: no mistake of ours, nothing smuggled, and the same answers."""

import asyncio
import os
import random
import re
from collections import Counter

import h11
import pytest

from tests.proxy.fuzzing import Session, cuts, fuzzed

SOAK = bool(os.environ.get("SOAK"))
INPUTS = 1_000_000 if SOAK else 50_000
ROUNDS = 10

REFUSED = {400, 413, 431}

LENIENT = r"not in a reusable state|no request line received|illegal request line: (?:.*  |bytearray\(b.\\[rn])"
"""Where we are: HTTP/1.0 may stay, line breaks may go before a request, two blanks may stand for one in its line."""

ABSOLUTE = re.compile("^https?://[^/?]*", re.IGNORECASE)

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200 if SOAK else 300)]


def answered(data: bytes, where: list[int], dice: random.Random | None = None) -> Session:
    """Send ``data`` on a connection of its own, and check what must hold for every one."""
    session = Session()
    session.feed(data, where, dice)
    answers = session.answers()
    assert session.goes_on()
    is_refused = bool(answers) and answers[-1][0] in REFUSED
    assert not any(status in REFUSED for status, _, _ in answers[:-1]), "a refusal is the last answer"
    if is_refused:
        assert session.is_over
        assert answers[-1][2], "and says so"
    served = sum(handler.is_whole for handler in session.handlers)
    is_cut = bool(answers) and answers[-1][1] == b"cut"
    assert sum(status in {101, 200} for status, _, _ in answers) <= served + is_cut
    session.leave()
    return session


def disturbed(data: bytes, where: list[int], dice: random.Random) -> None:
    """Send ``data`` to a server that ends or drops its connections meanwhile."""
    session = Session()
    act = dice.choice((session.connection.close_when_idle, session.connection.drop))
    session.feed(data, where, dice, disturb=act)
    session.answers()
    session.leave()


def is_alike(one: list[tuple], other: list[tuple]) -> bool:
    """Tell whether two rows of answers are the same.

    Who answers before the body is there may do so before or after it turned out bad: there they may differ.  Of two
    faults that arrive together either may be named.
    """
    for first, second in zip(one, other, strict=False):
        if first != second and not (first[0] == second[0] in REFUSED):
            return is_early(first) or is_early(second)
    return len(one) == len(other) or is_early(min(one, other, key=len)[-1])


def is_early(answer: tuple) -> bool:
    status, body, _ = answer
    return status == 404 or (status == 200 and not body.startswith(b"echo "))


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_any_bytes_are_answered_alike_however_they_are_cut(round_):
    dice = random.Random(round_)
    outcomes = Counter()
    for number in range(INPUTS // ROUNDS):
        data, seams = fuzzed(dice)
        where = cuts(len(data), seams, dice)
        try:
            whole, cut = answered(data, []), answered(data, where, dice)
            assert is_alike(whole.answers(), cut.answers()), (whole.answers(), cut.answers())
            if number % 10 == 0:
                compare_with_h11(data, whole)
                disturbed(data, where, dice)
        except Exception as error:
            raise AssertionError(f"round {round_}, input {number}: {data!r} cut at {where}") from error
        outcomes[whole.answers()[-1][0] if whole.answers() else "nothing yet"] += 1
        if number % 100 == 0:
            await asyncio.sleep(0)
    print(dict(outcomes))
    assert outcomes[200] > INPUTS / ROUNDS / 10
    assert outcomes[400] > INPUTS / ROUNDS / 10
    assert outcomes[413] > 0
    assert outcomes[431] > 0


def compare_with_h11(data: bytes, session: Session) -> None:
    """See that another strict parser finds the same requests, and none that was served is a fault to it."""
    bodies = {handler.exchange: handler.body if handler.is_whole else None for handler in session.handlers}
    theirs, complaint = read_by_h11(data)
    for exchange, (method, target, body) in zip(session.dispatched, theirs, strict=False):
        request = exchange.request
        assert (request.method, request.target) == (method, ABSOLUTE.sub("", target))
        if request.path == "/ws" and request.upgrade:
            return  # what follows is another protocol
        assert bodies.get(exchange, body) == body
    ours = [exchange for exchange in session.dispatched if exchange.request.path != "/probe"]
    beyond = [exchange for exchange in ours[len(theirs) :] if bodies.get(exchange) is not None]
    if beyond and not any(exchange.request.upgrade for exchange in session.dispatched):
        assert re.search(LENIENT, complaint), complaint


def read_by_h11(data: bytes) -> tuple[list[tuple[str, str, bytes]], str]:
    """Return method, target and body of every whole request that h11 finds, and what it says against the next."""
    found = []
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(data)
    request, body = None, b""
    try:
        while True:
            event = parser.next_event()
            if isinstance(event, h11.Request):
                request, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                found.append((request.method.decode(), request.target.decode("latin-1"), body))
                parser.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                parser.send(h11.EndOfMessage())
                parser.start_next_cycle()
            else:
                return found, f"it waits: {event}"
    except h11.ProtocolError as error:
        return found, str(error)
