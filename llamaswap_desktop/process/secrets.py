"""The secrets that stand in a model's definition: a command may carry a key, and so may its environment."""

import itertools
import re
import sys
from collections.abc import Iterator

from llamaswap_desktop.config import Model, Platform, split_command

_NAMES = re.compile(r"api[-_]?key|token(?!s|iz)|secret|passw(or)?d|credential", re.IGNORECASE)
"""What options and variables are called whose values nobody is to read: ``--api-key``, ``HF_TOKEN``."""

_PLATFORM = Platform.WINDOWS if sys.platform == "win32" else Platform.POSIX
_MASK = "***"


def secrets_of(model: Model) -> frozenset[str]:
    """Return every value in the model's commands and environment whose name says that it is a secret."""
    variables = (entry.partition("=") for entry in model.env)
    found = {value for name, _, value in variables if _NAMES.search(name)}
    for text in (model.cmd, model.cmd_stop):
        found.update(_secrets_in(text))
    return frozenset(found - {""})


def masked_command(model: Model) -> str:
    """Return the model's command for a person to read, on one line and without its secrets."""
    text = " ".join(model.cmd.split())
    for secret in sorted(secrets_of(model), key=len, reverse=True):
        text = text.replace(secret, _MASK)
    return text


def _secrets_in(command: str) -> Iterator[str]:
    words = split_command(command, _PLATFORM)
    for word, following in itertools.pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        if equals and _NAMES.search(name):
            yield value
        elif name.startswith("-") and _NAMES.search(name) and not following.startswith("-"):
            yield following
