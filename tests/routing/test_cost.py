"""What events cost the scheduler, whatever the number of models (runtime specification, section 12, invariant 26)."""

import time

import pytest

from llamaswap_desktop.routing import ModelRules, Rules, Scheduler, alphabet
from llamaswap_desktop.types import ModelId, RequestId
from tests.routing.playbook import OneAtATime, Together

PAIRS = 2000


def cost_us(models: int) -> float:
    """Return the microseconds of a ``Requested`` and its ``Served``: the best of a few rounds."""
    scheduler = Scheduler(Rules({ModelId(f"m{number}"): ModelRules(ttl_s=60) for number in range(models)}), Together())
    target = ModelId("m0")
    (_, start) = scheduler.handle(alphabet.Requested(RequestId(0), target), 0.0)
    scheduler.handle(alphabet.Ready(start.order, target), 0.0)
    scheduler.handle(alphabet.Served(RequestId(0)), 0.0)
    best = float("inf")
    for round_ in range(7):
        began = time.perf_counter()
        for number in range(round_ * PAIRS + 1, (round_ + 1) * PAIRS + 1):
            scheduler.handle(alphabet.Requested(RequestId(number), target), 1.0)
            scheduler.handle(alphabet.Served(RequestId(number)), 1.0)
        best = min(best, time.perf_counter() - began)
    return best / PAIRS * 1e6


@pytest.mark.parametrize("models", [2, 500])
def test_request_for_a_ready_model_costs_microseconds(models):
    cost = cost_us(models)
    print(f"{models} models: {cost:.1f} µs for a request and its end")
    assert cost < 50


def test_look_through_five_hundred_models_that_have_all_waited_too_long():
    models = [ModelId(f"m{number}") for number in range(500)]
    scheduler = Scheduler(Rules({model: ModelRules() for model in models}), OneAtATime())
    (_, start) = scheduler.handle(alphabet.Requested(RequestId(0), models[0]), 0.0)
    scheduler.handle(alphabet.Ready(start.order, models[0]), 0.0)
    for number, model in enumerate(models[1:], start=1):
        scheduler.handle(alphabet.Requested(RequestId(number), model), 1.0)
    began = time.perf_counter()
    (*_, stop) = scheduler.handle(alphabet.Served(RequestId(0)), 100.0)
    took_ms = (time.perf_counter() - began) * 1000
    print(f"a look through {len(models) - 1} queued requests: {took_ms:.1f} ms")
    assert stop.model == models[0]
    assert took_ms < 50
