"""The values of this room: what a request leaves behind, and what is shown of it.

The names of the fields that reach a client are those of the HTTP specification, so that encoding one of these values
as JSON gives exactly the documented object (sections 20 to 22).
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from llamaswap_desktop.activity.tap import Tap

Headers = Sequence[tuple[bytes, bytes]]
"""Name and value as they were sent, in order, repeats kept."""


class Tokens(Struct, frozen=True):
    """The token figures of one answer (section 21); -1 is "not told", and all are 0 where no figures were found."""

    cache_tokens: int = 0
    draft_tokens: int = 0
    draft_acc_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    prompt_per_second: float = 0.0
    tokens_per_second: float = 0.0


class Figures(Struct, frozen=True):
    """What an answer says about itself; ``model_ms`` is the time the model claims to have worked."""

    tokens: Tokens = Tokens()
    model_ms: float = 0.0


class Finished(Struct, frozen=True):
    """A request that is over, as it is handed from the event loop to the writer.

    ``path`` is the one forwarded.  ``status`` and ``response_headers`` are what was sent to the client,
    ``response`` the body.  ``request_body`` is None where no capture may show it.  ``ended_at`` is wall time.
    ``error`` is the reason of a failure where the proxy knows one, else empty.
    """

    model: str
    path: str
    request_headers: Headers
    request_body: bytes | None
    status: int
    response_headers: Headers
    response: Tap
    ended_at: float
    duration_s: float
    metadata: Mapping[str, str]
    error: str


class Batch(Struct, frozen=True):
    """What is remembered in one go: ``passed_over`` requests that leave but a gap in the ids, then the ``finished``."""

    finished: Sequence[Finished]
    size_bytes: int = 0
    passed_over: int = 0


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line of the activity log (section 20.1)."""

    id: int
    timestamp: str
    model: str
    req_path: str
    resp_content_type: str
    resp_status_code: int
    tokens: Tokens
    duration_ms: int
    has_capture: bool
    error_msg: str = ""
    metadata: Mapping[str, str] = {}


class Page(Struct, frozen=True):
    """A stretch of the activity log; ``total`` counts everything that the filters let through."""

    data: tuple[Entry, ...]
    page: int
    limit: int
    total: int
    total_pages: int


class Histogram(Struct, frozen=True):
    """How a speed is distributed (section 20.2)."""

    bins: tuple[int, ...]
    min: float
    max: float
    bin_size: float = field(name="binSize")
    p50: float
    p95: float
    p99: float


class Stats(Struct, frozen=True):
    """Totals of the log; a histogram is None while no entry has a speed."""

    total_requests: int
    total_input_tokens: int
    total_output_tokens: int
    total_cache_tokens: int
    prompt_histogram: Histogram | None
    gen_histogram: Histogram | None


class Capture(Struct, frozen=True):
    """One request and its answer in full (section 22).  A body that is not kept is None, an empty one is empty."""

    id: int
    req_path: str
    req_headers: Mapping[str, str]
    req_body: bytes | None
    resp_headers: Mapping[str, str]
    resp_body: bytes | None


class Settings(Struct, frozen=True):
    """The keys of the configuration that this room obeys, under their names there.

    An empty ``store_path`` keeps the log in memory.
    """

    store_path: str = ""
    metrics_max_in_memory: int = 1000
    capture_buffer_mb: int = 5

    @property
    def kept_in_memory(self) -> int:
        """How many of the newest entries are kept where there is no file."""
        return self.metrics_max_in_memory if self.metrics_max_in_memory > 0 else 1000

    @property
    def capture_budget_bytes(self) -> int:
        """What all captures together may take; 0 switches them off."""
        return max(0, self.capture_buffer_mb) * 1024 * 1024
