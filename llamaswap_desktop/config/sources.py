"""Which files make up a configuration, and their text (specification, section 1.2)."""

import codecs
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from llamaswap_desktop.errors import ConfigError, Problem, Severity

_SUFFIXES = (".yml", ".yaml")
AS_ON_DISK: Mapping[Path, str] = {}


def is_config_name(name: str) -> bool:
    """Whether a file of this name counts in a directory of configuration files."""
    return name.endswith(_SUFFIXES)


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of a configuration file, and the name by which messages call it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Sources:
    """One file, a directory of files, or both; the file comes first."""

    file: Path | None = None
    directory: Path | None = None

    def files(self) -> tuple[Path, ...]:
        """Return every file in order.  Raises ``ConfigError`` for a missing directory, no file, or one named twice."""
        found = list(self._in_directory())
        if self.file is not None:
            own = os.path.abspath(self.file)  # noqa: PTH100 - cleans '..' as text, links are not followed
            if any(os.path.abspath(path) == own for path in found):  # noqa: PTH100
                raise _error(self.file, "is given by --config and lies in the directory of --config-dir: leave one out")
            found.insert(0, self.file)
        if not found:
            where = f" in {self.directory}" if self.directory else ""
            message = f"no configuration file{where}: give --config FILE, or --config-dir with *.yaml files in it"
            raise ConfigError([Problem(Severity.ERROR, message)])
        return tuple(found)

    def _in_directory(self) -> Iterator[Path]:
        if self.directory is None:
            return
        try:
            names = sorted(os.listdir(self.directory), key=os.fsencode)  # noqa: PTH208 - names in byte order
        except OSError as error:
            raise _error(self.directory, f"cannot read this directory: {error.strerror or error}") from error
        for name in names:
            path = self.directory / name
            if is_config_name(name) and not path.is_dir():
                yield path

    def read(self, instead: Mapping[Path, str] = AS_ON_DISK) -> tuple[SourceText, ...]:
        """Return the text of every file, that of ``instead`` for those it names.

        Raises ``ConfigError`` naming each file that cannot be read.
        """
        texts, problems = [], []
        for path in self.files():
            try:
                text = instead[path] if path in instead else decode(path.read_bytes())
                texts.append(SourceText(str(path), text))
            except OSError as error:
                problems.append(_problem(path, f"cannot read this file: {error.strerror or error}"))
            except UnicodeDecodeError as error:
                problems.append(_problem(path, f"byte {error.start} is no {error.encoding} text: save it as UTF-8"))
        if problems:
            raise ConfigError(problems)
        return tuple(texts)


def decode(data: bytes) -> str:
    """Return the text of a YAML file: UTF-8, or UTF-16 where it says so; raises ``UnicodeDecodeError``."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if is_utf16 else "utf-8-sig")


def _problem(path: Path, message: str) -> Problem:
    return Problem(Severity.ERROR, message, file=str(path))


def _error(path: Path, message: str) -> ConfigError:
    return ConfigError([_problem(path, message)])
