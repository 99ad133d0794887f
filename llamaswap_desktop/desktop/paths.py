"""Where the program keeps its files; everything hangs from these few folders."""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

APP_ID = "llamaswap-desktop"
"""The one id of the program: command, packages, folders, lock, desktop entries."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The program's folders; none of them is created by asking for it.

    ``is_portable`` is whether they lie beside the executable: then nothing is left on the computer that it runs on.
    ``own_config_dir`` holds ``config.yaml`` where the user wants it elsewhere than beside the settings.
    """

    config_dir: Path
    state_dir: Path
    log_dir: Path
    is_portable: bool = False
    own_config_dir: Path | None = None

    @property
    def config_file(self) -> Path:
        """The user's ``config.yaml``, in llama-swap's format."""
        return (self.own_config_dir or self.config_dir) / "config.yaml"

    @property
    def run_dir(self) -> Path:
        """Holds one run file per instance.

        Not the session's runtime folder: a service may have none, and leftovers outlive the session that it is for.
        """
        return self.state_dir / "run"

    @property
    def settings_file(self) -> Path:
        """The program's own ``settings.yaml``."""
        return self.config_dir / "settings.yaml"

    @property
    def memory_file(self) -> Path:
        """What models were seen to take of each device."""
        return self.state_dir / "memory.json"

    @property
    def lock_name(self) -> str:
        """What only one tray at a time may hold; a portable copy does not stand in the way of an installed one."""
        if not self.is_portable:
            return APP_ID
        return f"{APP_ID}-{hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:16]}"

    def config_backups_of(self, config_file: Path | None) -> Path:
        """Where earlier versions of a configuration file are kept, apart from those of every other file."""
        place = os.fsencode(os.path.abspath(config_file or self.config_file))  # noqa: PTH100 - links are not followed
        return self.state_dir / "config-backups" / hashlib.sha256(place).hexdigest()[:16]


def user_paths() -> Paths:
    """Return the per-user folders of this system, or a portable copy's own."""
    if data := portable_folder():
        return Paths(config_dir=data, state_dir=data / "state", log_dir=data / "logs", is_portable=True)
    roaming = PlatformDirs(APP_ID, appauthor=False, roaming=True)
    local = PlatformDirs(APP_ID, appauthor=False)
    return Paths(
        config_dir=Path(roaming.user_config_dir), state_dir=Path(local.user_state_dir), log_dir=Path(local.user_log_dir)
    )


def licences_folder() -> Path | None:
    """Return where the licences of all parts of a built program are; from source each part has brought its own."""
    folder = Path(getattr(sys, "_MEIPASS", "")) / "licences"
    return folder if getattr(sys, "frozen", False) and folder.is_dir() else None


def portable_folder() -> Path | None:
    """Return the folder ``data`` beside the executable if this is a portable copy, else None.

    It is one if there is such a folder, or a file ``portable.ini``.  Only a built program can be: from source, what
    lies beside Python is none of our business.
    """
    if not getattr(sys, "frozen", False):
        return None
    home = Path(sys.executable).parent
    is_portable = (home / "portable.ini").is_file() or (home / "data").is_dir()
    return home / "data" if is_portable else None
