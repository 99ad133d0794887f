"""Declared and learnt memory (configuration specification, section 20)."""

import pytest

from llamaswap_desktop.config import Footprint
from llamaswap_desktop.routing.footprint import footprint

ONE, TWO, NONE = ["gpu0"], ["gpu0", "gpu1"], []


@pytest.mark.parametrize(
    ("declared", "learnt", "gpus", "expected"),
    [
        (Footprint(), None, ONE, None),
        (Footprint(), {"gpu0": 5, "ram": 1}, ONE, {"gpu0": 5, "ram": 1}),
        (Footprint(vram_mib=8), None, ONE, {"gpu0": 8, "ram": 0}),
        (Footprint(vram_mib=8), None, TWO, {"gpu0": 4, "gpu1": 4, "ram": 0}),
        (Footprint(vram_mib=8), {"gpu0": 1, "gpu1": 3, "ram": 7}, TWO, {"gpu0": 2, "gpu1": 6, "ram": 7}),
        (Footprint(vram_mib=8), None, NONE, {"gpu0": 8, "ram": 0}),
        (Footprint(ram_mib=8), None, ONE, None),
        (Footprint(ram_mib=8), None, NONE, {"ram": 8}),
        (Footprint(ram_mib=8), {"gpu0": 5, "ram": 1}, ONE, {"gpu0": 5, "ram": 8}),
        (Footprint(vram_mib=0, ram_mib=8), None, ONE, {"gpu0": 0, "ram": 8}),
    ],
)
def test_declared_counts_and_the_rest_is_learnt(declared, learnt, gpus, expected):
    assert footprint(declared, learnt, gpus) == expected
