"""Model files below a few folders: what llama-server can load, each once.

A model may be cut into parts, of which the first is named to the server.  A file beside it whose name begins with
``mmproj`` and goes on as its own does lets it see pictures.  Downloads that are not finished have another ending, and
so are no models yet.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MOST_FOLDERS_DEEP = 8
"""The caches of Hugging Face's programs are five deep."""

_PART = re.compile(r"-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})$")
_PROJECTOR = "mmproj"
_NO_NAMES = {"gguf", "model", "f16", "f32", "bf16", "q8"}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model; ``size_bytes`` is that of all its parts, ``projector`` the file for pictures, if there is one."""

    name: str
    path: Path
    size_bytes: int
    projector: Path | None = None

    def is_named_in(self, command: str) -> bool:
        """Whether ``command`` names the file, as a word of its own or behind an option's equals sign."""
        path = re.escape(os.path.normcase(self.path))
        return re.search(rf"""(?:^|[\s"'=]){path}(?:$|[\s"'])""", os.path.normcase(command)) is not None


def find_model_files(folders: Iterable[Path]) -> list[ModelFile]:
    """Return the models below ``folders`` by name; a folder that cannot be read has none, and none is found twice."""
    found: dict[Path, ModelFile] = {}
    for folder in folders:
        for place, names in _folders_below(folder):
            for model in _models_in(place, names):
                found.setdefault(model.path.resolve(), model)
    return sorted(found.values(), key=lambda model: (model.name.casefold(), str(model.path)))


def _folders_below(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder with the model files in it; links to other folders are not followed, nothing hidden is seen."""
    for place, inner, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        inner[:] = sorted(name for name in inner if not name.startswith(".") and depth < _MOST_FOLDERS_DEEP)
        yield Path(place), sorted(name for name in names if name.lower().endswith(".gguf") and not name.startswith("."))


def _models_in(place: Path, names: list[str]) -> Iterator[ModelFile]:
    projectors = [name for name in names if name.lower().startswith(_PROJECTOR)]
    for name in names:
        stem = name[: -len(".gguf")]
        part = _PART.search(stem)
        if name in projectors or (part is not None and int(part["number"]) != 1):
            continue
        whole = stem if part is None else stem[: part.start()]
        parts = [name] if part is None else [other for other in names if _is_part_of(other, whole)]
        if part is not None and len(parts) != int(part["count"]):
            continue  # not all of it is there
        try:
            size_bytes = sum((place / one).stat().st_size for one in parts)
        except OSError:  # a link to what is gone
            continue
        projector = next((place / one for one in projectors if _is_for(one, whole)), None)
        yield ModelFile(whole, place / name, size_bytes, projector)


def _is_for(projector: str, model: str) -> bool:
    """Whether a projector's name names the model, or none: then it is for whatever lies beside it."""
    first = re.split(r"[-_.]", projector[len(_PROJECTOR) :].lstrip("-_.").lower())[0]
    return first in _NO_NAMES or model.lower().startswith(first)


def _is_part_of(name: str, stem: str) -> bool:
    return name.startswith(stem) and _PART.fullmatch(name[len(stem) : -len(".gguf")]) is not None
