"""The front door as the proxy and the web UI use it, with everything real behind it."""

import asyncio
import threading
import time

import psutil
import pytest

from llamaswap_desktop.activity import ActivityLog, Filter, PageQuery, Settings
from llamaswap_desktop.activity import log as log_module
from llamaswap_desktop.errors import ShuttingDown
from tests.activity.requests import CHAT, JSON, USAGE
from tests.waiting import until


class Opened:
    def __init__(self, **settings):
        self.problems = []
        self.log = ActivityLog(Settings(**settings), report=self.problems.append)

    async def __aenter__(self):
        self.log.start()
        return self.log

    async def __aexit__(self, *_):
        await self.log.close()


def begin(log, **changes):
    values = {
        "model": "m",
        "path": CHAT,
        "method": "POST",
        "headers": [(b"Authorization", b"Bearer hush")],
        "remote_ip": "127.0.0.1",
        "started_at": time.monotonic(),
        "cancel": lambda: None,
    }
    return log.begin(**(values | changes))


def answer(observation, status=200, body=USAGE, **end):
    observation.prepared(b'{"model":"m"}')
    observation.granted(0)
    observation.begun(status, JSON)
    observation.sent(body)
    observation.ended(**end)


async def newest(log):
    return (await log.page(PageQuery(limit=1))).data[0]


async def test_a_request_is_in_the_list_and_then_in_the_log():
    async with Opened() as log:
        observation = begin(log, selector="fast")
        assert [entry.id for entry in log.inflight.snapshot().requests] == ["1"]
        answer(observation)
        assert len(log.inflight) == 0
        entry = await newest(log)
        assert (entry.id, entry.model, entry.tokens.input_tokens, entry.has_capture) == (1, "m", 12, True)
        assert entry.metadata == {"selector": "fast", "fifo_priority": "0"}
        capture = await log.capture(1)
        assert (capture.req_body, capture.resp_body) == (b'{"model":"m"}', USAGE)
        assert capture.req_headers == {"Authorization": "[REDACTED]"}
        assert await log.capture(2) is None


async def test_a_question_sees_whatever_ended_before_it_and_ids_follow_the_ends():
    async with Opened() as log:
        first, second = begin(log, model="first"), begin(log, model="second")
        answer(second)
        answer(first)
        page = await log.page(PageQuery(is_descending=False))
        assert [(entry.id, entry.model) for entry in page.data] == [(1, "second"), (2, "first")]
        answer(begin(log))
        assert (await log.stats()).total_requests == 3
        assert (await log.stats(Filter(models=("first",)))).total_requests == 1


async def test_listeners_hear_of_each_entry_once_it_can_be_read():
    async with Opened() as log:
        heard = []
        unsubscribe = log.subscribe(heard.append)
        for _ in range(3):
            answer(begin(log))
        await until(lambda: len(heard) == 3, "three entries were told of")
        assert heard == [1, 2, 3]
        unsubscribe()
        answer(begin(log))
        assert (await newest(log)).id == 4
        assert heard == [1, 2, 3]


@pytest.mark.parametrize(
    ("granted", "begun", "expected"),
    [
        (False, None, (200, "", "", False)),  # left while it waited
        (True, None, (502, "", "502 Bad Gateway", True)),  # left before the upstream answered
        (True, 200, (200, "application/json", "", True)),  # left in the middle
        (False, 499, (499, "application/json", "request cancelled", True)),  # cancelled while it waited
    ],
)
async def test_requests_that_nobody_waits_for(granted, begun, expected):
    async with Opened() as log:
        observation = begin(log)
        if granted:
            observation.granted(None)
        if begun:
            observation.begun(begun, JSON)
            observation.sent(b'{"error":{"message":"request cancelled"}}')
        observation.ended()
        entry = await newest(log)
        assert (entry.resp_status_code, entry.resp_content_type, entry.error_msg, entry.has_capture) == expected
        assert entry.metadata == {}


async def test_a_failure_in_mid_stream_says_why():
    async with Opened() as log:
        answer(begin(log), error="upstream error: gone")
        entry = await newest(log)
        assert (entry.resp_status_code, entry.error_msg, entry.tokens.input_tokens) == (200, "upstream error: gone", 12)


async def test_get_routes_are_listed_but_not_recorded():
    async with Opened() as log:
        observation = begin(log, method="GET", path="/props", is_recorded=False)
        assert len(log.inflight) == 1
        answer(observation)
        assert (await log.page(PageQuery())).total == 0


async def test_cancel_from_outside():
    async with Opened() as log:
        cancelled = []
        observation = begin(log, cancel=lambda: cancelled.append("m"))
        id_ = log.inflight.snapshot().requests[0].id
        assert log.inflight.cancel(id_)
        assert cancelled == ["m"]
        observation.ended()
        assert not log.inflight.cancel(id_)


