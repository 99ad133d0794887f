"""Sizes in few letters."""

import pytest

from llamaswap_desktop.sizes import memory_size


@pytest.mark.parametrize(
    ("number_of_bytes", "text"),
    [(0, "0 MiB"), (612 << 20, "612 MiB"), ((1 << 30) - 1, "1024 MiB"), (1 << 30, "1.0 GiB"), (4402341478, "4.1 GiB")],
)
def test_memory_size(number_of_bytes, text):
    assert memory_size(number_of_bytes) == text
