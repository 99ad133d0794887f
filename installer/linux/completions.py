"""Completions for bash, zsh and fish, made from the command line's own parsers."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from llamaswap_desktop.cli import command_parsers

NAME = "llamaswap-desktop"

_VERBS = {
    "status": "say what the running program does",
    "list": "list the models and their states",
    "load": "load a model",
    "unload": "unload a model, or all of them",
    "pause": "free the memory and load nothing until resumed",
    "resume": "load models again",
    "profile": "switch to a profile",
    "reload": "read the configuration again",
    "logs": "show the log of the program or of a model",
    "open": "open the dashboard",
    "quit": "end the running program",
}
"""What is said to a running program; these take names, which completions do not know."""

_DESCRIPTIONS = {
    "serve": "serve without a tray",
    "check": "say whether a configuration can be used",
    "schema": "print the JSON schema of configurations",
    "demo-model": "run a small demo model server",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A flag of a command; ``takes`` is "" for none, else what follows: ``file``, ``directory`` or ``word``."""

    flag: str
    help: str
    takes: str = ""


def commands() -> dict[str, str]:
    """Return every command and what it does."""
    return {**_DESCRIPTIONS, **_VERBS}


def options_of(parser: argparse.ArgumentParser) -> list[Option]:
    """Return the flags that a person may use."""
    return [
        Option(flag, _plain(action.help or ""), _kind(action))
        for action in parser._actions  # noqa: SLF001 - argparse has no other way to ask
        for flag in action.option_strings
        if flag.startswith("--") and action.help != argparse.SUPPRESS
    ]


def _kind(action: argparse.Action) -> str:
    if action.nargs == 0 or action.metavar is None:
        return ""
    return {"FILE": "file", "DIR": "directory"}.get(str(action.metavar), "" if action.nargs == "?" else "word")


def _plain(text: str) -> str:
    return text.partition(" (")[0].replace("'", "").replace("[", "(").replace("]", ")").replace(":", " ")


def _known() -> Iterator[tuple[str, list[Option]]]:
    for command, parser in command_parsers().items():
        yield command, options_of(parser)


def bash() -> str:
    """Return the completions for bash."""
    cases = "\n".join(
        f"    {command}) flags='{' '.join(option.flag for option in options)}' ;;" for command, options in _known()
    )
    start = " ".join(option.flag for option in dict(_known())["serve"])
    return f"""# bash completion of {NAME}
_llamaswap_desktop() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" command="${{COMP_WORDS[1]}}" flags=''
  case "$before" in
    {"|".join(_flags_with("file"))}) compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); return ;;
    {"|".join(_flags_with("directory"))}) compopt -o filenames; COMPREPLY=($(compgen -d -- "$word")); return ;;
    {"|".join(_flags_with("word"))}) return ;;
  esac
  case "$command" in
{cases}
    -*) flags='{start}' ;;
  esac
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(commands())} {start}" -- "$word"))
  elif [[ "$word" != -* && "$command" = check ]]; then
    compopt -o filenames; COMPREPLY=($(compgen -f -- "$word"))
  else
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  fi
}}
complete -F _llamaswap_desktop {NAME} {NAME}-tray
"""


def _flags_with(kind: str) -> list[str]:
    return sorted({option.flag for _, options in _known() for option in options if option.takes == kind})


def zsh() -> str:
    """Return the completions for zsh."""
    described = "\n".join(f"    '{name}:{help_text}'" for name, help_text in commands().items())
    values = {"": "", "file": ":file:_files", "directory": ":directory:_files -/", "word": ":value:"}

    def arguments(options: list[Option]) -> str:
        return " ".join(f"'{option.flag}[{option.help}]{values[option.takes]}'" for option in options)

    cases = "\n".join(
        f"    {command}) _arguments {arguments(options)}{' ' + repr('*:file:_files') if command == 'check' else ''} ;;"
        for command, options in _known()
    )
    return f"""#compdef {NAME} {NAME}-tray
_llamaswap_desktop() {{
  local -a commands=(
{described}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  [[ $command == -* ]] && command=serve || {{ shift words; (( CURRENT-- )) }}
  case $command in
{cases}
  esac
}}
_llamaswap_desktop "$@"
"""


def fish() -> str:
    """Return the completions for fish."""
    lines = [f"complete -c {NAME} -f"]
    lines += [
        f"complete -c {NAME} -n __fish_use_subcommand -a {name} -d '{help_text}'"
        for name, help_text in commands().items()
    ]
    values = {"": "", "file": " -rF", "directory": " -xa '(__fish_complete_directories)'", "word": " -x"}
    for command, options in _known():
        where = f"__fish_seen_subcommand_from {command}"
        lines += [
            f"complete -c {NAME} -n '{where}' -l {option.flag[2:]} -d '{option.help}'{values[option.takes]}"
            for option in options
        ]
    lines.append(f"complete -c {NAME} -n '__fish_seen_subcommand_from check' -F")
    return "\n".join(lines) + "\n"
