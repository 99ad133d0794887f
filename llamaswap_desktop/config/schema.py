"""What loading a configuration yields: frozen values, each field under its YAML key's name and with its default.

The only place that knows how a YAML key (``healthCheckTimeout``) and a field (``health_check_timeout_s``) belong
together.  Every value here is *effective*: defaults are filled in, macros are expanded (but ``${PID}``), global
values have been handed down to each model, and routing stands in the new style only.
Source: configuration specification, sections 6 to 11, 13, 19 and 20.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, NewType

from msgspec import Struct, field

from llamaswap_desktop.config.matrix import Matrix
from llamaswap_desktop.config.names import Names, PeerModel
from llamaswap_desktop.errors import Problem
from llamaswap_desktop.types import GroupId, ModelId

PeerId = NewType("PeerId", str)
SelectorId = NewType("SelectorId", str)
ProfileId = NewType("ProfileId", str)


class Timeouts(Struct, frozen=True, kw_only=True):
    """How long a forwarding connection may take for each step, in seconds; 0 is no limit (section 7.8)."""

    connect_s: int = field(name="connect", default=30)
    keepalive_s: int = field(name="keepalive", default=30)
    response_header_s: int = field(name="responseHeader", default=0)
    tls_handshake_s: int = field(name="tlsHandshake", default=10)
    expect_continue_s: int = field(name="expectContinue", default=1)
    idle_conn_s: int = field(name="idleConn", default=90)


class Filters(Struct, frozen=True, kw_only=True):
    """What is changed in the JSON body of a request (section 7.6); ``filters.clean`` gives the form for use."""

    strip_params: str = field(name="stripParams", default="")
    set_params: Mapping[str, Any] = field(name="setParams", default_factory=dict)
    set_params_by_id: Mapping[str, Mapping[str, Any]] = field(name="setParamsByID", default_factory=dict)


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a model takes and gives (section 7.7); false in a boolean context when nothing is configured."""

    inputs: tuple[str, ...] = field(name="in", default=())
    outputs: tuple[str, ...] = field(name="out", default=())
    tools: bool = False
    reranker: bool = False
    context: int = 0

    def __bool__(self) -> bool:
        return bool(self.inputs or self.outputs or self.tools or self.reranker or self.context)


class Compat(Struct, frozen=True, kw_only=True):
    """Concessions to particular model servers."""

    ignore_websockets: bool = field(name="ignoreWebsockets", default=False)


class Footprint(Struct, frozen=True, kw_only=True):
    """Declared memory of a model in MiB; what is None is learnt (section 20)."""

    vram_mib: int | None = field(name="vram", default=None)
    ram_mib: int | None = field(name="ram", default=None)


class Model(Struct, frozen=True, kw_only=True):
    """A local model (section 7.1).  ``id`` is its key under ``models``; ``port`` is what ``${PORT}`` became."""

    id: ModelId
    port: int | None = None
    cmd: str = ""
    cmd_stop: str = field(name="cmdStop", default="")
    proxy: str = ""
    aliases: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    check_endpoint: str = field(name="checkEndpoint", default="/health")
    ttl_s: int = field(name="ttl", default=0)
    unload_timeout_s: int = field(name="unloadTimeout", default=10)
    unlisted: bool = False
    use_model_name: str = field(name="useModelName", default="")
    name: str = ""
    description: str = ""
    concurrency_limit: int = field(name="concurrencyLimit", default=10)
    filters: Filters = Filters()
    macros: Mapping[str, Any] = {}
    metadata: Mapping[str, Any] = {}
    send_loading_state: bool = field(name="sendLoadingState", default=False)
    timeouts: Timeouts = Timeouts()
    compat: Compat = Compat()
    capabilities: Capabilities = Capabilities()
    health_check_timeout_s: int = field(name="healthCheckTimeout", default=120)
    evict_timeout_s: int = field(name="evictTimeout", default=120)
    load_timeout_s: int = field(name="loadTimeout", default=120)
    load_stall_timeout_s: int = field(name="loadStallTimeout", default=0)
    queue_timeout_s: int = field(name="queueTimeout", default=0)
    pinned: bool = False
    memory: Footprint = Footprint()

    @property
    def has_check(self) -> bool:
        """Whether its health can be asked for; with ``checkEndpoint: none`` it cannot."""
        return self.check_endpoint.strip() != "none"


