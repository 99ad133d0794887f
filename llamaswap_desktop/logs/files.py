"""The logs on disk: one file per model and one for the app, each rotating through five files of 5 MB."""

import contextlib
import hashlib
import os
import re
from collections import OrderedDict
from io import FileIO
from pathlib import Path
from typing import Final

from llamaswap_desktop.logs.outbox import Outbox

APP_FILE = "app.log"

_FILE_BYTES: Final = 5 * 1024 * 1024
_FILES: Final = 5
_OPEN_FILES: Final = 8
_SLUG_LENGTH: Final = 80


def model_file_name(model_id: str) -> str:
    """Return the name of a model's log file: safe on every file system, and never that of another model.

    Letters are lowered and everything but ``a-z 0-9 . _ -`` becomes a dash.  Where that changed anything, eight hex
    digits of the id's SHA-256 tell it apart.  The prefix keeps away reserved names (``con``, ``nul``), hidden files
    and the app's own log.
    """
    slug = re.sub(r"[^a-z0-9._-]", "-", model_id.lower())[:_SLUG_LENGTH]
    if slug != model_id or re.search(r"-[0-9a-f]{8}$", slug):
        slug = f"{slug}-{hashlib.sha256(model_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"model-{slug}.log"


class RotatingFile:
    """An append-only file that moves aside when it is full: ``x.log``, ``x.log.1`` (the newer) to ``x.log.4``."""

    def __init__(self, path: Path, *, file_bytes: int = _FILE_BYTES, files: int = _FILES) -> None:
        self._path = path
        self._file_bytes = file_bytes
        self._files = files
        self._file: FileIO | None = None
        self._size = 0

    def write(self, data: bytes) -> None:
        """Append ``data``; one write may be split over two files.  Raises ``OSError``."""
        rest = memoryview(data)
        while rest:
            file = self._open()
            if self._size >= self._file_bytes:
                self._rotate()
                file = self._open()
            room = self._file_bytes - self._size
            written = file.write(rest[:room] if room > 0 else rest) or 0
            self._size += written
            rest = rest[written:]

    def close(self) -> None:
        """Let go of the file; the next write opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> FileIO:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = FileIO(self._path, "a")
            self._size = os.fstat(self._file.fileno()).st_size
        return self._file

    def _rotate(self) -> None:
        """Move every file one number on; where another program holds one, rather grow too long than lose lines."""
        self.close()  # Windows renames no open file
        with contextlib.suppress(OSError):
            for number in range(self._files - 1, 0, -1):
                if (newer := self._numbered(number - 1)).exists():
                    newer.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path


class LogFiles:
    """All log files of one directory, written by a thread of their own; a dead disk is noticed there and only there.

    ``write`` takes a file name out of ``model_file_name`` or ``APP_FILE``.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._open: OrderedDict[str, RotatingFile] = OrderedDict()  # the writer thread's
        self._outbox = Outbox(f"log files in {directory}", self._append)

    def write(self, file_name: str, data: bytes) -> None:
        """Have ``data`` appended soon; never blocks."""
        self._outbox.put(file_name, data)

    def close(self, timeout_s: float = 1.0) -> bool:
        """Write what is left and close the files; return whether that was done in time."""
        is_done = self._outbox.close(timeout_s)
        if is_done:
            for file in self._open.values():
                file.close()
        return is_done

    def _append(self, file_name: str, data: bytes) -> None:
        file = self._open.get(file_name)
        if file is None:
            file = self._open[file_name] = RotatingFile(self.directory / file_name)
        self._open.move_to_end(file_name)
        try:
            file.write(data)
        except OSError:
            file.close()  # the disk may come back as another one
            raise
        if len(self._open) > _OPEN_FILES:
            _, oldest = self._open.popitem(last=False)
            oldest.close()
