"""The settings on disk.  What we do not know stays in the file; what cannot be read is set aside, never overwritten."""

import contextlib
import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from llamaswap_desktop.settings.schema import Settings, SettingsRefused, changed, parse_settings, to_builtins

_log = logging.getLogger("llamaswap_desktop.settings")

_HEAD = "# Settings of llama-swap Desktop.  Written by the program; comments are not kept.\n"


class SettingsFile:
    """The settings that hold now, and their file; one thread owns it.

    ``problem`` says what is wrong with the file, empty if nothing is: then the defaults hold for what is broken, and
    the first change keeps the broken file beside the new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._watchers: list[Callable[[Settings], None]] = []
        self._unknown: Mapping[str, Any]
        self.now = self._read()

    def watch(self, watcher: Callable[[Settings], None]) -> Callable[[], None]:
        """Have ``watcher`` told of every change; the result ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def change(self, keys: Mapping[str, Any]) -> Settings:
        """Set ``keys``, named as in the file, and write them.  Whoever begins to share without a key gets one.

        Raises ``SettingsRefused`` for an unknown key or a bad value, ``OSError`` if the file cannot be written; either
        way nothing has changed.
        """
        if keys.get("shareOnLan") is True and not keys.get("apiKey", self.now.api_key):
            keys = {**keys, "apiKey": f"sk-{secrets.token_urlsafe(24)}"}
        settings = changed(self.now, keys)
        if settings != self.now or self.problem:
            self._write(settings)
            self.now, self.problem = settings, ""
            for watcher in tuple(self._watchers):
                watcher(settings)
        return self.now

    def read_again(self) -> None:
        """Let the file hold as it is now: somebody may have edited it.  What cannot be used changes nothing."""
        before, was_problem, unknown = self.now, self.problem, self._unknown
        self.problem = ""
        settings = self._read()
        if self.problem:
            self._unknown = unknown
            settings = before
        self.now = settings
        if settings != before or self.problem != was_problem:
            for watcher in tuple(self._watchers):
                watcher(settings)

    def save(self) -> None:
        """Write the settings as they are, so that there is a file to edit.  Raises ``OSError``."""
        self._write(self.now)

    def _read(self) -> Settings:
        self._unknown = {}
        try:
            keys = yaml.load(self.path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        except FileNotFoundError:
            return Settings()
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            return self._defaults(str(error))
        if keys is None:
            return Settings()
        if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys):
            return self._defaults("it is not a mapping of keys to values")
        known = to_builtins(Settings())
        self._unknown = {key: value for key, value in keys.items() if key not in known}
        try:
            return parse_settings(keys)
        except SettingsRefused as error:
            return self._without_what_is_refused(keys, error)

    def _without_what_is_refused(self, keys: Mapping[str, Any], error: SettingsRefused) -> Settings:
        """Keep what can be used, key by key: one bad value must not cost the others."""
        settings = self._defaults(str(error))
        for key, value in keys.items():
            if key not in self._unknown:
                with contextlib.suppress(SettingsRefused):
                    settings = changed(settings, {key: value})
        return settings

    def _defaults(self, problem: str) -> Settings:
        self.problem = f"{self.path}: {' '.join(problem.split())}"
        _log.warning("%s; defaults hold for what cannot be read", self.problem)
        return Settings()

    def _write(self, settings: Settings) -> None:
        text = _HEAD + yaml.safe_dump(
            {**to_builtins(settings), **self._unknown}, sort_keys=False, allow_unicode=True, width=120
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.problem and self.path.exists():
            self.path.replace(self.path.with_suffix(".broken.yaml"))
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".settings-")  # for its owner alone: it has a key
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
