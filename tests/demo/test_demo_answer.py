"""What a demo model says."""

import pytest

from llamaswap_desktop.demo.answer import Answer, FinishReason, answer_to


def ask(question: str, max_tokens: int | None = None, prompt: str = "") -> Answer:
    return answer_to(question, name="demo-alice", prompt=prompt, max_tokens=max_tokens)


def test_it_says_that_it_is_a_demo_and_how_to_replace_it():
    assert ask("Hello there").text == (
        "I am demo-alice, a built-in demo model without any AI inside. You said: “Hello there”. "
        "Put a real model into your config.yaml to replace me."
    )


@pytest.mark.parametrize("question", ["", "  \n\t "])
def test_it_says_so_when_nothing_was_said(question):
    assert "You said: nothing. Put" in ask(question).text


def test_it_quotes_only_the_beginning_of_a_long_question():
    answer = ask(" ".join(f"w{number}" for number in range(1000)))
    assert "w39 …”." in answer.text
    assert "w40" not in answer.text


def test_the_words_joined_are_the_text_with_single_spaces():
    answer = ask("line one\n\n  line   two")
    assert "“line one line two”" in answer.text
    assert answer.text.split(" ") == [word.strip() for word in answer.words]


@pytest.mark.parametrize("unlimited", [None, -1])
def test_without_a_limit_it_stops_by_itself(unlimited):
    answer = ask("x", unlimited)
    assert answer.finish_reason is FinishReason.STOP
    assert answer.text.endswith("replace me.")


@pytest.mark.parametrize(("limit", "text"), [(0, ""), (1, "I"), (3, "I am demo-alice,")])
def test_a_limit_cuts_the_answer_and_says_so(limit, text):
    answer = ask("x", limit)
    assert answer.text == text
    assert answer.finish_reason is FinishReason.LENGTH


def test_a_limit_that_is_just_enough_is_no_cut():
    words = len(ask("x").words)
    assert ask("x", words).finish_reason is FinishReason.STOP
    assert ask("x", words - 1).finish_reason is FinishReason.LENGTH


def test_the_prompt_is_counted_in_words():
    assert ask("x", prompt="one two\nthree").prompt_tokens == 3
