"""The secrets that stand in a configuration: its keys, and those that commands, environments and addresses carry."""

import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from llamaswap_desktop.config.command import Platform, split_command
from llamaswap_desktop.config.schema import Config, Model

MASK = "***"

_VARIABLES = re.compile(r"key|token(?!s|iz)|secret|passw(or)?d|credential", re.IGNORECASE)
"""What variables of an environment are called whose values nobody is to read: ``HF_TOKEN``, ``AWS_ACCESS_KEY_ID``."""

_OPTIONS = re.compile(r"api[-_]?key|token(?!s|iz)|secret|passw(or)?d|credential", re.IGNORECASE)
"""The same for the words of a command: ``--api-key``, but not ``--max-tokens`` or ``--override-key``."""

_SWITCHES = frozenset({"", "0", "1", "true", "false", "yes", "no", "on", "off"})
"""No secrets, whatever the name says: ``HF_HUB_DISABLE_IMPLICIT_TOKEN=1``."""

_SHORT = 6
"""Characters: a shorter secret is masked only where it is a word, as elsewhere it would tear holes into others."""

_PLATFORM = Platform.WINDOWS if sys.platform == "win32" else Platform.POSIX


def secrets_of(config: Config) -> frozenset[str]:
    """Return every text of the configuration that opens something, here or elsewhere."""
    found = {*config.api_keys, *config.desktop.admin_keys}
    for peer in config.peers.values():
        found.update({peer.api_key, _password_in(peer.proxy)})
    for model in config.models.values():
        found.update(_secrets_of_model(model))
    return frozenset(found - {""})


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` without any of ``secrets``."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORT:
            text = text.replace(secret, MASK)
        else:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text


def masked_command(model: Model) -> str:
    """Return the model's command for a person to read, on one line and without its secrets."""
    return masked(" ".join(model.cmd.split()), _secrets_of_model(model))


def _secrets_of_model(model: Model) -> frozenset[str]:
    variables = (entry.partition("=") for entry in model.env)
    found = {value for name, _, value in variables if _VARIABLES.search(name)}
    found.update(_secrets_in(model.cmd), _secrets_in(model.cmd_stop))
    found.add(_password_in(model.proxy))
    return frozenset(value for value in found if value.lower() not in _SWITCHES)


def _secrets_in(command: str) -> Iterator[str]:
    words = split_command(command, _PLATFORM)
    for word, following in itertools.pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        if equals and _OPTIONS.search(name):
            yield value
        elif name.startswith("-") and _OPTIONS.search(name) and not following.startswith("-"):
            yield following


def _password_in(url: str) -> str:
    return urlsplit(url).password or ""
