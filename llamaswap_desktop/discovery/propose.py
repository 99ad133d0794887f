"""What to write into ``config.yaml`` for model files: a text to read and to copy from."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator

from llamaswap_desktop.discovery.model_files import ModelFile
from llamaswap_desktop.sizes import memory_size

_SERVER = "llama-server"


def proposal(models: Iterable[ModelFile], *, taken: Collection[str] = ()) -> str:
    """Return the lines below ``models:`` for each model; a name that is ``taken`` gets a number."""
    used = set(taken)
    return "\n".join(line for model in models for line in _entry(model, used))


def _entry(model: ModelFile, used: set[str]) -> Iterator[str]:
    name, number = model.name, 1
    while name in used:
        number += 1
        name = f"{model.name}-{number}"
    used.add(name)
    words = [shutil.which(_SERVER) or _SERVER, "--port", "${PORT}", "--model", str(model.path)]
    if model.projector is not None:
        words += ["--mmproj", str(model.projector)]
    yield f"  {_quoted(name)}:  # {memory_size(model.size_bytes)}"
    yield f"    cmd: {_quoted(_command(words))}"


def _command(words: list[str]) -> str:
    if sys.platform == "win32":
        return subprocess.list2cmdline(words)
    return " ".join(word if word == "${PORT}" else shlex.quote(word) for word in words)


def _quoted(text: str) -> str:
    """Return a YAML scalar: JSON's strings are some."""
    return json.dumps(text, ensure_ascii=False)
