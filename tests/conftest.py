"""What every test gets: its own event loop where it is a coroutine, and a look at what it leaves behind."""

import asyncio
import inspect
import os

import aiohttp  # noqa: F401 - whole, before web/lean.py takes it without its client's half
import pytest


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine tests, and fail those that leave tasks behind."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    asyncio.run(_without_leaks(pyfuncitem.obj, arguments))
    return True


async def _without_leaks(test, arguments) -> None:
    await test(**arguments)
    try:
        async with asyncio.timeout(2):
            while left := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"tasks left behind: {[task.get_name() for task in left]}") from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what belongs to another system or to a person's patience."""
    import sys

    unwanted = {"linux" if sys.platform == "win32" else "windows"}
    if not os.environ.get("SOAK"):
        unwanted.add("soak")
    kept = [item for item in items if not unwanted & {mark.name for mark in item.iter_markers()}]
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let no test child survive the run."""
    import psutil

    left = psutil.Process().children(recursive=True)
    if left:
        names = ", ".join(f"{child.pid} {child.name()}" for child in left)
        for child in left:
            child.kill()
        print(f"\nchildren left behind: {names}")
        session.exitstatus = 1
