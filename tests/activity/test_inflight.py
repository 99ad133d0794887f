"""The in-flight list and its feed (HTTP specification, section 19; runtime specification, section 5.6)."""

import random

import msgspec
import pytest

from llamaswap_desktop.activity.inflight import (
    InflightList,
    InflightRemove,
    InflightSnapshot,
    InflightUpsert,
    Row,
)


class Time:
    """A clock and ``call_later`` that the test moves."""

    def __init__(self):
        self.now = 50.0
        self.timers = []

    def call_later(self, delay_s, act):
        timer = Timer(self.now + delay_s, act)
        self.timers.append(timer)
        return timer

    def pass_(self, seconds):
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer.at <= end and not timer.is_over]:
            timer = min(due, key=lambda its: its.at)
            timer.is_over = True
            self.now = max(self.now, timer.at)
            timer.act()
        self.now = end

    @property
    def pending(self):
        return [timer for timer in self.timers if not timer.is_over]


class Timer:
    def __init__(self, at, act):
        self.at, self.act, self.is_over = at, act, False

    def cancel(self):
        self.is_over = True


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def inflight(time):
    return InflightList(call_later=time.call_later, clock=lambda: time.now, wall_clock=lambda: 1000.0 + time.now)


def begin(inflight, started_at=50.0, model="m", cancel=lambda: None):
    row = Row(model, "/v1/messages", "POST", [(b"user-agent", b"x"), (b"cookie", b"c")], "10.0.0.9", started_at, cancel)
    inflight.add(row)
    return row


def watch(inflight):
    messages = []
    return messages, inflight.subscribe(messages.append)


def brief(messages):
    """Say each message in one word or two."""
    said = []
    for message in messages:
        match message:
            case InflightSnapshot(requests):
                said.append(f"all {','.join(entry.id for entry in requests)}")
            case InflightUpsert(entry):
                said.append(f"{entry.id}:{entry.resp_bytes}" if entry.resp_headers else f"{entry.id} begun")
            case InflightRemove(id_):
                said.append(f"{id_} over")
    return said


def head(inflight, row):
    row.response_headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"s")]
    inflight.got_on(row)


def grow(inflight, row, size):
    row.response_bytes += size
    if not row.is_growing:
        inflight.grew(row)


def test_an_entry_as_json(inflight, time):
    row = begin(inflight, started_at=49.5)
    head(inflight, row)
    row.response_bytes = 7
    time.now += 1
    assert msgspec.json.decode(msgspec.json.encode(inflight.snapshot())) == {
        "operation": "snapshot",
        "requests": [
            {
                "id": "1",
                "timestamp": "1970-01-01T00:17:29.500000Z",
                "model": "m",
                "req_path": "/v1/messages",
                "method": "POST",
                "req_headers": {"User-Agent": "x", "Cookie": "[REDACTED]"},
                "remote_ip": "10.0.0.9",
                "resp_headers": {"Content-Type": "text/plain", "Set-Cookie": "[REDACTED]"},
                "resp_bytes": 7,
                "elapsed_ms": 1500,
            }
        ],
    }


def test_messages_as_json(inflight, time):
    messages, _ = watch(inflight)
    row = begin(inflight)
    row.metadata["selector"] = "s"
    inflight.remove(row)
    time.pass_(0.05)
    said = [msgspec.json.decode(msgspec.json.encode(message)) for message in messages]
    assert said[0] == {"operation": "snapshot"}, "no requests, no key"
    assert said[1]["operation"] == "upsert"
    assert said[1]["request"]["resp_headers"] == {}
    assert said[1]["request"]["metadata"] == {"selector": "s"}
    assert said[2] == {"operation": "remove", "id": "1"}


def test_life_of_a_request(inflight, time):
    messages, _ = watch(inflight)
    row = begin(inflight)
    time.pass_(3)
    head(inflight, row)
    time.pass_(1)
    grow(inflight, row, 10)
    time.pass_(0.2)
    grow(inflight, row, 10)
    time.pass_(0.1)
    grow(inflight, row, 5)
    inflight.remove(row)
    time.pass_(1)
    assert brief(messages) == ["all ", "1 begun", "1:0", "1:20", "1:25", "1 over"]


