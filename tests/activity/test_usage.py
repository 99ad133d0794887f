"""Token figures of every kind of answer (HTTP specification, sections 21 and 29.4)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llamaswap_desktop.activity.records import Figures, Tokens
from llamaswap_desktop.activity.tap import Tap
from llamaswap_desktop.activity.usage import figures_of, figures_of_ends

CHAT = "/v1/chat/completions"
JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"


def told(figures: Figures):
    """Return input, output, cached, drafted, accepted and both speeds."""
    its = figures.tokens
    return (
        its.input_tokens,
        its.output_tokens,
        its.cache_tokens,
        its.draft_tokens,
        its.draft_acc_tokens,
        pytest.approx(its.prompt_per_second),
        pytest.approx(its.tokens_per_second),
    )


def sse(*events) -> bytes:
    return b"".join(b"data: %s\n\n" % (e if isinstance(e, bytes) else json.dumps(e).encode()) for e in events)


NOTHING = (0, 0, 0, 0, 0, 0, 0)
TIMINGS = {
    "prompt_n": 20,
    "predicted_n": 50,
    "cache_n": 8,
    "prompt_per_second": 100,
    "predicted_per_second": 40,
    "prompt_ms": 200,
    "predicted_ms": 1250,
}

DOCUMENTS = {
    "openai": (
        {"usage": {"prompt_tokens": 12, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}},
        (12, 7, 4, -1, -1, -1, -1),
    ),
    "llama.cpp replaces usage": (
        {"usage": {"prompt_tokens": 1, "completion_tokens": 2}, "timings": TIMINGS},
        (20, 50, 8, -1, -1, 100, 40),
    ),
    "llama.cpp without cache_n keeps usage's": (
        {"usage": {"prompt_tokens_details": {"cached_tokens": 3}}, "timings": {"prompt_n": 5}},
        (5, 0, 3, -1, -1, 0, 0),
    ),
    "llama.cpp with a draft": (
        {"timings": {**TIMINGS, "draft_n": 30, "draft_n_accepted": 21}},
        (20, 50, 8, 30, 21, 100, 40),
    ),
    "llama.cpp with half a draft": ({"timings": {**TIMINGS, "draft_n": 30}}, (20, 50, 8, -1, -1, 100, 40)),
    "empty timings": ({"timings": {}}, (0, 0, -1, -1, -1, 0, 0)),
    "anthropic": (
        {
            "usage": {
                "input_tokens": 9,
                "output_tokens": 3,
                "cache_read_input_tokens": 0,
                "cache_creation_input_tokens": 5,
            }
        },
        (9, 3, 0, -1, -1, -1, -1),
    ),
    "responses": (
        {"usage": {"input_tokens": 36, "output_tokens": 87, "input_tokens_details": {"cached_tokens": 2}}},
        (36, 87, 2, -1, -1, -1, -1),
    ),
    "vllm": (
        {
            "usage": {"prompt_tokens": 42, "completion_tokens": 128, "prompt_tokens_details": {"cached_tokens": 20}},
            "metrics": {"time_to_first_token_ms": 85.2, "mean_itl_ms": 9.1, "tokens_per_second": 1},
        },
        (42, 128, 20, -1, -1, 22 / 0.0852, 1000 / 9.1),
    ),
    "vllm with a draft": (
        {
            "usage": {"prompt_tokens": 4},
            "metrics": {"speculative_decoding": {"num_draft_tokens": 10, "num_accepted_draft_tokens": 7}},
        },
        (4, 0, -1, 10, 7, -1, -1),
    ),
    "vllm without times": (
        {"metrics": {"time_to_first_token_ms": 0, "mean_itl_ms": 0}},
        (0, 0, -1, -1, -1, -1, -1),
    ),
    "embeddings": ({"data": [], "usage": {"prompt_tokens": 8, "total_tokens": 8}}, (8, 0, -1, -1, -1, -1, -1)),
    "rerank": ({"results": [], "usage": {"prompt_tokens": 31}}, (31, 0, -1, -1, -1, -1, -1)),
    "strings and fractions": (
        {"usage": {"prompt_tokens": "12", "completion_tokens": 7.9, "cache_read_input_tokens": "3.5"}},
        (12, 7, 3, -1, -1, -1, -1),
    ),
    "null is not there": ({"usage": {"prompt_tokens": None, "input_tokens": 4}}, (4, 0, -1, -1, -1, -1, -1)),
    "no numbers": ({"usage": {"prompt_tokens": "many", "completion_tokens": []}}, (0, 0, -1, -1, -1, -1, -1)),
    "nothing": ({"x": 1}, NOTHING),
    "count_tokens": ({"input_tokens": 17}, NOTHING),
    "nested usage is not the answer's": ({"data": {"usage": {"prompt_tokens": 1}}}, NOTHING),
    "usage is no object": ({"usage": "none", "timings": [1], "metrics": 2}, NOTHING),
    "a text called response": ({"response": "hi", "usage": {"prompt_tokens": 2}}, (2, 0, -1, -1, -1, -1, -1)),
}


@pytest.mark.parametrize(("document", "expected"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents(document, expected):
    assert told(figures_of(json.dumps(document).encode(), JSON, CHAT)) == expected


def test_model_time_is_prompt_and_generation():
    assert figures_of(json.dumps({"timings": TIMINGS}).encode(), JSON, CHAT).model_ms == 1450


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ([{"timings": {"prompt_n": 1}}, {"timings": TIMINGS}], "/infill", (20, 50, 8, -1, -1, 100, 40)),
        ({"timings": TIMINGS}, "/infill", (20, 50, 8, -1, -1, 100, 40)),
        ([{"timings": TIMINGS}, {"content": ""}], "/infill", NOTHING),
        ([], "/infill", NOTHING),
        ([{"timings": TIMINGS}], "/completion", NOTHING),
    ],
)
def test_infill_takes_the_last_of_an_array(body, path, expected):
    assert told(figures_of(json.dumps(body).encode(), JSON, path)) == expected


STREAMS = {
    "usage in the last chunk": (
        sse(
            {"choices": [{"delta": {"content": "a"}}]},
            {"usage": {"prompt_tokens": 15, "completion_tokens": 33}},
            b"[DONE]",
        ),
        (15, 33, -1, -1, -1, -1, -1),
    ),
    "null in every chunk but the last": (
        sse({"usage": None}, {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}),
        (1, 2, -1, -1, -1, -1, -1),
    ),
    "last timings": (sse({"timings": {"prompt_n": 1}}, {"timings": TIMINGS}), (20, 50, 8, -1, -1, 100, 40)),
    "anthropic": (
        b"event: message_start\n"
        + sse(
            {
                "type": "message_start",
                "message": {"usage": {"input_tokens": 25, "cache_read_input_tokens": 6, "output_tokens": 1}},
            }
        )
        + b"event: message_delta\n"
        + sse({"type": "message_delta", "usage": {"input_tokens": 0, "output_tokens": 15}}),
        (25, 15, 6, -1, -1, -1, -1),
    ),
    "a cached count of 0 does overwrite": (
        sse({"usage": {"input_tokens": 5, "cache_read_input_tokens": 6}}, {"usage": {"cache_read_input_tokens": 0}}),
        (5, 0, 0, -1, -1, -1, -1),
    ),
    "responses": (
        sse(
            {"type": "response.created", "response": {"usage": None}},
            {"type": "response.completed", "response": {"usage": {"input_tokens": 36, "output_tokens": 87}}},
        ),
        (36, 87, -1, -1, -1, -1, -1),
    ),
    "vllm": (
        sse({"usage": {"prompt_tokens": 42}}, {"metrics": {"mean_itl_ms": 1}}, {"metrics": {"mean_itl_ms": 10}}),
        (42, 0, -1, -1, -1, -1, 100),
    ),
    "no space, CRLF, indented, comments": (
        b': hi\r\n\r\n  data:{"usage":{"prompt_tokens":3}}\r\n\r\n',
        (3, 0, -1, -1, -1, -1, -1),
    ),
    "a line that is no data": (b'event: {"usage":{"prompt_tokens":3}}\n\n', NOTHING),
    "a broken line between good ones": (
        sse({"usage": {"prompt_tokens": 3}}, b'{"usage":{"prompt', {"usage": {"completion_tokens": 4}}),
        (3, 4, -1, -1, -1, -1, -1),
    ),
    "no newline at the end": (b'data: {"usage":{"prompt_tokens":3}}', (3, 0, -1, -1, -1, -1, -1)),
    "a text that talks of usage": (sse({"content": 'the "usage" of words'}), NOTHING),
    "empty": (b"", NOTHING),
}


@pytest.mark.parametrize(("body", "expected"), STREAMS.values(), ids=STREAMS)
def test_streams(body, expected):
    assert told(figures_of(body, SSE, "/v1/messages")) == expected


def test_stream_whose_middle_is_missing_has_both_ends_read():
    tap = Tap(0)
    tap.feed(sse({"message": {"usage": {"input_tokens": 25, "cache_read_input_tokens": 6}}}))
    for _ in range(10_000):
        tap.feed(sse({"delta": {"text": "word " * 10}}))
    tap.feed(sse({"usage": {"output_tokens": 15}}))
    assert tap.whole is None
    assert told(figures_of_ends(*tap.ends, SSE)) == (25, 15, 6, -1, -1, -1, -1)


@pytest.mark.parametrize("usage_first", [True, False])
def test_document_whose_middle_is_missing(usage_first):
    vectors = {"data": [{"embedding": [0.123456] * 1000, "usage": {"prompt_tokens": 1}}] * 60}
    usage = {"usage": {"prompt_tokens": 77}}
    tap = Tap(0)
    tap.feed(json.dumps({**usage, **vectors} if usage_first else {**vectors, **usage}).encode())
    assert tap.whole is None
    assert told(figures_of_ends(*tap.ends, JSON)) == (77, 0, -1, -1, -1, -1, -1)


MALFORMED = [
    b"",
    b"null",
    b"[",
    b'{"usage":',
    b'{"usage":{"prompt_tokens":1}} trailing',
    b'{"usage":{"prompt_tokens":[[[[',
    b'{"usage":' + b"[" * 100_000,
    b"\xff\xfe",
    b"ID3\x04 binary",
    b'{"timings":{"prompt_n":{}}}'[:-2],
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("content_type", [JSON, SSE, "", "audio/mpeg"])
def test_malformed_answers_have_no_figures(body, content_type):
    for text in (body, b"data: " + body):
        assert figures_of(text, content_type, "/infill") == Figures(Tokens())
        assert isinstance(figures_of_ends(text, text, content_type), Figures)


LENIENT = [
    b'{"x":NaN,"usage":{"prompt_tokens":6}}',
    b'{"x":"\xff","usage":{"prompt_tokens":6}}',
    b'{"x":"\\ud800","usage":{"prompt_tokens":6}}',
    b'{"x":1e999,"usage":{"prompt_tokens":6}}',
]


@pytest.mark.parametrize("body", LENIENT)
def test_slightly_wrong_json_is_still_read(body):
    assert told(figures_of(body, JSON, CHAT)) == (6, 0, -1, -1, -1, -1, -1)
    assert told(figures_of(b'data: {"response":' + body + b"}\n", SSE, CHAT)) == (6, 0, -1, -1, -1, -1, -1)


@pytest.mark.parametrize("number", ["1e300", "-1e300", str(10**40), '"1e300"', "1e999", '"inf"', '"nan"', "true"])
def test_absurd_numbers_fit_the_database(number):
    body = f'{{"usage":{{"prompt_tokens":{number}}},"timings":{{"prompt_per_second":{number}}}}}'.encode()
    its = figures_of(body.replace(b'"timings"', b'"metrics"'), JSON, CHAT).tokens
    assert -(2**63) <= its.input_tokens < 2**63
    speed = figures_of(body, JSON, CHAT).tokens.prompt_per_second
    assert speed - speed == 0, "finite"


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["usage", "timings", "metrics", "response", "message", "prompt_tokens", "prompt_n", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(_anything, st.integers(0, 200), st.sampled_from([JSON, SSE]))
def test_nothing_raises(value, cut, content_type):
    body = json.dumps(value).encode()
    for text in (body, body[:cut], b"data: " + body + b"\n\ndata: " + body[:cut]):
        figures_of(text, content_type, "/infill")
        figures_of_ends(text, text[cut // 2 :], content_type)
