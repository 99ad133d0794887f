"""Short words for the tests of this room: load a text, or see why it is refused."""

import textwrap
from collections.abc import Mapping

from llamaswap_desktop.config import Config, SourceText, parse_config
from llamaswap_desktop.errors import ConfigError, Problem

M = "models: {m: {cmd: x, proxy: 'http://h'}}\n"
"""The smallest model that loads."""


def model(keys: str = "", name: str = "m") -> str:
    """Write a configuration with one model that has ``keys`` (flow style) beside what it needs."""
    return f"models: {{{name}: {{cmd: x, proxy: 'http://h', {keys}}}}}\n"


def models(*names: str) -> str:
    """Write a configuration with a model of each name."""
    return "models:\n" + "".join(f"  {name}: {{cmd: x, proxy: 'http://h'}}\n" for name in names)


def load(*texts: str, env: Mapping[str, str] | None = None, **settings) -> Config:
    """Load texts as files a.yaml, b.yaml, ..."""
    sources = [SourceText(f"{'abcdefgh'[index]}.yaml", textwrap.dedent(text)) for index, text in enumerate(texts)]
    return parse_config(sources, environment=env or {}, **settings)


def refused(*texts: str, env: Mapping[str, str] | None = None, **settings) -> tuple[Problem, ...]:
    """Return the problems of texts that must not load."""
    try:
        config = load(*texts, env=env, **settings)
    except ConfigError as error:
        return error.problems
    raise AssertionError(f"it loads: {config}")


def first(*texts: str, env: Mapping[str, str] | None = None, **settings) -> str:
    """Return the first problem as users see it."""
    return str(refused(*texts, env=env, **settings)[0])


def said(config: Config) -> str:
    """Return all warnings of a configuration."""
    return "\n".join(map(str, config.warnings))
