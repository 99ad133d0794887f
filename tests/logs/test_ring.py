"""The ring keeps exactly the newest bytes, under the offsets they have for ever."""

from hypothesis import given
from hypothesis import strategies as st

from llamaswap_desktop.logs.ring import Ring


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(min_value=1, max_value=16), st.data())
def test_any_sequence_of_writes_leaves_the_newest_bytes(writes, capacity, data):
    ring = Ring(capacity)
    for piece in writes:
        ring.write(piece)
    everything = b"".join(writes)
    assert ring.end == len(everything)
    assert ring.start == max(0, len(everything) - capacity)
    offset = data.draw(st.integers(min_value=0, max_value=len(everything)))
    assert ring.read(offset) == everything[max(offset, ring.start) :]


def test_nothing_is_allocated_before_the_first_write():
    ring = Ring()
    assert ring.read(0) == b""
    assert not ring._buffer


def test_one_write_larger_than_the_ring_leaves_its_end():
    ring = Ring(4)
    ring.write(b"0123456789")
    assert ring.read(0) == b"6789"
    assert ring.read(8) == b"89"
