"""Bodies on disk, and bodies that pass by."""

import pytest

from llamaswap_desktop.proxy.spool import MEMORY_BYTES, PIECE_BYTES, Spool, Upload


def test_spool_gives_back_any_stretch_and_leaves_no_file(tmp_path):
    spool = Spool(tmp_path)
    spool.append(b"hello ")
    assert spool.read(1, 3) == b"el"
    spool.append(b"world")
    assert (spool.size, spool.read(0, 11)) == (11, b"hello world")
    spool.close()
    spool.close()
    assert not list(tmp_path.iterdir())


class Passing:
    """An upload with what it asked of the client's connection."""

    def __init__(self, folder=None, *, is_chunked=False):
        self.holds = []
        self.upload = Upload(folder, is_chunked=is_chunked, hold=self.holds.append)

    def read_all(self):
        data = b""
        while piece := self.upload.read():
            data += piece
        return data


def test_what_arrives_leaves_in_order():
    passing = Passing()
    for piece in (b"a", b"b", b"c"):
        passing.upload.feed(piece)
    assert passing.read_all() == b"abc"
    assert not passing.upload.is_exhausted
    passing.upload.complete()
    assert passing.upload.is_exhausted


def test_chunks_are_framed_and_ended_once():
    passing = Passing(is_chunked=True)
    passing.upload.feed(b"abc")
    passing.upload.complete()
    assert not passing.upload.is_exhausted
    assert passing.read_all() == b"3\r\nabc\r\n0\r\n\r\n"
    assert passing.upload.is_exhausted


def test_client_is_read_on_as_long_as_nobody_takes_the_body_and_the_rest_goes_to_disk(tmp_path):
    passing = Passing(tmp_path)
    piece = bytes(range(256)) * 4096
    for _ in range(20):
        passing.upload.feed(piece)
    assert passing.holds == []
    assert passing.upload._memory_bytes <= MEMORY_BYTES
    assert passing.upload.backlog_bytes == 20 * len(piece)
    passing.upload.flow()
    assert passing.holds == [True]
    assert passing.read_all() == piece * 20
    assert passing.holds == [True, False]
    assert passing.upload._spool is None


def test_slow_upstream_holds_the_client_and_a_faster_one_lets_it_go():
    passing = Passing()
    passing.upload.flow()
    passing.upload.feed(b"x" * (PIECE_BYTES + 1))
    assert passing.holds == [True]
    passing.upload.read()
    assert passing.holds == [True, False]


@pytest.mark.parametrize("is_chunked", [False, True])
def test_tunnel_is_never_framed_and_never_ends(is_chunked):
    passing = Passing(is_chunked=is_chunked)
    passing.upload.complete()
    passing.upload.become_tunnel()
    passing.upload.feed(b"abc")
    assert passing.read_all() == b"abc"
    assert not passing.upload.is_exhausted


def test_closed_upload_holds_nothing(tmp_path):
    passing = Passing(tmp_path)
    passing.upload.feed(b"x" * (MEMORY_BYTES + 1))
    passing.upload.close()
    passing.upload.close()
    assert passing.upload.backlog_bytes == 0
    assert not list(tmp_path.iterdir())
