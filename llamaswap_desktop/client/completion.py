"""Completion for shells; model names come from the running program."""

from collections.abc import Mapping
from typing import Protocol

SHELLS = ("bash", "zsh", "fish")

_OTHER_WORDS = {
    "serve": "Serve without a tray.",
    "check": "Say whether a configuration can be used.",
    "scan": "Look for model files.",
    "schema": "Print the JSON schema of configurations.",
    "diagnose": "Collect what somebody who helps needs to see.",
}
_TAKES_MODEL = ("load", "plan", "unload", "pin", "unpin", "logs")

_BASH = """_llamaswap_desktop() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "{verbs}" -- "$word"))
  else
    case ${{COMP_WORDS[1]}} in
      {models}) COMPREPLY=($(compgen -W "$(llamaswap-desktop list --names 2>/dev/null)" -- "$word"));;
      *) COMPREPLY=($(compgen -f -- "$word"));;
    esac
  fi
}}
complete -F _llamaswap_desktop llamaswap-desktop
"""
_ZSH = """#compdef llamaswap-desktop
_llamaswap_desktop() {{
  local -a verbs=({verbs})
  if (( CURRENT == 2 )); then
    _describe verb verbs
  elif [[ ${{words[2]}} == ({models}) ]]; then
    compadd -- ${{(f)"$(llamaswap-desktop list --names 2>/dev/null)"}}
  else
    _files
  fi
}}
if [[ ${{funcstack[1]}} == _llamaswap-desktop ]]; then
  _llamaswap_desktop "$@"  # found by its file's name, as packages install it
else
  compdef _llamaswap_desktop llamaswap-desktop
fi
"""


class HasAbout(Protocol):
    """A verb, as far as completion is concerned."""

    @property
    def about(self) -> str:
        """What it does, in one line."""


def script_for(shell: str, verbs: Mapping[str, HasAbout]) -> str:
    """Return the completion script of one of ``SHELLS``."""
    about = {**{name: verb.about for name, verb in verbs.items()}, **_OTHER_WORDS}
    models = "|".join(_TAKES_MODEL)
    match shell:
        case "bash":
            return _BASH.format(verbs=" ".join(about), models=models)
        case "zsh":
            return _ZSH.format(verbs=" ".join(f"'{name}:{text}'" for name, text in about.items()), models=models)
        case _:
            return "".join(_fish_lines(about))


def _fish_lines(about: Mapping[str, str]) -> list[str]:
    first = "complete -c llamaswap-desktop -f -n __fish_use_subcommand"
    later = f"complete -c llamaswap-desktop -f -n '__fish_seen_subcommand_from {' '.join(_TAKES_MODEL)}'"
    lines = [f"{first} -a {name} -d '{text}'\n" for name, text in about.items()]
    return [*lines, f"{later} -a '(llamaswap-desktop list --names 2>/dev/null)'\n"]
