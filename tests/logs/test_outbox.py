"""What may block gets its own thread; the loop's side never waits and loses only beyond the bound, marked."""

import logging
import threading

from llamaswap_desktop.logs.outbox import Outbox


class Receiver:
    """Takes deliveries, or stands still, or fails, as it is told."""

    def __init__(self):
        self.got: dict[str, bytes] = {}
        self.is_open = threading.Event()
        self.is_open.set()
        self.entered = threading.Event()
        self.failures: list[OSError] = []

    def __call__(self, name: str, data: bytes) -> None:
        self.entered.set()
        assert self.is_open.wait(10)
        if self.failures:
            raise self.failures.pop()
        self.got[name] = self.got.get(name, b"") + data


def test_everything_arrives_in_order_and_apart():
    receiver = Receiver()
    outbox = Outbox("test", receiver)
    for number in range(1000):
        outbox.put(f"log {number % 2}", b"%d " % number)
    assert outbox.close(5)
    assert receiver.got["log 0"].split() == [b"%d" % number for number in range(0, 1000, 2)]
    assert receiver.got["log 1"].split() == [b"%d" % number for number in range(1, 1000, 2)]


def test_a_receiver_that_stands_still_costs_the_overflow_and_the_gap_is_marked():
    receiver = Receiver()
    receiver.is_open.clear()
    outbox = Outbox("test", receiver, bound_bytes=100)
    outbox.put("log", b"a" * 60)
    assert receiver.entered.wait(5)
    outbox.put("log", b"b" * 60)
    outbox.put("log", b"c" * 60)
    receiver.is_open.set()
    while outbox._taken_bytes < 60:
        threading.Event().wait(0.001)
    outbox.put("log", b"d\n")
    assert outbox.close(5)
    assert receiver.got["log"] == b"a" * 60 + "— 120 bytes dropped —\n".encode() + b"d\n"


def test_a_failure_is_said_once_marked_and_tried_again(caplog):
    receiver = Receiver()
    receiver.failures = [OSError(28, "No space left on device"), OSError(28, "No space left on device")]
    outbox = Outbox("log files", receiver, retry_s=0.01)
    with caplog.at_level(logging.WARNING, "llamaswap_desktop"):
        for piece in (b"one\n", b"two\n"):
            receiver.entered.clear()
            outbox.put("log", piece)
            assert receiver.entered.wait(5)
        while receiver.failures:
            threading.Event().wait(0.001)
        outbox.put("log", b"three\n")
        assert outbox.close(5)
    assert receiver.got["log"] == "— 8 bytes dropped —\n".encode() + b"three\n"
    assert len([record for record in caplog.records if "No space left" in record.message]) == 1


def test_closing_does_not_wait_for_a_receiver_that_never_returns():
    receiver = Receiver()
    receiver.is_open.clear()
    outbox = Outbox("test", receiver)
    outbox.put("log", b"x")
    assert receiver.entered.wait(5)
    outbox.put("log", b"y")
    assert not outbox.close(0.01)
    receiver.is_open.set()
    assert outbox.close(5)


def test_an_outbox_that_was_never_used_has_no_thread():
    outbox = Outbox("test", Receiver())
    assert outbox.close()
    assert outbox._thread is None
