"""The plain keys at the top of a configuration: checked and settled (specification, sections 6 and 13)."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec.structs import replace

from llamaswap_desktop.config import ignored_paths, nodes
from llamaswap_desktop.config.names import Names
from llamaswap_desktop.config.own_keys import key_problem
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.schema import Config, Hooks, OnStartup, UpstreamRules

LOG_LEVELS = ("debug", "info", "warn", "error")
LOG_OUTPUTS = ("proxy", "upstream", "both", "none")
TIME_FORMATS = (
    *("ansic", "unixdate", "rubydate", "rfc822", "rfc822z", "rfc850", "rfc1123", "rfc1123z", "rfc3339", "rfc3339nano"),
    *("kitchen", "stamp", "stampmilli", "stampmicro", "stampnano"),
)

_SHORTEST_INTERVAL_S = 5.0
_SHORTEST_HEALTH_CHECK_S = 15

StoreCheck = Callable[[str], str]
"""Says what makes a path useless for the activity database; empty if nothing does."""


class TopChecks:
    """Checks and settles what belongs to no model, group or peer."""

    def __init__(self, config: Config, report: Report) -> None:
        self._config = config
        self._report = report

    def check_ignored_paths(self) -> None:
        """Report expressions that are no RE2."""
        paths = self._config.upstream.ignore_paths
        if paths == UpstreamRules().ignore_paths:
            return  # ours is one, as a test knows
        for index, reason in ignored_paths.problems(paths).items():
            message = f"{self._report.quote(paths[index])} is no regular expression of the RE2 kind: {reason}"
            self._report.error(("upstream", "ignorePaths", index), message)

    def run(self, check_store: StoreCheck) -> None:
        """Report what is wrong with the numbers, the store and the log output."""
        config = self._config
        every_s = config.performance.every_s
        if every_s != 0 and every_s < _SHORTEST_INTERVAL_S:
            message = f"'every' is {every_s:g} s, and the shortest interval is 5s: write 5s or more"
            self._report.error(("performance", "every"), message)
        self._at_least(1, ("startPort",), config.start_port)
        self._at_least(0, ("globalTTL",), config.global_ttl_s)
        self._at_least(0, ("unloadTimeout",), config.unload_timeout_s)
        if config.store is not None and (problem := check_store(config.store.path)):
            message = f"store.path {self._report.quote(config.store.path)} {problem}"
            self._report.error(("store", "path"), message)
        if config.log_to_stdout not in LOG_OUTPUTS:
            message = f"logToStdout is {self._report.quote(config.log_to_stdout)}: use proxy, upstream, both or none"
            self._report.error(("logToStdout",), message)

    def _at_least(self, smallest: int, path: nodes.Path, value: int) -> None:
        if value < smallest:
            self._report.error(path, f"{path[-1]} is {value}: use {smallest} or more")

    def check_api_keys(self) -> None:
        """Report empty keys and keys with a space, by their index and never with the key."""
        for index, key in enumerate(self._config.api_keys):
            if problem := key_problem(key):
                self._report.error(("apiKeys", index), f"the key with index {index} {problem}")

    def settle(self) -> Config:
        """Return the configuration with effective values at the top."""
        config = self._config
        level = config.log_level.strip().lower()
        time_format = config.log_time_format.strip().lower()
        activity = replace(config.ui.activity, session_id=_distinct_headers(config.ui.activity.session_id))
        return replace(
            config,
            health_check_timeout_s=max(config.health_check_timeout_s, _SHORTEST_HEALTH_CHECK_S),
            unload_timeout_s=config.unload_timeout_s or Config().unload_timeout_s,
            log_level=level if level in LOG_LEVELS else Config().log_level,
            log_time_format=time_format if time_format in TIME_FORMATS else "",
            metrics_max_in_memory=config.metrics_max_in_memory
            if config.metrics_max_in_memory > 0
            else Config().metrics_max_in_memory,
            capture_buffer_mb=max(config.capture_buffer_mb, 0),
            performance=replace(config.performance, every_s=config.performance.every_s or _SHORTEST_INTERVAL_S),
            ui=replace(config.ui, activity=activity),
            upstream=config.upstream if config.upstream.ignore_paths else UpstreamRules(),
        )

    def preload(self, names: Names) -> Hooks:
        """Return the hooks with real ids; what is no model is dropped, with a warning."""
        models = []
        for index, name in enumerate(self._config.hooks.on_startup.preload):
            model = names.resolve_local(name.strip())
            if model is not None:
                models.append(model)
            elif name.strip():
                message = f"{self._report.quote(name)} is no model of this machine, and is not preloaded"
                self._report.warn(("hooks", "on_startup", "preload", index), message)
        return Hooks(on_startup=OnStartup(preload=tuple(models)))


def _distinct_headers(names: Iterable[str]) -> tuple[str, ...]:
    """Trim header names, and drop the empty ones and repeats in any case."""
    first_spelling: dict[str, str] = {}
    for name in names:
        if trimmed := name.strip():
            first_spelling.setdefault(trimmed.lower(), trimmed)
    return tuple(first_spelling.values())


def store_problem(path: str) -> str:
    """Say what makes ``path`` useless for the activity database; the only look at the disk beside the sources.

    Writing is tried, for on Windows attributes tell nothing; nothing is left behind.
    """
    if not path.strip():
        return "is blank: give the path of a file, or remove 'store'"
    file = Path(path)
    if file.is_dir():
        return "is a directory: give the path of a file in it"
    is_new = not file.exists()
    if is_new and not file.parent.is_dir():
        return f"lies in a directory that does not exist: create {file.parent}"
    try:
        with tempfile.TemporaryFile(dir=file.parent) if is_new else file.open("ab"):
            pass
    except OSError as error:
        return f"cannot be written: {error.strerror or error}"
    return ""
