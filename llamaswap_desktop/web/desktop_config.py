"""The configuration's text over HTTP: look, try, save, go back (HTTP specification, section 31).

Everything that reads, checks or writes files runs on one thread of its own, one after the other: so that no save can
come between another's look at the file and its writing.
"""

import asyncio
import difflib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path
from typing import Any, Final, TypeVar

from aiohttp import web
from msgspec import UNSET, Struct

from llamaswap_desktop.config import (
    Config,
    ConfigFile,
    WrittenModel,
    describe,
    diff_configs,
    outline,
    remove_value,
    schema_text,
    set_value,
    to_yaml,
)
from llamaswap_desktop.core import Core, Reloader
from llamaswap_desktop.errors import ConfigError, LlamaSwapError, Problem, RequestRefused
from llamaswap_desktop.tasks import spawn
from llamaswap_desktop.types import ModelId
from llamaswap_desktop.web.answers import body_of, decoded, json_answer, no_such_page, rest_of

_log = logging.getLogger("llamaswap_desktop.web")

_MOST_BYTES: Final = 8 * 1024 * 1024
_PREFIX: Final = "/api/desktop/config/backups/"
_RESTORE: Final = "/restore"

_Body = TypeVar("_Body", bound=Struct)
_Result = TypeVar("_Result")


class NoSingleFile(RequestRefused):
    """The configuration is a directory of files, and none of them is the one to edit."""

    status = 404

    def __init__(self) -> None:
        super().__init__("there is no single configuration file: the program was started with a directory of them")


class Unreadable(LlamaSwapError):
    """The file cannot be read or written."""


class ShownProblem(Struct, frozen=True):
    """One finding; ``line`` and ``column`` count from 1, 0 means unknown, ``path`` is the dotted key."""

    level: str
    line: int
    column: int
    path: str
    message: str


class ShownConfig(Struct, frozen=True):
    """The file as it is, and what was found about it when it was last read."""

    path: str
    text: str
    hash: str
    problems: Sequence[ShownProblem]


class SavedConfig(Struct, frozen=True):
    """What a save came to; ``problems`` are what was found about the new text."""

    hash: str
    backup: str
    problems: Sequence[ShownProblem]


class Verdict(Struct, frozen=True):
    """Whether a text can be used."""

    ok: bool
    problems: Sequence[ShownProblem]


class Difference(Struct, frozen=True):
    """What a save would change: the text, and the models; ``restarts`` are those that would start anew."""

    diff: str
    added: Sequence[ModelId]
    removed: Sequence[ModelId]
    changed: Sequence[ModelId]
    restarts: Sequence[ModelId]


class ShownBackup(Struct, frozen=True):
    """An earlier version; ``timestamp`` is when it was replaced."""

    id: str
    timestamp: str
    bytes: int


class ShownVersion(Struct, frozen=True):
    """An earlier version in full; ``diff`` is what going back to it would change."""

    id: str
    text: str
    diff: str


class EffectiveConfig(Struct, frozen=True):
    """What holds, as YAML and as values: macros expanded, defaults filled in, secrets masked."""

    text: str
    config: Any


class WrittenModels(Struct, frozen=True):
    """The models of a text, as they stand there; None for a text that is no YAML."""

    models: Sequence[WrittenModel] | None


class EditedText(Struct, frozen=True):
    """The body of a save: ``hash`` names the text that was edited."""

    text: str
    hash: str


class TriedText(Struct, frozen=True):
    """The body of a check or a comparison."""

    text: str


class Edit(Struct, frozen=True):
    """The body of an edit: one value, or none to take away what is at ``path``."""

    text: str
    path: tuple[str | int, ...]
    value: Any = UNSET


class Edited(Struct, frozen=True):
    """The text after an edit, and what it says of its models."""

    text: str
    models: Sequence[WrittenModel]


class EditedHash(Struct, frozen=True):
    """The body of a restore: ``hash`` names the text that is to be replaced."""

    hash: str