def test_begun_is_told_as_it_was_however_late(inflight, time):
    messages, _ = watch(inflight)
    row = begin(inflight)
    head(inflight, row)
    grow(inflight, row, 10)
    inflight.remove(row)
    time.pass_(0.05)
    assert brief(messages) == ["all ", "1 begun", "1:10", "1 over"]
    assert messages[1].request.elapsed_ms == 0


def test_growing_bytes_are_told_four_times_a_second(inflight, time):
    row = begin(inflight)
    head(inflight, row)
    messages, _ = watch(inflight)
    for _ in range(200):
        grow(inflight, row, 1)
        time.pass_(0.01)
    assert len(messages) - 1 in {7, 8}


def test_a_new_listener_gets_a_snapshot_and_nothing_older(inflight, time):
    first, _ = watch(inflight)
    row = begin(inflight)
    second, _ = watch(inflight)
    assert brief(first) == ["all ", "1 begun"], "what was pending went out before"
    inflight.remove(row)
    time.pass_(1)
    assert brief(second) == ["all 1", "1 over"]


def test_a_flood_becomes_one_snapshot(inflight, time):
    messages, _ = watch(inflight)
    stay = begin(inflight)
    for _ in range(1000):
        row = begin(inflight)
        head(inflight, row)
        inflight.remove(row)
    time.pass_(0.05)
    assert brief(messages) == ["all ", "all 1"]
    inflight.remove(stay)
    time.pass_(0.05)
    assert brief(messages)[2:] == ["1 over"], "afterwards changes are told one by one again"


def test_128_changes_are_told_one_by_one(inflight, time):
    messages, _ = watch(inflight)
    for _ in range(128):
        begin(inflight)
    time.pass_(0.05)
    assert len(messages) == 129


def test_nobody_listens_nothing_is_kept(inflight, time):
    row = begin(inflight)
    grow(inflight, row, 1)
    inflight.remove(row)
    assert (len(inflight), time.pending, row.is_growing) == (0, [], False)


def test_the_last_listener_leaves_nothing_behind(inflight, time):
    messages, unsubscribe = watch(inflight)
    row = begin(inflight)
    head(inflight, row)
    grow(inflight, row, 1)
    unsubscribe()
    assert (time.pending, brief(messages)) == ([], ["all "])
    messages, _ = watch(inflight)
    grow(inflight, row, 1)
    time.pass_(1)
    assert brief(messages) == ["all 1", "1:2"]


def test_cancel(inflight):
    cancelled = []
    begin(inflight, cancel=lambda: cancelled.append(1))
    second = begin(inflight, cancel=lambda: cancelled.append(2))
    assert [inflight.cancel(id_) for id_ in ("2", "9", "", "x", "-1", "٢", "02", "1" * 5000)] == [True] + [False] * 7
    inflight.remove(second)
    assert not inflight.cancel("2")
    assert cancelled == [2]


@pytest.mark.parametrize("seed", range(20))
def test_the_feed_replayed_equals_the_list(inflight, time, seed):
    """Runtime specification, invariant 31."""
    dice = random.Random(seed)
    replayed = {}

    def replay(message):
        match message:
            case InflightSnapshot(requests):
                replayed.clear()
                replayed.update({entry.id: entry for entry in requests})
            case InflightUpsert(entry):
                replayed[entry.id] = entry
            case InflightRemove(id_):
                replayed.pop(id_, None)

    rows = [begin(inflight) for _ in range(dice.randrange(3))]
    inflight.subscribe(replay)
    for _ in range(400):
        deed = dice.random()
        row = dice.choice(rows) if rows else None
        if deed < 0.35 or row is None:
            rows.append(begin(inflight))
        elif deed < 0.5:
            head(inflight, row)
        elif deed < 0.7 and row.response_headers:
            grow(inflight, row, 1)
        elif deed < 0.97:
            rows.remove(row)
            inflight.remove(row)
        else:
            time.pass_(dice.random())
    time.pass_(1)
    assert {id_: (e.resp_bytes, e.resp_headers) for id_, e in replayed.items()} == {
        e.id: (e.resp_bytes, e.resp_headers) for e in inflight.snapshot().requests
    }
