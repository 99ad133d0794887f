"""Command texts: comment lines, and the split into arguments on both platforms (specification, section 7.3).

There is no shell: a command is started as the list of arguments that comes out of here.
"""

import re
from enum import StrEnum


class Platform(StrEnum):
    """Whose rules of quoting hold."""

    POSIX = "posix"
    WINDOWS = "windows"


def without_comment_lines(text: str) -> str:
    """Drop the lines whose first visible character is ``#``; done once while loading, before macros."""
    if "#" not in text:
        return text
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


def fill_in_pid(text: str, pid: int) -> str:
    """Put a process id in the place of ``${PID}``; done when a stop command runs."""
    return text.replace("${PID}", str(pid))


def split_command(text: str, platform: Platform) -> list[str]:
    """Return the arguments that ``text`` stands for; empty if it holds none."""
    cleaned = _clean_lines(text)
    return _split_posix(cleaned) if platform is Platform.POSIX else _split_windows(cleaned)


def _clean_lines(text: str) -> str:
    """Drop comment lines; turn a backslash that ends a line into a space, so that the next line is a new word."""
    lines = []
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped.startswith("#"):
            lines.append(stripped.removesuffix("\\") + " " if stripped.endswith("\\") else line)
    return "\n".join(lines)


_POSIX_PART = re.compile(
    r"""(?P<space>[ \t\n]+)
      | '(?P<single>[^']*)(?:'|\Z)
      | "(?P<double>(?:[^"\\]|\\.)*)(?:"|\\?\Z)
      | \\(?P<escaped>.|\Z)
      | (?P<plain>[^ \t\n'"\\]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_POSIX_ESCAPE = re.compile(r'\\([$`"\\\n])')


def _split_posix(text: str) -> list[str]:
    arguments: list[str] = []
    word: str | None = None
    for part in _POSIX_PART.finditer(text):
        kind = part.lastgroup
        match kind:
            case "space":
                if word is not None:
                    arguments.append(word)
                word = None
                continue
            case "double":
                piece = _POSIX_ESCAPE.sub(lambda match: match[1].replace("\n", ""), part["double"])
            case "escaped":
                piece = part["escaped"].replace("\n", "")
                if not piece and word is None:
                    continue
            case _:
                piece = part["single"] or part["plain"] or ""
        word = (word or "") + piece
    return arguments if word is None else [*arguments, word]


_WINDOWS_PART = re.compile(r'(?P<slashes>\\*)(?P<quote>")|(?P<space>[ \t\r\n]+)|(?P<plain>\\+|[^\\" \t\r\n]+)')


def _split_windows(text: str) -> list[str]:
    arguments: list[str] = []
    word: str | None = None
    is_quoted = False
    at = 0
    while at < len(text):
        part = _WINDOWS_PART.match(text, at)
        assert part is not None
        at = part.end()
        if part["space"] is not None and not is_quoted:
            if word is not None:
                arguments.append(word)
            word = None
        elif part["quote"] is None:
            word = (word or "") + part[0]
        else:
            slashes = len(part["slashes"])
            word = (word or "") + "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            elif is_quoted and text.startswith('"', at):
                word += '"'
                at += 1
            else:
                is_quoted = not is_quoted
    return arguments if word is None else [*arguments, word]
