"""All logs of the program and how they hang together (runtime specification, section 7.1).

::

    model's child ──▶ model log ──┬──▶ upstream ──┐
                                  └──▶ its file   ├──▶ combined ──▶ standard output
    app's own lines ──▶ proxy ────┬───────────────┘   (what logToStdout selects)
                                  └──▶ app.log
"""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import BinaryIO

from llamaswap_desktop.logs.files import APP_FILE, LogFiles, model_file_name
from llamaswap_desktop.logs.log import Log, Sink
from llamaswap_desktop.logs.outbox import Outbox
from llamaswap_desktop.types import ModelId


class LogToStdout(StrEnum):
    """What the combined log and the standard output get (``logToStdout``)."""

    PROXY = "proxy"
    UPSTREAM = "upstream"
    BOTH = "both"
    NONE = "none"


class Logs:
    """The logs of one program, for its whole life: they survive restarts of models and reloads.

    ``files`` writes them to disk as well; ``stdout`` is where the combined log goes, usually ``Stdout().write``.
    """

    def __init__(
        self,
        *,
        to_stdout: LogToStdout = LogToStdout.PROXY,
        files: LogFiles | None = None,
        stdout: Sink | None = None,
    ) -> None:
        self.proxy = Log("proxy")
        self.upstream = Log("upstream")
        self.combined = Log("combined")
        self._models: dict[ModelId, Log] = {}
        self._files = files
        if files is not None:
            self.proxy.copy_to(lambda data: files.write(APP_FILE, data))
        if to_stdout in {LogToStdout.PROXY, LogToStdout.BOTH}:
            self.proxy.copy_to(self.combined.write)
        if to_stdout in {LogToStdout.UPSTREAM, LogToStdout.BOTH}:
            self.upstream.copy_to(self.combined.write)
        if stdout is not None:
            self.combined.copy_to(stdout)

    def model(self, model: ModelId) -> Log:
        """Return the log of a model, the same one each time; its child's output is written there."""
        log = self._models.get(model)
        if log is None:
            log = self._models[model] = Log(model)
            log.copy_to(self.upstream.write)
            if (files := self._files) is not None:
                file_name = model_file_name(model)
                log.copy_to(lambda data: files.write(file_name, data))
        return log

    def named(self, name: str) -> Log | None:
        """Return the log of a fixed name (empty: combined, ``proxy``, ``upstream``), which go before any model's."""
        return {"": self.combined, "proxy": self.proxy, "upstream": self.upstream}.get(name)

    def keep_only(self, models: Iterable[ModelId]) -> None:
        """Forget the logs of models that the configuration no longer has; their readers come to an end."""
        for model in self._models.keys() - set(models):
            self._models.pop(model).close()

    def close(self) -> None:
        """End all readers; what is written after this is still kept."""
        for log in (*self._models.values(), self.upstream, self.proxy, self.combined):
            log.close()


class Stdout:
    """The real standard output, as a sink that never blocks: a terminal may stand still, a pipe may be full."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        if stream is None and sys.stdout is not None:  # a windowed program on Windows has none
            stream = sys.stdout.buffer
        self._stream = stream
        self._outbox = Outbox("standard output", self._deliver)

    def write(self, data: bytes) -> None:
        """Have ``data`` written soon."""
        if self._stream is not None:
            self._outbox.put("", data)

    def close(self, timeout_s: float = 1.0) -> bool:
        """Write what is left; return whether that was done in time."""
        return self._outbox.close(timeout_s)

    def _deliver(self, _name: str, data: bytes) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError:  # nobody reads any more, and nobody will
            self._stream = None