class DesktopConfig:
    """Answers ``/api/desktop/config`` and everything below it; ``backups`` is where earlier versions are kept."""

    def __init__(self, core: Core, reloader: Reloader, backups: Path) -> None:
        self._core = core
        self._reloader = reloader
        self._path = reloader.sources.file
        self._file = None if self._path is None else ConfigFile(self._path, backups)
        self._thread = ThreadPoolExecutor(1, "configuration")

    def close(self) -> None:
        """End the thread; what it is writing is finished first."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    # -- the routes

    async def show(self, _request: web.Request) -> web.Response:
        """Return the file's text."""
        path, file = self._editable()
        saved = await self._on_thread(file.read)
        problems = [_shown(problem, path) for problem in self._core.config.warnings]
        return json_answer(ShownConfig(str(path), saved.text, saved.hash, problems))

    async def save(self, request: web.Request) -> web.Response:
        """Put another text in the place of the one that was edited, and let it hold."""
        edited = await _read(request, EditedText)
        return await self._replace(lambda file: file.save(edited.text, edited_hash=edited.hash, validate=self._parse))

    async def restore(self, request: web.Request) -> web.Response:
        """Save an earlier version anew, and let it hold."""
        rest = rest_of(request, _PREFIX)
        if not rest.endswith(_RESTORE):
            return no_such_page()
        backup, edited = rest.removesuffix(_RESTORE), await _read(request, EditedHash)
        return await self._replace(lambda file: file.restore(backup, edited_hash=edited.hash, validate=self._parse))

    async def validate(self, request: web.Request) -> web.Response:
        """Say whether a text could be used, and everything that was found about it."""
        path, _ = self._editable()
        text = (await _read(request, TriedText)).text
        try:
            config = await self._on_thread(lambda: self._reloader.try_out(text))
        except ConfigError as error:
            return json_answer(Verdict(ok=False, problems=[_shown(problem, path) for problem in error.problems]))
        return json_answer(Verdict(ok=True, problems=[_shown(problem, path) for problem in config.warnings]))

    async def compare(self, request: web.Request) -> web.Response:
        """Say what saving a text would change."""
        path, file = self._editable()
        text = (await _read(request, TriedText)).text
        config = await self._on_thread(lambda: self._parse(text))
        diff = await self._on_thread(lambda: unified_diff(file.read().text, text, path.name))
        difference = diff_configs(self._core.configured, config)
        return json_answer(
            Difference(
                diff=diff,
                added=difference.added,
                removed=difference.removed,
                changed=difference.changed,
                restarts=difference.restarts,
            )
        )

    async def show_effective(self, _request: web.Request) -> web.Response:
        """Return what holds now, wherever it was written."""
        config = self._core.config

        def look() -> EffectiveConfig:
            described = describe(config)
            return EffectiveConfig(to_yaml(described), described)

        return json_answer(await self._on_thread(look))

    async def show_schema(self, _request: web.Request) -> web.Response:
        """Return the JSON schema of configurations."""
        return web.Response(body=schema_text().encode(), content_type="application/json")

    async def list_models(self, request: web.Request) -> web.Response:
        """Return what a text says of its models."""
        text = (await _read(request, TriedText)).text
        try:
            return json_answer(WrittenModels(await self._on_thread(lambda: outline(text))))
        except ConfigError:
            return json_answer(WrittenModels(None))

    async def edit(self, request: web.Request) -> web.Response:
        """Return a text with one value changed and everything else as it was."""
        wished = await _read(request, Edit)
        if not wished.path:
            raise RequestRefused("the path is empty: name a key, such as ['models', 'qwen', 'ttl']")

        def edited() -> Edited:
            if wished.value is UNSET:
                text = remove_value(wished.text, wished.path)
            else:
                text = set_value(wished.text, wished.path, wished.value)
            return Edited(text, outline(text))

        return json_answer(await self._on_thread(lambda: _usable(edited)))

    async def list_backups(self, _request: web.Request) -> web.Response:
        """Return the earlier versions, the newest first."""
        _, file = self._editable()
        found = await self._on_thread(file.backups)
        shown = [
            ShownBackup(backup.id, f"{backup.saved_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", backup.size_bytes)
            for backup in found
        ]
        return json_answer({"backups": shown})

    async def show_backup(self, request: web.Request) -> web.Response:
        """Return an earlier version, and what going back to it would change."""
        path, file = self._editable()
        backup = rest_of(request, _PREFIX)

        def look() -> ShownVersion:
            text = file.text_of(backup)
            return ShownVersion(backup, text, unified_diff(file.read().text, text, path.name))

        return json_answer(await self._on_thread(look))

    # -- how

    def _editable(self) -> tuple[Path, ConfigFile]:
        if self._path is None or self._file is None:
            raise NoSingleFile
        return self._path, self._file

    async def _replace(self, write: Callable[[ConfigFile], str]) -> web.Response:
        """Write, then let it hold; a client that leaves in the middle does not stop either."""
        path, file = self._editable()
        saving = spawn("save the configuration", self._write_and_reload(path, file, write))
        outcome = await asyncio.shield(saving)
        if isinstance(outcome, LlamaSwapError):
            raise outcome
        return json_answer(outcome)

    async def _write_and_reload(
        self, path: Path, file: ConfigFile, write: Callable[[ConfigFile], str]
    ) -> SavedConfig | LlamaSwapError:
        """Return what it came to; a refusal is no failure of this task."""
        try:
            backup, saved = await self._on_thread(lambda: (write(file), file.read()))
        except LlamaSwapError as error:
            return error
        _log.info("the configuration has been saved; what it was before is backup %s", backup)
        problems: Sequence[Problem]
        try:
            await self._reloader.ask()
        except ConfigError as error:
            problems = error.problems
        else:
            problems = self._core.config.warnings
        return SavedConfig(saved.hash, backup, [_shown(problem, path) for problem in problems])

    def _parse(self, text: str) -> Config:
        """Return what the text would mean; raises ``RequestRefused`` with the first problem."""
        return _usable(lambda: self._reloader.try_out(text))

    async def _on_thread(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (OSError, UnicodeDecodeError) as error:
            raise Unreadable(f"cannot read or write the configuration: {error}") from error


def _usable(read: Callable[[], _Result]) -> _Result:
    """Return what is read out of a text; raises ``RequestRefused`` with the first problem."""
    try:
        return read()
    except ConfigError as error:
        raise RequestRefused(str(error.problems[0])) from error


def unified_diff(old: str, new: str, name: str) -> str:
    """Return the difference in the form that ``patch`` takes; nothing where there is none."""
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{name}", f"b/{name}")
    marked = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(marked)


def _shown(problem: Problem, path: Path) -> ShownProblem:
    """Return the finding as it is shown; one in another file says so in its text."""
    elsewhere = problem.file and problem.file != str(path)
    return ShownProblem(
        level=problem.severity,
        line=0 if elsewhere else problem.line,
        column=0 if elsewhere else problem.column,
        path=problem.path,
        message=f"{problem.file}:{problem.line}: {problem.message}" if elsewhere else problem.message,
    )


async def _read(request: web.Request, kind: type[_Body]) -> _Body:
    return decoded(await body_of(request, _MOST_BYTES), kind)
