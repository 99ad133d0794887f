"""What clients may ask of a demo model; members of the OpenAI API that it has no use for are ignored."""

from typing import Annotated, Literal, TypeAlias

import msgspec

Texts: TypeAlias = str | Annotated[list[str | int | list[int]], msgspec.Meta(min_length=1)]
"""One text, several, the token ids of one, or those of several."""

EncodingFormat: TypeAlias = Literal["float", "base64"]


class StreamOptions(msgspec.Struct, frozen=True):
    """The member ``stream_options``."""

    include_usage: bool = False


class ContentPart(msgspec.Struct, frozen=True):
    """A part of a message; one that is no text (an image, say) has an empty ``text``."""

    type: str
    text: str = ""


class Message(msgspec.Struct, frozen=True):
    """A turn of a conversation."""

    role: str
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """All that was written in this turn."""
        if isinstance(self.content, str):
            return self.content
        return " ".join(part.text for part in self.content or ())


class Generation(msgspec.Struct, frozen=True):
    """What a request for chat and one for a completion have in common."""

    max_tokens: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def wants_usage_in_stream(self) -> bool:
        """Whether a stream ends with a chunk that holds the usage."""
        return self.stream_options is not None and self.stream_options.include_usage


class ChatRequest(Generation, frozen=True, kw_only=True):
    """``POST /v1/chat/completions``."""

    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    max_completion_tokens: int | None = None

    @property
    def limit(self) -> int | None:
        """The most tokens the answer may have."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def question(self) -> str:
        """What the user said last; empty if the user said nothing."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def prompt(self) -> str:
        """The whole conversation."""
        return " ".join(message.text for message in self.messages)


class CompletionRequest(Generation, frozen=True, kw_only=True):
    """``POST /v1/completions``."""

    prompt: Texts


class EmbeddingsRequest(msgspec.Struct, frozen=True):
    """``POST /v1/embeddings``."""

    input: Texts
    encoding_format: EncodingFormat = "float"


def texts_of(given: Texts) -> list[str]:
    """Return the single texts in ``given``; token ids become a text of numbers."""
    if isinstance(given, str):
        return [given]
    numbers = [item for item in given if isinstance(item, int)]
    if len(numbers) == len(given):
        return [_numbers_as_text(numbers)]
    return [_numbers_as_text(item) if isinstance(item, list) else str(item) for item in given]


def _numbers_as_text(numbers: list[int]) -> str:
    return " ".join(map(str, numbers))
