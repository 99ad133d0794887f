"""Saves the user's configuration carefully: nothing invalid, nothing half, nothing lost.

Whoever edits sees plain line ends; the file keeps its own, as Windows' editors write them.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from llamaswap_desktop.config.sources import decode
from llamaswap_desktop.errors import RequestRefused

_KEPT = 20
_STAMP = "%Y%m%dT%H%M%S.%fZ"


class StaleText(RequestRefused):
    """The file has changed since the text was read that has been edited."""

    status = 409


class NoSuchBackup(RequestRefused):
    """There is no earlier version of that name."""

    status = 404


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands in the file; ``hash`` names this very text, and ``line_end`` is how the file writes the ends."""

    text: str
    hash: str
    line_end: str


@dataclass(frozen=True, slots=True)
class Backup:
    """An earlier version."""

    id: str
    saved_at: datetime
    size_bytes: int


Validate = Callable[[str], object]
"""Raises ``ConfigError`` for a text that must not be saved."""


def _now() -> datetime:
    return datetime.now(UTC)


class ConfigFile:
    """A configuration file and its earlier versions, which lie in a directory of their own."""

    def __init__(self, path: Path, backups: Path, *, now: Callable[[], datetime] = _now) -> None:
        self._path = path
        self._backups = backups
        self._now = now

    def read(self) -> Saved:
        """Return what stands in the file; raises ``OSError`` and ``UnicodeDecodeError``."""
        raw = decode(self._path.read_bytes())
        text = _plain(raw)
        return Saved(text, _hash(text), "\r\n" if raw.partition("\n")[0].endswith("\r") else "\n")

    def save(self, text: str, *, edited_hash: str, validate: Validate) -> str:
        """Put ``text`` in the place of what ``edited_hash`` names; return the id of the backup.

        Nothing is written unless ``validate`` accepts the text and the file still is what was edited
        (``StaleText``).  The file is replaced in one step, so that no reader ever sees half of it.
        """
        before = self.read()
        if before.hash != edited_hash:
            raise StaleText("the configuration has been changed by somebody else: load it again, then repeat the edit")
        validate(text)
        backup = self._keep(before)
        _replace(self._path, text if "\r\n" in text else text.replace("\n", before.line_end))
        return backup

    def backups(self) -> tuple[Backup, ...]:
        """Return the earlier versions, the newest first."""
        found = [(path, _saved_at(path.stem)) for path in self._backups.glob("*.yaml")]
        listed = [Backup(path.stem, at, path.stat().st_size) for path, at in found if at is not None]
        return tuple(sorted(listed, key=lambda backup: backup.id, reverse=True))

    def text_of(self, backup_id: str) -> str:
        """Return an earlier version; raises ``NoSuchBackup``."""
        if backup_id not in {backup.id for backup in self.backups()}:
            raise NoSuchBackup(f"there is no backup '{backup_id}'")
        return _plain(decode((self._backups / f"{backup_id}.yaml").read_bytes()))

    def restore(self, backup_id: str, *, edited_hash: str, validate: Validate) -> str:
        """Save an earlier version anew; what it replaces becomes a backup itself.  Raises ``NoSuchBackup``."""
        return self.save(self.text_of(backup_id), edited_hash=edited_hash, validate=validate)

    def _keep(self, saved: Saved) -> str:
        self._backups.mkdir(parents=True, exist_ok=True)
        backup_id = self._now().strftime(_STAMP)
        _replace(self._backups / f"{backup_id}.yaml", saved.text.replace("\n", saved.line_end))
        for old in self.backups()[_KEPT:]:
            (self._backups / f"{old.id}.yaml").unlink(missing_ok=True)
        return backup_id


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _saved_at(backup_id: str) -> datetime | None:
    try:
        return datetime.strptime(backup_id, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _replace(path: Path, text: str) -> None:
    """Write beside the file and move over it, with the same permissions; a symbolic link stays one."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
