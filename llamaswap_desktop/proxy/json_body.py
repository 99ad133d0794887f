"""A JSON body: its model, its ``stream`` member, and the filters.

The fast path decodes the two members with msgspec.  It is taken only when the text ``"model"`` occurs once, so that
it cannot disagree with the rule for repeats (the first counts), and any doubt falls back to the scanner.
Source: HTTP specification, sections 6.1 and 9.1.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from llamaswap_desktop.errors import BodyUnreadable, FilterFailed
from llamaswap_desktop.proxy.body import Body
from llamaswap_desktop.proxy.document import BadPath, Document, parse_path
from llamaswap_desktop.proxy.members import MemberScanner, is_true, members_of, text_of
from llamaswap_desktop.proxy.treatment import Treatment
from llamaswap_desktop.proxy.wanted import Wanted, wanted_of


class JsonBody(Body):
    """A body whose content type is JSON."""

    __slots__ = ("_scanner", "_wanted")

    def __init__(self, folder: Path | None, *, announced_bytes: int = 0) -> None:
        super().__init__(folder, announced_bytes=announced_bytes)
        self._scanner: MemberScanner | None = None
        self._wanted: Wanted | None = None

    def scan(self, data: bytes) -> None:
        if self._scanner is None:
            self._scanner = MemberScanner()
        self._scanner.feed(data)

    def complete(self) -> None:
        super().complete()
        if self._scanner is not None:
            self._scanner.finish()
        elif self.data.count(b'"model"') == 1:
            try:
                self._wanted = wanted_of(self.data)
            except msgspec.MsgspecError:
                self._wanted = None

    def model(self) -> str:
        return self._wanted.model if self._wanted is not None else text_of(self._member("model"))

    def is_streaming(self) -> bool:
        return is_true(bytes(self._wanted.stream) if self._wanted is not None else self._member("stream"))

    def rewrite(self, name: str | None, treatment: Treatment, requested: str) -> None:
        new_name = treatment.use_model_name or name
        document = Document(self._members(), self.read_span, self.size)
        if self._members().is_too_much:
            raise BodyUnreadable("could not read request body: it has too many members to be filtered")
        if new_name is not None:
            document.set(["model"], msgspec.json.encode(new_name))
        for key in treatment.strip:
            _apply("stripping", key, document.strip)
        for key, value in treatment.settings_for(requested):
            _apply("setting", key, lambda path, value=value: document.set(path, value))  # type: ignore[misc]
        self._put(document.pieces())

    def _member(self, name: str) -> bytes:
        member = self._members().first(name)
        return self.read_span(member.value, member.end) if member is not None else b""

    def _members(self) -> MemberScanner:
        if self._scanner is None:
            self._scanner = members_of(self.data)
        return self._scanner


def _apply(what: str, key: str, act: Callable[[list[str]], None]) -> None:
    try:
        path = parse_path(key)
        if path[0] != "model":  # no filter may touch it
            act(path)
    except BadPath as error:
        raise FilterFailed(
            f"error {what} parameter {key} {'from' if what == 'stripping' else 'in'} request: {error}"
        ) from error
