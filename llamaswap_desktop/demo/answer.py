"""What a demo model says: always that it is one.  A token is a word."""

from dataclasses import dataclass
from enum import StrEnum

_QUOTED_WORDS = 40


class FinishReason(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, word by word; every word but the first begins with its space."""

    words: tuple[str, ...]
    finish_reason: FinishReason
    prompt_tokens: int

    @property
    def text(self) -> str:
        """The answer in one piece."""
        return "".join(self.words)


def answer_to(question: str, *, name: str, prompt: str, max_tokens: int | None) -> Answer:
    """Return what the demo model ``name`` says to ``question``; the same every time.

    ``prompt`` is all the text the model was given, and only counted.  ``max_tokens`` of None, or below 0, means
    no limit.
    """
    words = _speech(question, name).split()
    limit = len(words) if max_tokens is None or max_tokens < 0 else max_tokens
    said = words[:limit]
    return Answer(
        words=(*said[:1], *(f" {word}" for word in said[1:])),
        finish_reason=FinishReason.LENGTH if limit < len(words) else FinishReason.STOP,
        prompt_tokens=len(prompt.split()),
    )


def _speech(question: str, name: str) -> str:
    return (
        f"I am {name}, a built-in demo model without any AI inside. You said: {_quoted(question)} "
        "Put a real model into your config.yaml to replace me."
    )


def _quoted(question: str) -> str:
    words = question.split()
    if not words:
        return "nothing."
    end = " …" if len(words) > _QUOTED_WORDS else ""
    return f"\N{LEFT DOUBLE QUOTATION MARK}{' '.join(words[:_QUOTED_WORDS])}{end}\N{RIGHT DOUBLE QUOTATION MARK}."
