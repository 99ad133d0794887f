"""Exit statuses and durations in words."""

import pytest

from llamaswap_desktop.process.outcome import duration_in_words, exit_in_words


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exited with code 0"),
        (3, "exited with code 3"),
        (-9, "was ended by SIGKILL"),
        (-99, "was ended by signal 99"),
        (0xC0000005, "crashed with 0xC0000005 (access violation)"),
        (0xC0001234, "crashed with 0xC0001234"),
    ],
)
def test_exit(status, words):
    assert exit_in_words(status) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1s"), (15, "15s"), (60, "1m0s"), (120.4, "2m0s"), (3605, "1h0m5s")]
)
def test_duration(seconds, words):
    assert duration_in_words(seconds) == words
