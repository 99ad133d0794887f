"""Everything that can go wrong on purpose, one branch per *who must act*.

::

    LlamaSwapError
    ├── ConfigError          edit the configuration file (carries every problem found)
    ├── ListenFailed         choose another address, or free this one
    ├── RequestRefused       change the request
    │   ├── Malformed          no valid HTTP/1.x, or more of it than is taken
    │   ├── Unauthorized
    │   ├── Forbidden
    │   ├── ProfileNotFound
    │   ├── GroupNotFound
    │   ├── ModelNotGiven
    │   ├── ModelNotFound
    │   ├── ModelNotLoaded     load the model first
    │   ├── BodyUnreadable
    │   └── RequestCancelled
    ├── FilterFailed         edit the filter in the configuration
    ├── ConcurrencyLimit     wait a moment
    ├── QueueFull            wait a moment (``maxQueued``)
    ├── WaitedTooLong        wait a moment (``queueTimeout``)
    ├── StartFailed          read the model's log (carries its exit and last line)
    │   └── StartsPaused       the same, and wait until the next try
    ├── ModelUnloaded        ask again
    ├── ModelRemoved         ask for another model: the configuration has it no more
    ├── ModelsPaused         resume, or wait until the pause is over
    ├── NoSpilloverTarget    wait until a target of the selector has stopped
    ├── ProcessStuck         end the process that will not die
    ├── ShuttingDown         ask again later
    ├── NotReady             ask again
    └── UpstreamFailed       the model server misbehaved
        └── PeerFailed         so did the peer

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


class BodyTooLarge(Malformed):
    """The body exceeds ``desktop.limits.body``, and the connection ends; or what its route takes, and it may go on."""

    status = 413


class HeadTooSlow(Malformed):
    """The head took longer to arrive than ``desktop.limits.headTime``."""

    status = 408


class TooManyConnections(Malformed):
    """As many connections are open as may be (``desktop.limits.connections``)."""

    status = 503
    retry_after_s = 1


class ProfileNotFound(RequestRefused):
    """There is no such profile."""

    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f'profile "{name}" not found')


class GroupNotFound(RequestRefused):
    """There is no such group."""

    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f'group "{name}" not found')


class Unauthorized(RequestRefused):
    """API keys are configured and the request carries none of them."""

    status = 401

    def __init__(self) -> None:
        super().__init__("unauthorized: invalid or missing API key")


class Forbidden(RequestRefused):
    """The page or the key behind the request may not do this (HTTP specification, sections 3.1 and 31)."""

    status = 403


class ModelNotGiven(RequestRefused):
    """The request names no model."""

    status = 404

    def __init__(self) -> None:
        super().__init__("no model id could be identified")


class ModelNotFound(RequestRefused):
    """The request names a model that the configuration does not have."""

    status = 404


class ModelNotLoaded(RequestRefused):
    """The model is not ready, and a request of this kind does not start it."""

    status = 409


class BodyUnreadable(RequestRefused):
    """The body cannot be read as what it says it is."""


class RequestCancelled(RequestRefused):
    """Somebody has cancelled the request by its id."""

    status = 499

    def __init__(self) -> None:
        super().__init__("request cancelled")


class FilterFailed(LlamaSwapError):
    """A key of the model's ``filters`` cannot be applied to the body."""


class ConcurrencyLimit(LlamaSwapError):
    """The model has as many requests as it may have (``concurrencyLimit``)."""

    status = 429
    code = "concurrency_limit"
    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__("Too many requests")


class QueueFull(LlamaSwapError):
    """As many requests are queued as may be, over all models (``maxQueued``)."""

    status = 503

    def __init__(self, model: str, queued: int, retry_after_s: int) -> None:
        super().__init__(f"too many requests are waiting: {queued} are queued before this one for {model}")
        self.retry_after_s = retry_after_s


class WaitedTooLong(LlamaSwapError):
    """The request was queued for as long as its model allows (``queueTimeout``); ``why`` names what it waited for."""

    status = 503

    def __init__(self, model: str, waited_s: float, why: str, retry_after_s: int) -> None:
        super().__init__(f"waited too long: {waited_s:.0f} s for {model}: {why}")
        self.retry_after_s = retry_after_s


class StartFailed(LlamaSwapError):
    """The model did not become ready; the text names the model, the exit and its last log line."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"unspecific error: {detail}")


class StartsPaused(StartFailed):
    """The model failed to start several times in a row; nobody tries again until the pause is over.

    The text is that of the last failure.
    """

    status = 503

    def __init__(self, last: LlamaSwapError, retry_after_s: int) -> None:
        super().__init__(str(last).removeprefix("unspecific error: "))
        self.retry_after_s = retry_after_s


class ModelUnloaded(LlamaSwapError):
    """Somebody unloaded the model while the request waited for it; ``router`` is the planner in use."""

    def __init__(self, router: str = "group") -> None:
        super().__init__(f"unspecific error: {router}: model unloaded")


class ModelRemoved(LlamaSwapError):
    """The configuration was changed while the request waited, and its model is gone from it."""

    def __init__(self, model: str, router: str = "group") -> None:
        super().__init__(
            f"unspecific error: {router} is shutting down: {model} has been removed from the configuration"
        )


class ModelsPaused(LlamaSwapError):
    """Somebody has paused all models; ``retry_after_s`` is what is left of the pause, if it ends by itself."""

    status = 503

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("models are paused: resume them from the tray, the web UI or the command line")
        self.retry_after_s = retry_after_s


class NoSpilloverTarget(LlamaSwapError):
    """Every target of the selector is on its way out."""

    status = 503
    retry_after_s = 1

    def __init__(self, selector: str) -> None:
        super().__init__(f'selector "{selector}" has no available spillover targets')


class ProcessStuck(LlamaSwapError):
    """A process outlived even its forced end and still holds the room that ``model`` needs."""

    status = 503
    retry_after_s = 60

    def __init__(self, stuck: str, model: str) -> None:
        super().__init__(
            f"[{stuck}] process is stuck: it survived a forced stop, so {model} cannot be loaded; "
            "end it with the system's own tools"
        )


class ShuttingDown(LlamaSwapError):
    """The program is about to end and takes nothing new; ``router`` is the planner in use."""

    def __init__(self, router: str = "group") -> None:
        super().__init__(f"unspecific error: {router} is shutting down")


class NotReady(LlamaSwapError):
    """The request was granted, but its process had gone by the time it was to be forwarded."""

    status = 503

    def __init__(self, model: str) -> None:
        super().__init__(f"[{model}] process is not ready")


class UpstreamFailed(LlamaSwapError):
    """The model server could not be reached, or broke off."""

    status = 502
    prefix: ClassVar[str] = "upstream error: "

    def __init__(self, detail: str) -> None:
        super().__init__(f"{self.prefix}{detail}")

    @property
    def detail(self) -> str:
        """What went wrong, without the fixed beginning."""
        return str(self).removeprefix(self.prefix)


class PeerFailed(UpstreamFailed):
    """The peer could not be reached, or broke off."""

    prefix = "peer proxy error: "
