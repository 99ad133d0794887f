"""Forms: urlencoded, in parts, and queries (HTTP specification, sections 6.1, 6.2 and 9.2)."""

import pytest

from llamaswap_desktop.proxy.form_body import FormBody, MultipartBody, boundary_of, with_model
from llamaswap_desktop.proxy.treatment import Treatment


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def scanned(body: bytes, size: int | None = None, boundary: bytes = b"B") -> MultipartBody:
    form = MultipartBody(None, boundary)
    if size is None:
        form.feed(body)
        form.complete()
    else:
        for at in range(0, len(body), size):
            form.scan(body[at : at + size])
        form.feed(body)
        form.complete()
    return form


END = b"--B--\r\n"
FILE = part("file", b"\r\n--A\r\n--BB\r\n--B \x00model\r\n-", '; filename="a"')

MODELS = {
    "one field": (part("model", b"m") + END, "m"),
    "behind a file": (FILE + part("model", b"m") + END, "m"),
    "before a file": (part("model", b"m") + FILE + END, "m"),
    "first of two": (part("model", b"m") + part("model", b"n") + END, "m"),
    "empty then named": (part("a", b"") + part("model", b"m") + END, "m"),
    "with a preamble": (b"preamble\r\n" + part("model", b"m") + END, "m"),
    "with an epilogue": (part("model", b"m") + END + b"--B\r\nignored", "m"),
    "with padding behind the delimiter": (part("model", b"m").replace(b"--B\r", b"--B \t\r") + END, "m"),
    "with other headers": (
        b"--B\r\nContent-Type: text/plain\r\ncontent-disposition:form-data;name=model\r\nX: y\r\n\r\nm\r\n" + END,
        "m",
    ),
    "with an escaped name": (part("mo\\del", b"m") + END, "m"),
    "beyond ASCII": (part("model", "größe".encode()) + END, "größe"),
    "only a file of that name": (part("model", b"m", '; filename="x"') + END, ""),
    "without an end": (part("model", b"m"), ""),
    "part without headers": (b"--B\r\n\r\nx\r\n" + part("model", b"m") + END, "m"),
    "nothing": (END, ""),
}


@pytest.mark.parametrize("size", [None, 1, 2, 5, 64])
@pytest.mark.parametrize(("body", "name"), MODELS.values(), ids=MODELS.keys())
def test_model_of_a_form_in_parts_however_it_is_cut(body, name, size):
    assert scanned(body, size).model() == name


def test_stream_field():
    assert scanned(part("stream", b"true") + END).is_streaming()
    assert not scanned(part("stream", b"1") + END).is_streaming()
    assert not scanned(FILE + END).is_streaming()


def test_every_model_field_is_replaced_and_nothing_else():
    body = part("model", b"m") + FILE + part("model", b"other") + part("n", b"m") + END
    form = scanned(body)
    form.rewrite("larger name", Treatment(), "m")
    expected = part("model", b"larger name") + FILE + part("model", b"larger name") + part("n", b"m") + END
    assert form.data == expected


def test_value_that_never_ends_makes_the_form_unreadable():
    form = MultipartBody(None, b"B")
    form.scan(part("model", b"x" * 70_000))
    assert len(form._form._buffer) < 200_000
    assert form.model() == ""


def test_large_files_take_no_memory():
    form = MultipartBody(None, b"B")
    form.scan(part("file", b"", '; filename="a"')[:-2])
    for _ in range(100):
        form.scan(b"x" * 65536)
        assert len(form._form._buffer) < 1000
    form.scan(b"\r\n" + part("model", b"m") + END)
    assert form.model() == "m"


def test_fields_beyond_their_limit_make_the_form_unreadable():
    form = MultipartBody(None, b"B")
    for _ in range(43):
        form.scan(part("prompt", b"x" * 1024 * 1024))
    form.scan(part("model", b"m") + END)
    assert form.model() == ""


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (b"multipart/form-data; boundary=abc", b"abc"),
        (b'Multipart/Form-Data; charset=x; Boundary="a b;c"', b"a b;c"),
        (b"multipart/form-data", b""),
    ],
)
def test_boundary(content_type, boundary):
    assert boundary_of(content_type) == boundary


def form(data: bytes, query: str = "") -> FormBody:
    body = FormBody(None, query, is_form=True)
    body.feed(data)
    body.complete()
    return body


def test_body_goes_before_the_query():
    assert form(b"model=m%201", "model=x").model() == "m 1"
    assert form(b"a=1", "model=x").model() == "x"
    assert form(b"a=1&stream=true").is_streaming()


def test_name_in_a_body_is_replaced_in_its_place():
    body = form(b"a=%2F&model=x&b=model=x")
    body.rewrite("new/name", Treatment(), "x")
    assert body.data == b"a=%2F&model=new%2Fname&b=model=x"


def test_name_in_a_query_is_replaced_and_its_keys_are_sorted():
    assert with_model("b=1&model=x&a=%2F&model=y&c", "n m") == "a=%2F&b=1&c=&model=n+m"


def test_urlencoded_form_beyond_its_limit_is_unreadable():
    body = form(b"model=m&x=" + b"y" * (10 * 1024 * 1024))
    assert body.model() == ""
    body.close()
