"""What clients may ask of a demo model."""

import msgspec
import pytest

from llamaswap_desktop.demo.requests import ChatRequest, CompletionRequest, EmbeddingsRequest, texts_of


def chat(body: str) -> ChatRequest:
    return msgspec.json.decode(body, type=ChatRequest)


def test_the_question_is_what_the_user_said_last():
    asked = chat("""{"messages": [
        {"role": "system", "content": "be nice"}, {"role": "user", "content": "first"},
        {"role": "assistant", "content": null, "tool_calls": []}, {"role": "user", "content": "second"},
        {"role": "tool", "content": "42"}]}""")
    assert asked.question == "second"
    assert asked.prompt.split() == ["be", "nice", "first", "second", "42"]


def test_a_message_of_parts_is_its_text():
    asked = chat("""{"messages": [{"role": "user", "content": [
        {"type": "text", "text": "look at"}, {"type": "image_url", "image_url": {"url": "data:"}},
        {"type": "text", "text": "this"}]}]}""")
    assert asked.question.split() == ["look", "at", "this"]


def test_the_newer_name_of_the_limit_counts():
    message = '"messages": [{"role": "user", "content": "x"}]'
    assert chat(f"{{{message}}}").limit is None
    assert chat(f'{{{message}, "max_tokens": 5}}').limit == 5
    assert chat(f'{{{message}, "max_tokens": 5, "max_completion_tokens": 7}}').limit == 7


@pytest.mark.parametrize(("options", "wanted"), [("null", False), ("{}", False), ('{"include_usage": true}', True)])
def test_usage_in_the_stream_is_wanted_only_when_asked_for(options, wanted):
    asked = chat(f'{{"messages": [{{"role": "user", "content": "x"}}], "stream_options": {options}}}')
    assert asked.wants_usage_in_stream is wanted


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ('"one text"', ["one text"]),
        ('["one", "two"]', ["one", "two"]),
        ("[1, 22]", ["1 22"]),
        ("[[1, 22], [3]]", ["1 22", "3"]),
    ],
)
def test_texts_come_in_four_forms(given, texts):
    assert texts_of(msgspec.json.decode(f'{{"prompt": {given}}}', type=CompletionRequest).prompt) == texts
    assert texts_of(msgspec.json.decode(f'{{"input": {given}}}', type=EmbeddingsRequest).input) == texts


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"messages": []}', ChatRequest),
        ("{}", ChatRequest),
        ('{"prompt": []}', CompletionRequest),
        ('{"input": "x", "encoding_format": "morse"}', EmbeddingsRequest),
    ],
)
def test_what_makes_no_sense_is_refused(body, kind):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=kind)
