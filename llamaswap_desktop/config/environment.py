"""References to environment variables, ``${env.NAME}`` (specification, section 4)."""

import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingType

from llamaswap_desktop.config.anchors import scalars
from llamaswap_desktop.config.compose import compose, first_document
from llamaswap_desktop.config.nodes import Mapping, Mark, Scalar, replaced
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.scalars import resolve_plain
from llamaswap_desktop.errors import ConfigError

_REFERENCE = re.compile(r"\$\{env\.([A-Za-z_][A-Za-z0-9_]*)\}")
_BREAKS = ("\n", "\r", "\0")


class Environment:
    """The variables of one load; those that were used are kept out of messages."""

    def __init__(self, variables: MappingType[str, str], report: Report) -> None:
        self._variables = variables
        self._report = report
        self._brought_references = False

    def expand(self, text: str, file: str) -> str:
        """Replace the references in the text of a file; reports those that cannot be.

        References that stand in YAML comments only stay as they are.  Where the text cannot be parsed as it is,
        comments cannot be told apart, and every reference counts.
        """
        text = first_document(text)
        if "${env." not in text:
            return text
        try:
            root = compose(text, file)
        except ConfigError:
            names = set(_REFERENCE.findall(text))
        else:
            names = self._names(scalar.text for scalar in scalars(root)) if root else set()
        return self._replace(text, names, file, 1)

    def expand_again(self, root: Mapping) -> Mapping:
        """Replace the references that values of variables have brought in (section 3, step 2)."""
        if not self._brought_references:
            return root
        expanded = replaced(root, self._expand_scalar, self._expand_scalar)
        assert isinstance(expanded, Mapping)
        return expanded

    def _expand_scalar(self, node: Scalar) -> Scalar:
        if "${env." not in node.text:
            return node
        text = self._replace(node.text, set(_REFERENCE.findall(node.text)), node.mark.file, node.mark.line)
        for name in _REFERENCE.findall(text):
            self._report.error((), f"the environment variable {name} still stands in a value of another", at=node.mark)
        return Scalar(node.mark, text, resolve_plain(text) if node.is_plain else text, node.is_plain)

    @staticmethod
    def _names(texts: Iterable[str]) -> set[str]:
        return {name for text in texts if "${env." in text for name in _REFERENCE.findall(text)}

    def _replace(self, text: str, names: set[str], file: str, first_line: int) -> str:
        usable = {
            name
            for name in sorted(names)
            if self._is_usable(name, Mark(file, first_line + _lines_before(name, text), 0))
        }
        return _REFERENCE.sub(lambda match: self._escaped(match[1]) if match[1] in usable else match[0], text)

    def _is_usable(self, name: str, mark: Mark) -> bool:
        value = self._variables.get(name)
        if value is None:
            message = f"the environment variable {name} is not set: set it, or remove ${{env.{name}}}"
            self._report.error((), message, at=mark)
            return False
        if any(character in value for character in _BREAKS):
            self._report.error((), f"the environment variable {name} holds a line break or NUL", at=mark)
            return False
        if not _is_text(value):
            self._report.error((), f"the environment variable {name} holds bytes that are no UTF-8 text", at=mark)
            return False
        self._brought_references |= "${env." in value
        if value:
            self._report.hidden[value] = f"${{env.{name}}}"
        return True

    def _escaped(self, name: str) -> str:
        return self._variables[name].replace("\\", "\\\\").replace('"', '\\"')


def _lines_before(name: str, text: str) -> int:
    return text.count("\n", 0, text.index(f"${{env.{name}}}"))


def _is_text(value: str) -> bool:
    """Whether the variable held text: undecodable bytes arrive as lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
