"""Loads ``hooks.on_startup.preload``, one model after the other (runtime specification, section 5.5)."""

import logging
from collections.abc import Iterable

from llamaswap_desktop.core.shell import Core
from llamaswap_desktop.errors import LlamaSwapError, NotReady
from llamaswap_desktop.events import Preloaded
from llamaswap_desktop.http1 import fetch
from llamaswap_desktop.types import ModelId

_log = logging.getLogger("llamaswap_desktop.core")

_ANSWER_LIMIT_S = 30.0


async def preload(core: Core, models: Iterable[ModelId]) -> None:
    """Send each model a ``GET /`` through the queue, like any client; a failure is logged and the next one follows."""
    for model in models:
        try:
            success = await _preload_one(core, model)
        except LlamaSwapError as error:
            _log.warning("cannot preload %s: %s", model, error)
            success = False
        core.publish(Preloaded(model, success))


async def _preload_one(core: Core, model: ModelId) -> bool:
    lease = await core.acquire(model)
    try:
        if lease.upstream is None:
            raise NotReady(model)
        response = await fetch(lease.upstream, "/", timeout_s=_ANSWER_LIMIT_S)
    finally:
        lease.release()
    return response.status < 400
