"""The seam to the activity room: the real one is plugged in, and records what happened."""

import asyncio

from llamaswap_desktop.activity import ActivityLog, Settings, parse_page_query
from llamaswap_desktop.proxy.observe import UNOBSERVED, Observer
from tests.proxy.house import answer, chunked, http, one_model, says, silent
from tests.waiting import until

USAGE = b'{"usage":{"prompt_tokens":12,"completion_tokens":7}}'


def test_nobody_may_be_interested():
    seen = UNOBSERVED.begin(model="m")
    seen.prepared(b"")
    seen.granted(None)
    seen.begun(200, [])
    seen.sent(b"")
    seen.ended()


async def entries_after(script, ask, **settings):
    log = ActivityLog(Settings(), report=lambda _problem: None)
    observer: Observer = log
    log.start()
    try:
        async with one_model(script, **settings) as (house, upstream):
            house.server._services.observer = observer
            await ask(house, upstream, log)
            await until(lambda: len(log.inflight) == 0, "nothing is in flight any more")
            return (await log.page(parse_page_query([]))).data
    finally:
        await log.close()


async def test_answer_is_recorded_with_its_figures():
    async def ask(house, _upstream, _log):
        await house.post("/v1/chat/completions", {"model": "m"})

    (entry,) = await entries_after(says(answer(USAGE)), ask)
    assert (entry.model, entry.req_path, entry.resp_status_code) == ("m", "/v1/chat/completions", 200)
    assert (entry.tokens.input_tokens, entry.tokens.output_tokens) == (12, 7)
    assert entry.metadata == {"fifo_priority": "0"}


async def test_stream_is_recorded_with_its_figures():
    async def ask(house, _upstream, _log):
        await house.post("/upstream/m/v1/chat/completions", {"stream": True})

    (entry,) = await entries_after(says(chunked(b"data: {}\n\n", b"data: " + USAGE + b"\n\n")), ask)
    assert (entry.req_path, entry.tokens.output_tokens) == ("/v1/chat/completions", 7)


async def test_cancel_by_the_id_of_the_list():
    async def ask(house, upstream, log):
        client = await house.client()
        client.send(http("POST", "/v1/chat/completions", b'{"model":"m"}', content_type="application/json"))
        await until(lambda: upstream.received, "it is being answered")
        (shown,) = log.inflight.snapshot().requests
        assert log.inflight.cancel(shown.id)
        assert (await client.answer())[0] == 499

    (entry,) = await entries_after(silent, ask)
    assert (entry.resp_status_code, entry.error_msg) == (499, "request cancelled")


async def test_client_that_leaves_is_recorded():
    async def ask(house, upstream, _log):
        client = await house.client()
        client.send(http("POST", "/v1/chat/completions", b'{"model":"m"}', content_type="application/json"))
        await until(lambda: upstream.received, "it is being answered")
        client.writer.close()
        await asyncio.sleep(0)

    (entry,) = await entries_after(silent, ask)
    assert entry.resp_status_code == 502
