"""The JSON that a demo model answers with, in the shapes of the OpenAI API."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from llamaswap_desktop.demo.answer import Answer, FinishReason


class Usage(msgspec.Struct, frozen=True):
    """Counts of tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatMessage(msgspec.Struct, frozen=True):
    """What the assistant said, or a piece of it."""

    role: str | UnsetType = UNSET
    content: str | UnsetType = UNSET


class ChatChoice(msgspec.Struct, frozen=True):
    """A whole answer in a chat."""

    index: int
    message: ChatMessage
    finish_reason: FinishReason


class ChatDelta(msgspec.Struct, frozen=True):
    """A piece of an answer in a chat."""

    index: int
    delta: ChatMessage
    finish_reason: FinishReason | None = None


class TextChoice(msgspec.Struct, frozen=True):
    """A completion, or a piece of one."""

    index: int
    text: str
    finish_reason: FinishReason | None = None
    logprobs: None = None


Choice: TypeAlias = ChatChoice | ChatDelta | TextChoice


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """A whole response, or one chunk of a streamed one."""

    id: str
    object: str
    created: int
    model: str
    choices: Sequence[Choice]
    usage: Usage | UnsetType = UNSET


class Embedding(msgspec.Struct, frozen=True):
    """One vector, as numbers or in base64."""

    index: int
    embedding: Sequence[float] | str
    object: str = "embedding"


class EmbeddingsUsage(msgspec.Struct, frozen=True):
    """Counts of tokens where nothing is generated."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(msgspec.Struct, frozen=True):
    """The response of ``/v1/embeddings``."""

    model: str
    data: Sequence[Embedding]
    usage: EmbeddingsUsage
    object: str = "list"


class Model(msgspec.Struct, frozen=True):
    """An entry of ``/v1/models``."""

    id: str
    created: int
    object: str = "model"
    owned_by: str = "llamaswap-desktop"


class Models(msgspec.Struct, frozen=True):
    """The response of ``/v1/models``."""

    data: Sequence[Model]
    object: str = "list"


class ErrorObject(msgspec.Struct, frozen=True):
    """The ``error`` member of the envelope."""

    message: str
    type: str
    code: int
    param: None = None


class ErrorEnvelope(msgspec.Struct, frozen=True):
    """The body of every refusal."""

    error: ErrorObject


class Form(Protocol):
    """How one family of routes writes its answers down."""

    id_prefix: str
    whole_object: str
    chunk_object: str

    def whole(self, index: int, answer: Answer) -> Choice:
        """Return the answer in one piece."""

    def pieces(self, index: int, answer: Answer) -> Iterator[Choice]:
        """Return the answer as it is streamed."""


class ChatForm:
    """``/v1/chat/completions``."""

    id_prefix = "chatcmpl"
    whole_object = "chat.completion"
    chunk_object = "chat.completion.chunk"

    def whole(self, index: int, answer: Answer) -> ChatChoice:
        """Return the message with its role."""
        return ChatChoice(index, ChatMessage("assistant", answer.text), answer.finish_reason)

    def pieces(self, index: int, answer: Answer) -> Iterator[ChatDelta]:
        """Return the role, then each word, then the reason of the end."""
        yield ChatDelta(index, ChatMessage("assistant", ""))
        for word in answer.words:
            yield ChatDelta(index, ChatMessage(content=word))
        yield ChatDelta(index, ChatMessage(), answer.finish_reason)


class TextForm:
    """``/v1/completions``."""

    id_prefix = "cmpl"
    whole_object = "text_completion"
    chunk_object = "text_completion"

    def whole(self, index: int, answer: Answer) -> TextChoice:
        """Return the text."""
        return TextChoice(index, answer.text, answer.finish_reason)

    def pieces(self, index: int, answer: Answer) -> Iterator[TextChoice]:
        """Return each word, then the reason of the end."""
        for word in answer.words:
            yield TextChoice(index, word)
        yield TextChoice(index, "", answer.finish_reason)


def usage_of(answers: Sequence[Answer]) -> Usage:
    """Count the tokens of all ``answers`` together."""
    prompt = sum(answer.prompt_tokens for answer in answers)
    completion = sum(len(answer.words) for answer in answers)
    return Usage(prompt, completion, prompt + completion)
