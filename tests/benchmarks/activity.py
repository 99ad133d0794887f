"""What observing a request costs: CPU of the calls that the proxy makes, and of what happens after the answer is out.

python -m tests.benchmarks.activity
"""

import asyncio
import time

from llamaswap_desktop.activity import ActivityLog, PageQuery, Settings
from llamaswap_desktop.activity.digest import digest
from llamaswap_desktop.activity.records import Batch, Finished
from llamaswap_desktop.activity.store import Store
from llamaswap_desktop.activity.tap import Tap
from llamaswap_desktop.activity.usage import figures_of

ROUNDS = 20_000
PATH = "/v1/chat/completions"
REQUEST_HEADERS = [
    (b"Host", b"127.0.0.1:9292"),
    (b"User-Agent", b"OpenAI/Python 2.8.1"),
    (b"Accept", b"application/json"),
    (b"Authorization", b"Bearer sk-local"),
    (b"Content-Type", b"application/json"),
    (b"Content-Length", b"600"),
]
REQUEST = b'{"model":"qwen","messages":[{"role":"user","content":"' + b"how are you today? " * 28 + b'"}]}'
RESPONSE_HEADERS = [(b"Content-Type", b"application/json"), (b"Server", b"llama.cpp")]
RESPONSE = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"qwen","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"' + b"fine, " * 8 + b'"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":120,"completion_tokens":17,"total_tokens":137},'
    b'"timings":{"prompt_n":120,"prompt_ms":85.2,"prompt_per_second":1408.4,"predicted_n":17,"predicted_ms":425.0,'
    b'"predicted_per_second":40.0}}'
)
CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'


def nothing() -> None:
    """Stand in for the cancellation of a request."""


def report(what: str, seconds: float, count: int = ROUNDS) -> None:
    """Print one line."""
    print(f"{what:<62} {seconds / count * 1e6:8.2f} µs")


def finished() -> Finished:
    """Return a short chat as the writer gets it."""
    tap = Tap(0)
    tap.feed(RESPONSE)
    return Finished("qwen", PATH, REQUEST_HEADERS, REQUEST, 200, RESPONSE_HEADERS, tap, time.time(), 0.5, {}, "")


async def hot_path(settings: Settings, *, watched: bool) -> float:
    """Return the loop's CPU seconds for all calls of ``ROUNDS`` requests, writer excluded."""
    log = ActivityLog(settings, report=print)
    log.start()
    unsubscribe = log.inflight.subscribe(lambda _message: None) if watched else nothing
    spent = 0.0
    for _ in range(ROUNDS // 200):
        begun = time.thread_time()
        for _ in range(200):
            observation = log.begin(
                model="qwen",
                path=PATH,
                method="POST",
                headers=REQUEST_HEADERS,
                remote_ip="127.0.0.1",
                started_at=time.monotonic(),
                cancel=nothing,
            )
            observation.prepared(REQUEST)
            observation.granted(0)
            observation.begun(200, RESPONSE_HEADERS)
            observation.sent(RESPONSE)
            observation.ended()
        await asyncio.sleep(0)
        spent += time.thread_time() - begun
        await log.page(PageQuery(limit=1))
    unsubscribe()
    await log.close()
    return spent


async def streamed_chunks(*, watched: bool) -> float:
    log = ActivityLog(Settings(), report=print)
    log.start()
    unsubscribe = log.inflight.subscribe(lambda _message: None) if watched else nothing
    observation = log.begin(
        model="qwen", path=PATH, method="POST", headers=[], remote_ip="", started_at=time.monotonic(), cancel=nothing
    )
    begun = time.thread_time()
    for _ in range(ROUNDS):
        observation.sent(CHUNK)
    spent = time.thread_time() - begun
    observation.ended()
    unsubscribe()
    await log.close()
    return spent


def main() -> None:
    """Measure and print."""
    for watched in (False, True):
        name = "a client of /api/events" if watched else "nobody watching"
        report(f"one request, all six calls, {name}", asyncio.run(hot_path(Settings(), watched=watched)))
        report(f"one streamed chunk, {name}", asyncio.run(streamed_chunks(watched=watched)))

    begun = time.process_time()
    for _ in range(ROUNDS):
        figures_of(RESPONSE, "application/json", PATH)
    report(f"figures of a JSON answer of {len(RESPONSE)} bytes", time.process_time() - begun)
    stream = CHUNK * 10_000 + b"data: " + RESPONSE + b"\n\ndata: [DONE]\n\n"
    begun = time.process_time()
    for _ in range(20):
        figures_of(stream, "text/event-stream", PATH)
    report("figures of a stream of 10 000 chunks", time.process_time() - begun, 20)

    one = finished()
    for with_capture in (False, True):
        begun = time.process_time()
        for _ in range(ROUNDS):
            digest(one, with_capture=with_capture)
        report(f"digest {'with' if with_capture else 'without'} a capture", time.process_time() - begun)
    for size in (1, 20, 1000):
        store = Store(Settings())
        batch = [one] * size
        begun = time.process_time()
        for _ in range(ROUNDS // size):
            store.add(Batch(batch))
        report(f"stored in memory with a capture, in batches of {size}", time.process_time() - begun)
        store.close()


if __name__ == "__main__":
    main()
