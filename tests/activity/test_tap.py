from llamaswap_desktop.activity.tap import HEAD_BYTES, TAIL_BYTES, Tap

KIB = 1024


def numbered(count: int, size: int) -> list[bytes]:
    return [f"{number:07d}".encode() + b"." * (size - 7) for number in range(count)]


def test_what_fits_is_kept_whole():
    tap = Tap(1024 * KIB)
    pieces = numbered(1024, KIB)
    for piece in pieces:
        tap.feed(piece)
    assert tap.whole == b"".join(pieces)
    assert tap.held_bytes == tap.total_bytes == 1024 * KIB


def test_of_what_does_not_fit_both_ends_stay():
    tap = Tap(0)
    pieces = numbered(3000, KIB)
    for piece in pieces:
        tap.feed(piece)
        assert tap.held_bytes <= HEAD_BYTES + 2 * TAIL_BYTES + KIB, "memory is bounded at every moment"
    body = b"".join(pieces)
    assert tap.whole is None
    assert tap.ends == (body[:HEAD_BYTES], body[-TAIL_BYTES:])
    assert tap.total_bytes == len(body)


def test_one_huge_piece():
    body = bytes(range(256)) * 8 * KIB
    tap = Tap(0)
    tap.feed(body)
    tap.feed(b"end")
    assert tap.ends == (body[:HEAD_BYTES], (body + b"end")[-TAIL_BYTES:])


def test_nothing():
    assert Tap(0).whole == b""
