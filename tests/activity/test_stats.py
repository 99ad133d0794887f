import json
import statistics

import msgspec
import pytest

from llamaswap_desktop.activity.queries import Filter
from llamaswap_desktop.activity.records import Batch, Settings
from llamaswap_desktop.activity.store import Store
from tests.activity.requests import finished


def store_of(*answers, model="m"):
    store = Store(Settings(metrics_max_in_memory=100_000))
    store.add(Batch([finished(json.dumps(answer).encode(), model=model) for answer in answers]))
    return store


def speeds(values, **members):
    return [{"timings": {"prompt_n": 1, "prompt_per_second": 0, "predicted_per_second": v}, **members} for v in values]


def test_an_empty_log():
    assert msgspec.json.decode(msgspec.json.encode(Store(Settings()).stats())) == {
        "total_requests": 0,
        "total_input_tokens": 0,
        "total_output_tokens": 0,
        "total_cache_tokens": 0,
        "prompt_histogram": None,
        "gen_histogram": None,
    }


def test_totals_leave_unknown_cache_counts_out():
    usage = {"prompt_tokens": 10, "completion_tokens": 3}
    store = store_of({"usage": usage}, {"usage": {**usage, "cache_read_input_tokens": 4}}, {"x": 1})
    its = store.stats()
    assert (its.total_requests, its.total_input_tokens, its.total_output_tokens, its.total_cache_tokens) == (
        3,
        20,
        6,
        4,
    )


def test_of_one_model():
    store = store_of(*speeds([5, 7]), model="a")
    store.add(Batch([finished(model="b")]))
    assert store.stats(Filter(models=("a",))).total_requests == 2
    assert store.stats(Filter(models=("b",))).gen_histogram is None
    assert store.stats(Filter(models=("nobody",))).total_requests == 0
    assert store.stats(Filter(models=("a",))).gen_histogram.max == 7


def test_equal_values_are_one_bin():
    histogram = store_of(*speeds([40, 40, 40, 0, -1])).stats().gen_histogram
    assert msgspec.to_builtins(histogram) == {
        "bins": (3,), "min": 40.0, "max": 40.0, "binSize": 0.0, "p50": 40.0, "p95": 40.0, "p99": 40.0
    }  # fmt: skip


@pytest.mark.parametrize(("count", "bins"), [(2, 5), (16, 5), (17, 6), (1000, 11), (1025, 12)])
def test_number_of_bins(count, bins):
    histogram = store_of(*speeds(range(1, count + 1))).stats().gen_histogram
    assert len(histogram.bins) == bins
    assert sum(histogram.bins) == count
    assert histogram.bin_size == pytest.approx((count - 1) / bins)
    assert histogram.bins[-1] >= 1, "the maximum falls into the last bin"


def test_percentiles_interpolate():
    values = [3, 1, 4, 1.5, 9, 2.6]
    histogram = store_of(*speeds(values)).stats().gen_histogram
    hundredths = statistics.quantiles(values, n=100, method="inclusive")
    assert (histogram.p50, histogram.p95, histogram.p99) == pytest.approx(
        (hundredths[49], hundredths[94], hundredths[98])
    )


def test_counts_of_any_size_can_be_added_up():
    store = store_of(*[{"usage": {"prompt_tokens": 2**63 - 1}}] * 3)
    assert store.stats().total_input_tokens > 2**63
