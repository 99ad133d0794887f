"""What models were seen to take of each device, remembered over restarts (runtime specification, section 14.13).

A figure belongs to a command: another context size or another quantisation is another footprint.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from llamaswap_desktop.config import Model
from llamaswap_desktop.routing import Device

_log = logging.getLogger("llamaswap_desktop.core")

Footprint = Mapping[Device, int]
"""MiB by device."""

_MAX_REMEMBERED = 1000


class Footprints:
    """The figures of every command that was ever seen; ``file`` None forgets them with the program."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, dict[Device, int]] = _read(file) if file is not None else {}

    def of(self, model: Model) -> Footprint | None:
        """Return what the model's command was seen to take, None if it never was."""
        return self._known.get(_key(model))

    def learn(self, model: Model, seen: Footprint, *, is_new_load: bool) -> Footprint | None:
        """Note what the model takes now; return its footprint if that has changed it.

        It is the peak since the last load began: a load that takes less than the one before corrects the figure.
        """
        key = _key(model)
        before = self._known.get(key, {})
        peak = {**seen} if is_new_load else {d: max(seen.get(d, 0), before.get(d, 0)) for d in {*seen, *before}}
        if peak == before:
            return None
        self._known.pop(key, None)
        self._known[key] = peak
        while len(self._known) > _MAX_REMEMBERED:
            del self._known[next(iter(self._known))]
        return peak

    def save(self) -> None:
        """Write the figures down; a disk that refuses costs a warning."""
        if self._file is None:
            return
        beside = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
            beside.replace(self._file)
        except OSError as error:
            _log.warning("cannot keep the memory figures in %s: %s", self._file, error)


def _read(file: Path) -> dict[str, dict[Device, int]]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[Device, int]])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        _log.warning("the memory figures in %s cannot be read (%s); they are learnt again", file, error)
        return {}


def _key(model: Model) -> str:
    """Return a name for the command that tells nobody what it is: it may hold keys."""
    text = "\0".join((model.cmd, *model.env))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
