"""Where this user's files are: the usual folders, and what the settings put elsewhere."""

import dataclasses

from llamaswap_desktop.desktop import Paths, user_paths
from llamaswap_desktop.settings import SettingsFile, placed


def user_places() -> tuple[Paths, SettingsFile]:
    """Return the program's folders as they are wanted, and the settings, which are never elsewhere."""
    paths = user_paths()
    settings = SettingsFile(paths.settings_file)
    folders = settings.now.folders
    if folders.config:
        paths = dataclasses.replace(paths, own_config_dir=placed(folders.config))
    if folders.logs:
        paths = dataclasses.replace(paths, log_dir=placed(folders.logs))
    return paths, settings