async def test_bodies_are_not_held_without_captures():
    async with Opened(capture_buffer_mb=0) as log:
        answer(begin(log))
        assert log._gathered._finished[0].request_body is None
        assert (await newest(log)).has_capture is False


async def test_too_much_to_write_is_dropped_and_said(monkeypatch):
    monkeypatch.setattr(log_module, "_MAX_UNWRITTEN", 2)
    opened = Opened()
    async with opened as log:
        for _ in range(5):
            answer(begin(log))
        assert len(opened.problems) == 1
        assert "some are not recorded" in opened.problems[0]
        assert (await log.page(PageQuery())).total == 2
        assert opened.problems[1:] == [""]
        answer(begin(log))
        assert (await newest(log)).id == 3


async def test_large_bodies_count(monkeypatch):
    monkeypatch.setattr(log_module, "_MAX_UNWRITTEN_BYTES", 1000)
    async with Opened() as log:
        answer(begin(log), body=bytes(600))
        answer(begin(log), body=bytes(600))
        assert (await log.page(PageQuery())).total == 1
        answer(begin(log), body=bytes(600))
        assert (await log.page(PageQuery())).total == 2


async def test_a_file_that_cannot_be_used_disturbs_nobody(tmp_path):
    opened = Opened(store_path=str(tmp_path / "no" / "a.db"))
    async with opened as log:
        for _ in range(3):
            answer(begin(log))
            assert (await newest(log)).has_capture
        assert len(opened.problems) == 1


async def test_other_settings(tmp_path):
    async with Opened() as log:
        answer(begin(log))
        await log.configure(Settings(store_path=str(tmp_path / "a.db"), capture_buffer_mb=0))
        answer(begin(log))
        page = await log.page(PageQuery())
        assert [(entry.id, entry.has_capture) for entry in page.data] == [(2, False)]


async def test_closing_writes_what_is_left(tmp_path):
    path = str(tmp_path / "a.db")
    async with Opened(store_path=path) as log:
        answer(begin(log))
        late = begin(log)
    await log.close()
    late.ended()  # a request that outlived the log
    with pytest.raises(ShuttingDown):
        await log.page(PageQuery())
    async with Opened(store_path=path) as log:
        assert (await log.page(PageQuery())).total == 1


async def test_opening_and_closing_leaves_nothing_behind(tmp_path):
    def held():
        return len(psutil.Process().open_files()), threading.active_count()

    before = held()
    for count in range(1, 21):
        async with Opened(store_path=str(tmp_path / "a.db")) as log:
            answer(begin(log))
            assert (await newest(log)).id == count
    assert held() == before


async def test_without_a_file_only_what_can_be_seen_is_read_and_kept():
    async with Opened(metrics_max_in_memory=10) as log:
        for number in range(95):
            answer(begin(log, model=f"m{number}"))
        assert len(log._gathered) <= 20
        page = await log.page(PageQuery(limit=100))
        assert [(entry.id, entry.model) for entry in page.data] == [(id_, f"m{id_ - 1}") for id_ in range(95, 85, -1)]
        assert repr(log) == "<ActivityLog: 0 on their way, 0 in flight>"


async def test_a_listener_is_told_of_every_request_that_is_kept(tmp_path):
    async with Opened(metrics_max_in_memory=10) as log, Opened(store_path=str(tmp_path / "a.db")) as file:
        for each, ids in (log, list(range(86, 96))), (file, list(range(1, 96))):
            told: list[int] = []
            each.subscribe(told.append)
            for _ in range(95):
                answer(begin(each))
            await each.page(PageQuery())
            assert told == ids


async def test_a_listener_waits_longer_in_a_flood_unless_there_is_a_file(tmp_path):
    def wait_s(log):
        answer(begin(log))
        return log._hand_over.when() - asyncio.get_running_loop().time()

    async with Opened() as log, Opened(store_path=str(tmp_path / "a.db")) as file:
        for each, waits_longer in (log, True), (file, False):
            each.subscribe(lambda _: None)
            assert wait_s(each) <= 0.05
            for _ in range(200):
                answer(begin(each))
            await each.page(PageQuery())
            assert (wait_s(each) > 0.05) is waits_longer
            await each.page(PageQuery())
            assert wait_s(each) <= 0.05, "a trickle again"


async def test_a_file_gets_every_request(tmp_path):
    async with Opened(metrics_max_in_memory=10, store_path=str(tmp_path / "a.db")) as log:
        for _ in range(95):
            answer(begin(log))
        assert (await log.page(PageQuery())).total == 95


async def test_large_bodies_are_handed_over_before_they_pile_up(monkeypatch):
    monkeypatch.setattr(log_module, "_MAX_GATHERED_BYTES", 1000)
    async with Opened() as log:
        for _ in range(3):
            answer(begin(log), body=bytes(600))
        assert len(log._gathered) == 1
        assert (await log.page(PageQuery())).total == 3
