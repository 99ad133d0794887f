"""The thread for calls that block."""

import asyncio
import threading

import pytest

from llamaswap_desktop.monitor.worker import Worker


async def test_answers_and_errors_come_back_to_the_loop():
    worker = Worker("test")
    assert await worker.run(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    worker.close()


async def test_a_call_that_hangs_holds_neither_the_caller_nor_the_calls_after_its_end():
    worker, release, calls = Worker("test"), threading.Event(), []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await worker.run(lambda: release.wait(10))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await worker.run(lambda: calls.append("dropped"))
    release.set()
    await worker.run(lambda: calls.append("served"))
    assert calls == ["served"]
    worker.close()


async def test_the_thread_ends_and_never_keeps_the_program():
    worker = Worker("short-lived")
    await worker.run(lambda: None)
    thread = worker._thread
    assert thread.daemon
    worker.close()
    thread.join(5)
    assert not thread.is_alive()