class Group(Struct, frozen=True, kw_only=True):
    """Models that are loaded and unloaded by common rules (section 8.2)."""

    id: GroupId
    members: tuple[ModelId, ...] = ()
    swap: bool = True
    exclusive: bool = True
    persistent: bool = False


class MemorySettings(Struct, frozen=True, kw_only=True):
    """What the ``memory`` engine may use: MiB, by device (``gpu0``, ``ram``) where bounded (section 20)."""

    reserve_mib: int = field(name="reserve", default=512)
    budgets_mib: Mapping[str, int] = field(name="budgets", default_factory=dict)
    release_wait_s: int = field(name="releaseWait", default=10)


class RouterSettings(Struct, frozen=True, kw_only=True):
    """The settings of the engine in use; ``groups`` are every group with this engine, ``(default)`` included."""

    groups: Mapping[GroupId, Group] = {}
    matrix: Matrix | None = None
    memory: MemorySettings = MemorySettings()


class Router(Struct, frozen=True, kw_only=True):
    """Which engine decides who must leave: ``group``, ``matrix``, ``memory``, or ``package.module:Name``."""

    use: str = "group"
    settings: RouterSettings = RouterSettings()


class Fifo(Struct, frozen=True, kw_only=True):
    """The order of the queue (sections 8.4 and 20).  ``priority`` is by model id; what is absent is 0."""

    priority: Mapping[str, int] = {}
    max_wait_s: int = field(name="maxWait", default=60)
    aging_step_s: int = field(name="agingStep", default=30)
    max_queued: int = field(name="maxQueued", default=0)


class SchedulerSettings(Struct, frozen=True, kw_only=True):
    """Settings by scheduler."""

    fifo: Fifo = Fifo()


class SchedulerChoice(Struct, frozen=True, kw_only=True):
    """Which scheduler orders the queue; there is only ``fifo``."""

    use: str = "fifo"
    settings: SchedulerSettings = SchedulerSettings()


class Routing(Struct, frozen=True, kw_only=True):
    """How it is decided who is served, who waits and who must leave (section 8)."""

    router: Router = Router()
    scheduler: SchedulerChoice = SchedulerChoice()


class Peer(Struct, frozen=True, kw_only=True):
    """Another server that offers models (section 9)."""

    id: PeerId
    proxy: str = ""
    models: tuple[str, ...] = ()
    api_key: str = field(name="apiKey", default="")
    filters: Filters = Filters()
    timeouts: Timeouts = Timeouts(response_header_s=60)


class Strategy(StrEnum):
    """How a selector picks its target."""

    PIN = "pin"
    WARM = "warm"
    SPILLOVER = "spillover"


class SelectorSettings(Struct, frozen=True, kw_only=True):
    """Settings by strategy."""

    spillover: int = 1


class Selector(Struct, frozen=True, kw_only=True):
    """A virtual model that picks a target per request (section 10)."""

    id: SelectorId
    strategy: Strategy
    targets: tuple[str, ...]
    settings: SelectorSettings = SelectorSettings()
    name: str = ""
    description: str = ""
    unlisted: bool = False
    metadata: Mapping[str, Any] = {}


class Profile(Struct, frozen=True, kw_only=True):
    """A named set of pins, requested name to target; an empty target switches the name off (section 11)."""

    id: ProfileId
    pins: Mapping[str, str]
    description: str = ""


class Store(Struct, frozen=True, kw_only=True):
    """Where the activity database lies."""

    path: str


class Performance(Struct, frozen=True, kw_only=True):
    """Sampling of CPU, memory and GPUs."""

    disabled: bool = False
    every_s: float = field(name="every", default=5.0)


class ActivityUi(Struct, frozen=True, kw_only=True):
    """What the activity page of the web UI shows."""

    session_id: tuple[str, ...] = ("X-Session-ID", "X-Litellm-Session-Id")


class Ui(Struct, frozen=True, kw_only=True):
    """The web UI."""

    activity: ActivityUi = ActivityUi()


class UpstreamRules(Struct, frozen=True, kw_only=True):
    """Requests below ``/upstream/<model>``; ``ignorePaths`` are RE2 (section 13.7)."""

    ignore_paths: tuple[str, ...] = field(name="ignorePaths", default=(r".*\.(js|json|css|png|gif|jpg|jpeg|ico|txt)$",))


