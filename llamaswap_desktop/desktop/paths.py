"""Where the program keeps its files; everything hangs from these few folders."""

from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

APP_ID = "llamaswap-desktop"
"""The one id of the program: command, packages, folders, lock, desktop entries."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The program's folders; none of them is created by asking for it."""

    config_dir: Path
    runtime_dir: Path

    @property
    def config_file(self) -> Path:
        """The user's ``config.yaml``, in llama-swap's format."""
        return self.config_dir / "config.yaml"

    @property
    def run_dir(self) -> Path:
        """Holds one run file per living instance."""
        return self.runtime_dir / "run"


def user_paths() -> Paths:
    """Return the per-user folders of this system."""
    dirs = PlatformDirs(APP_ID, appauthor=False, roaming=True)
    return Paths(config_dir=Path(dirs.user_config_dir), runtime_dir=Path(dirs.user_runtime_dir))
