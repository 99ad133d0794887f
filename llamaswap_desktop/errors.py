"""Everything that can go wrong on purpose, one branch per *who must act*.

::

    LlamaSwapError
    ├── ConfigError          edit the configuration file (carries every problem found)
    ├── ListenFailed         choose another address, or free this one
    ├── RequestRefused       change the request
    │   ├── Malformed          no valid HTTP/1.x
    │   ├── Unauthorized
    │   ├── ModelNotGiven
    │   └── ModelNotFound
    ├── ConcurrencyLimit     wait a moment
    ├── StartFailed          read the model's log (carries its exit and last line)
    ├── ModelUnloaded        ask again
    ├── ShuttingDown         ask again later
    ├── NotReady             ask again
    └── UpstreamFailed       the model server misbehaved

Each class knows its HTTP status; ``http1/faults.py`` alone turns one into a body.
The fixed beginnings of the messages are those of the HTTP specification, section 5.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class LlamaSwapError(Exception):
    """Root of all expected failures; the text is written for the user."""

    status: ClassVar[int] = 500
    code: ClassVar[str | None] = None
    """Overrides the code that the status stands for in the error envelope."""

    retry_after_s: int | None = None
    """Seconds after which asking again may help, if that is known."""


class Severity(StrEnum):
    """Whether a problem stops the configuration from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about a configuration.

    ``path`` is the dotted key (``models.qwen.ttl``) or empty; ``line`` and ``column`` count from 1, 0 means
    unknown; ``message`` holds the value, what was expected, and the next step.  Never a secret.
    """

    severity: Severity
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return ": ".join(part for part in (place, self.path, self.message) if part)


class ConfigError(LlamaSwapError):
    """The configuration cannot be used; holds at least one problem, the most important first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class ListenFailed(LlamaSwapError):
    """The address to serve on cannot be had."""


class RequestRefused(LlamaSwapError):
    """The request cannot be served as it stands."""

    status = 400


class Malformed(RequestRefused):
    """No valid HTTP/1.x (HTTP specification, section 1.2); the connection is closed after the answer."""


class HeadTooLarge(Malformed):
    """Request line and headers together exceed the limit."""

    status = 431


class Unauthorized(RequestRefused):
    """API keys are configured and the request carries none of them."""

    status = 401

    def __init__(self) -> None:
        super().__init__("unauthorized: invalid or missing API key")


class ModelNotGiven(RequestRefused):
    """The request names no model."""

    status = 404

    def __init__(self) -> None:
        super().__init__("no model id could be identified")


class ModelNotFound(RequestRefused):
    """The request names a model that the configuration does not have."""

    status = 404


class ConcurrencyLimit(LlamaSwapError):
    """The model has as many requests as it may have (``concurrencyLimit``)."""

    status = 429
    code = "concurrency_limit"
    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__("Too many requests")


class StartFailed(LlamaSwapError):
    """The model did not become ready; the text names the model, the exit and its last log line."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"unspecific error: {detail}")


class ModelUnloaded(LlamaSwapError):
    """Somebody unloaded the model while the request waited for it."""

    def __init__(self) -> None:
        super().__init__("unspecific error: group: model unloaded")


class ShuttingDown(LlamaSwapError):
    """The program is about to end and takes nothing new."""

    def __init__(self) -> None:
        super().__init__("unspecific error: group is shutting down")


class NotReady(LlamaSwapError):
    """The request was granted, but its process had gone by the time it was to be forwarded."""

    status = 503

    def __init__(self, model: str) -> None:
        super().__init__(f"[{model}] process is not ready")


class UpstreamFailed(LlamaSwapError):
    """The model server could not be reached, or broke off."""

    status = 502

    def __init__(self, detail: str) -> None:
        super().__init__(f"upstream error: {detail}")