class OnStartup(Struct, frozen=True, kw_only=True):
    """What happens after a start; ``preload`` holds real ids only."""

    preload: tuple[ModelId, ...] = ()


class Hooks(Struct, frozen=True, kw_only=True):
    """What happens by itself."""

    on_startup: OnStartup = OnStartup()


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds on what clients may do (HTTP specification, section 1.3); 0 is no limit but for ``header``."""

    header_bytes: int = field(name="header", default=1048576)
    body_bytes: int = field(name="body", default=0)
    head_time_s: int = field(name="headTime", default=0)
    connections: int = 0


class Retry(Struct, frozen=True, kw_only=True):
    """The back-off after failed starts (runtime specification, section 14.10)."""

    failures: int = 3
    max_pause_s: int = field(name="maxPause", default=60)


class WakeOnLan(Struct, frozen=True, kw_only=True):
    """How a sleeping peer is woken."""

    mac: str
    broadcast: str = "255.255.255.255"
    wait_s: int = field(name="wait", default=60)


class Desktop(Struct, frozen=True, kw_only=True):
    """What llama-swap has no place for (section 20).

    ``visibleFailures`` and ``reloadAsDiff`` switched off are what llama-swap does (``docs/deviations.md``); ``*`` among
    the allowed hosts or origins is any of them.
    """

    visible_failures: bool = field(name="visibleFailures", default=True)
    reload_as_diff: bool = field(name="reloadAsDiff", default=True)
    keep_alive_after_s: int = field(name="keepAliveAfter", default=20)
    allowed_hosts: tuple[str, ...] = field(name="allowedHosts", default=())
    allowed_origins: tuple[str, ...] = field(name="allowedOrigins", default=())
    admin_keys: tuple[str, ...] = field(name="adminKeys", default=())
    limits: Limits = Limits()
    retry: Retry = Retry()
    wake_on_lan: Mapping[PeerId, WakeOnLan] = field(name="wakeOnLan", default_factory=dict)


class Config(Struct, frozen=True, kw_only=True, dict=True):
    """Everything a configuration says (section 6), and the warnings met on the way."""

    models: Mapping[ModelId, Model] = {}
    macros: Mapping[str, Any] = {}
    health_check_timeout_s: int = field(name="healthCheckTimeout", default=120)
    start_port: int = field(name="startPort", default=5800)
    global_ttl_s: int = field(name="globalTTL", default=0)
    unload_timeout_s: int = field(name="unloadTimeout", default=10)
    evict_timeout_s: int = field(name="evictTimeout", default=0)
    log_level: str = field(name="logLevel", default="info")
    log_time_format: str = field(name="logTimeFormat", default="")
    log_to_stdout: str = field(name="logToStdout", default="proxy")
    log_requests: bool = field(name="logRequests", default=False)
    metrics_max_in_memory: int = field(name="metricsMaxInMemory", default=1000)
    capture_buffer_mb: int = field(name="captureBuffer", default=5)
    send_loading_state: bool = field(name="sendLoadingState", default=False)
    include_aliases_in_list: bool = field(name="includeAliasesInList", default=False)
    api_keys: tuple[str, ...] = field(name="apiKeys", default=())
    store: Store | None = None
    performance: Performance = Performance()
    ui: Ui = Ui()
    upstream: UpstreamRules = UpstreamRules()
    hooks: Hooks = Hooks()
    routing: Routing = Routing()
    peers: Mapping[PeerId, Peer] = {}
    selectors: Mapping[SelectorId, Selector] = {}
    profiles: Mapping[ProfileId, Profile] = {}
    desktop: Desktop = Desktop()
    warnings: tuple[Problem, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """Every group of the engine in use."""
        return tuple(self.routing.router.settings.groups.values())

    @cached_property
    def _names(self) -> Names:
        return Names(self.models, self.peers)

    def resolve(self, name: str) -> ModelId | PeerModel | None:
        """Return what ``name`` stands for, profiles and selectors left aside (section 12)."""
        return self._names.resolve(name)

    def resolve_local(self, name: str) -> ModelId | None:
        """Return the local model that ``name`` (an id or an alias) stands for."""
        return self._names.resolve_local(name)
