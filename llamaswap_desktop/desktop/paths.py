"""Where the program keeps its files; everything hangs from these few folders."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

APP_ID = "llamaswap-desktop"
"""The one id of the program: command, packages, folders, lock, desktop entries."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The program's folders; none of them is created by asking for it."""

    config_dir: Path
    state_dir: Path
    log_dir: Path

    @property
    def config_file(self) -> Path:
        """The user's ``config.yaml``, in llama-swap's format."""
        return self.config_dir / "config.yaml"

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

    def config_backups_of(self, config_file: Path | None) -> Path:
        """Where earlier versions of a configuration file are kept, apart from those of every other file."""
        place = os.fsencode(os.path.abspath(config_file or self.config_file))  # noqa: PTH100 - links are not followed
        return self.state_dir / "config-backups" / hashlib.sha256(place).hexdigest()[:16]


def user_paths() -> Paths:
    """Return the per-user folders of this system."""
    roaming = PlatformDirs(APP_ID, appauthor=False, roaming=True)
    local = PlatformDirs(APP_ID, appauthor=False)
    return Paths(
        config_dir=Path(roaming.user_config_dir), state_dir=Path(local.user_state_dir), log_dir=Path(local.user_log_dir)
    )
