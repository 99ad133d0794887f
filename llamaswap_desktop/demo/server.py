"""The routes of a demo model."""

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias, TypeVar

import msgspec
from aiohttp import web

from llamaswap_desktop.demo.answer import Answer, answer_to
from llamaswap_desktop.demo.embedding import as_base64, embedding_of
from llamaswap_desktop.demo.requests import (
    ChatRequest,
    CompletionRequest,
    EmbeddingsRequest,
    EncodingFormat,
    Generation,
    texts_of,
)
from llamaswap_desktop.demo.responses import (
    ChatForm,
    Completion,
    Embedding,
    Embeddings,
    EmbeddingsUsage,
    ErrorEnvelope,
    ErrorObject,
    Form,
    Model,
    Models,
    TextForm,
    usage_of,
)

_log = logging.getLogger(__name__)

_BODY_LIMIT_BYTES = 64 * 1024 * 1024  # a conversation with pictures in it

_EVENT_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}

_Asked = TypeVar("_Asked", ChatRequest, CompletionRequest, EmbeddingsRequest)
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Sheet: TypeAlias = partial[Completion]


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class DemoServer:
    """A demo model that is ready ``load_time_s`` seconds after it was made, and speaks a word per ``word_delay_s``.

    Until it is ready, health and every request for an answer are refused with 503, as llama-server does it.
    Must be made inside a running event loop.
    """

    def __init__(self, name: str, load_time_s: float, word_delay_s: float) -> None:
        self._name = name
        self._word_delay_s = word_delay_s
        self._ready_at_s = asyncio.get_running_loop().time() + load_time_s
        self._created_at = int(time.time())
        self._numbers = itertools.count(1)

    def application(self) -> web.Application:
        """Build the aiohttp application that serves this model."""
        application = web.Application(middlewares=[_refusals_as_envelopes], client_max_size=_BODY_LIMIT_BYTES)
        application.router.add_get("/health", self._health)
        application.router.add_get("/v1/models", self._models)
        application.router.add_post("/v1/chat/completions", self._chat)
        application.router.add_post("/v1/completions", self._completions)
        application.router.add_post("/v1/embeddings", self._embeddings)
        return application

    async def _health(self, _request: web.Request) -> web.Response:
        self._ensure_loaded()
        return _json({"status": "ok"})

    async def _models(self, _request: web.Request) -> web.Response:
        return _json(Models([Model(self._name, self._created_at)]))

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = await self._read(request, ChatRequest)
        answer = answer_to(asked.question, name=self._name, prompt=asked.prompt, max_tokens=asked.limit)
        return await self._respond(request, asked, ChatForm(), [answer])

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        asked = await self._read(request, CompletionRequest)
        answers = [
            answer_to(text, name=self._name, prompt=text, max_tokens=asked.max_tokens)
            for text in texts_of(asked.prompt)
        ]
        return await self._respond(request, asked, TextForm(), answers)

    async def _embeddings(self, request: web.Request) -> web.Response:
        asked = await self._read(request, EmbeddingsRequest)
        texts = texts_of(asked.input)
        data = [_embedding(index, text, asked.encoding_format) for index, text in enumerate(texts)]
        tokens = sum(len(text.split()) for text in texts)
        _log.info("%s: embedded %d texts of %d words", request.path, len(texts), tokens)
        return _json(Embeddings(self._name, data, EmbeddingsUsage(tokens, tokens)))

    def _ensure_loaded(self) -> None:
        if asyncio.get_running_loop().time() < self._ready_at_s:
            raise _Refused(503, "Loading model")

    async def _read(self, request: web.Request, expected: type[_Asked]) -> _Asked:
        self._ensure_loaded()
        try:
            return msgspec.json.decode(await request.read(), type=expected)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _Refused(400, f"the body is no valid request for {request.path}: {error}") from error

    async def _respond(
        self, request: web.Request, asked: Generation, form: Form, answers: Sequence[Answer]
    ) -> web.StreamResponse:
        identity = f"{form.id_prefix}-demo-{next(self._numbers)}"
        sheet = partial(Completion, id=identity, created=int(time.time()), model=self._name)
        try:
            if asked.stream:
                response = await self._respond_in_pieces(request, asked, sheet, form, answers)
            else:
                response = await self._respond_at_once(sheet, form, answers)
        except (asyncio.CancelledError, ConnectionError):
            _log.info("%s: broken off before the end", request.path)
            raise
        _log.info("%s: answered with %d words", request.path, usage_of(answers).completion_tokens)
        return response

    async def _respond_at_once(self, sheet: _Sheet, form: Form, answers: Sequence[Answer]) -> web.Response:
        usage = usage_of(answers)
        await asyncio.sleep(self._word_delay_s * usage.completion_tokens)
        choices = [form.whole(index, answer) for index, answer in enumerate(answers)]
        return _json(sheet(object=form.whole_object, choices=choices, usage=usage))

    async def _respond_in_pieces(
        self, request: web.Request, asked: Generation, sheet: _Sheet, form: Form, answers: Sequence[Answer]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=_EVENT_STREAM)
        await response.prepare(request)
        for index, answer in enumerate(answers):
            for piece in form.pieces(index, answer):
                await response.write(_event(sheet(object=form.chunk_object, choices=[piece])))
                await asyncio.sleep(self._word_delay_s)
        if asked.wants_usage_in_stream:
            last = sheet(object=form.chunk_object, choices=[], usage=usage_of(answers))
            await response.write(_event(last))
        await response.write(b"data: [DONE]\n\n")
        return response


def _embedding(index: int, text: str, encoding: EncodingFormat) -> Embedding:
    vector = embedding_of(text)
    return Embedding(index, as_base64(vector) if encoding == "base64" else vector)


@web.middleware
async def _refusals_as_envelopes(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except _Refused as refusal:
        return _envelope(refusal.status, str(refusal))
    except web.HTTPException as refusal:
        allowed = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {}
        return _envelope(refusal.status, f"{request.method} {request.path}: {refusal.reason}", allowed)


def _envelope(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    kind = "unavailable_error" if status == 503 else "invalid_request_error"
    return _json(ErrorEnvelope(ErrorObject(message, kind, status)), status, headers)


def _json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(content)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _event(chunk: Completion) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"
