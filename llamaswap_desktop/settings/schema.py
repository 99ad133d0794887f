"""What can be set for this desktop, its types and its defaults.

The file belongs to the program: it is written anew at each change.  A newer version's keys are none of our business,
but they are the user's: whatever we do not know is kept as it is.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec

from llamaswap_desktop.errors import LlamaSwapError

_Keys = Mapping[str, Any]


class SettingsRefused(LlamaSwapError):
    """A value in the settings cannot be used; the text names key, value and what is expected."""

    status = 400


class Theme(StrEnum):
    """Which colours the dashboard takes; ``auto`` follows the desktop."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class WaitingRequests(StrEnum):
    """What becomes of requests while models are paused."""

    REFUSE = "refuse"
    HOLD = "hold"


class Pause(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When models make room for something else.

    ``programs`` are names of programs (``game.exe``, ``blender``) that pause all models for as long as one of them
    runs; ``games`` does so while the system says that a game is played, ``full_screen`` while a program fills the
    screen.  ``gpu_percent`` and ``gpu_memory_mib`` do so while other programs use more of a GPU than that; 0 is no
    limit.
    """

    programs: tuple[str, ...] = ()
    games: bool = False
    full_screen: bool = False
    gpu_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    gpu_memory_mib: Annotated[int, msgspec.Meta(ge=0)] = 0
    requests: WaitingRequests = WaitingRequests.REFUSE


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """Where the user keeps things: whole paths, ``~`` being the home folder; an empty one is the usual place.

    ``config`` holds ``config.yaml`` and ``logs`` the log files, both from the next start on.  ``models`` are where
    model files lie, to be opened from the menu and looked through by ``scan``.
    """

    config: str = ""
    logs: str = ""
    models: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would depend on where the program is started."""
        for folder in (*filter(None, (self.config, self.logs)), *self.models):
            if not placed(folder).is_absolute():
                raise ValueError(f"folders: {folder!r} is no whole path, such as ~/models")


def placed(folder: str) -> Path:
    """Return the folder that the settings name."""
    return Path(os.path.expanduser(folder))  # noqa: PTH111 - Path's own raises where nobody has that name


class Updates(msgspec.Struct, frozen=True, kw_only=True):
    """Whether ``url`` is asked once a day for the latest version; nothing is ever downloaded."""

    check: bool = False
    url: str = ""

    def __post_init__(self) -> None:
        """Refuse to ask nobody."""
        if self.check and not self.url.startswith(("https://", "http://")):
            raise ValueError(f"updates: url {self.url!r} is no address that can be asked, such as https://...")


class GroupSwitches(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Switches of a group that were changed live; None is what the configuration says."""

    swap: bool | None = None
    exclusive: bool | None = None
    persistent: bool | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All settings.

    ``listen`` is ``HOST:PORT``; ``share_on_lan`` listens on every interface of that port instead, and then ``api_key``
    is needed by every client beside the keys of the configuration.  Whether the program starts at login is no setting:
    the system knows.
    """

    listen: str = "127.0.0.1:9292"
    share_on_lan: bool = False
    api_key: str = ""
    notifications: bool = True
    theme: Theme = Theme.AUTO
    unload_before_sleep: bool = False
    pause: Pause = Pause()
    folders: Folders = Folders()
    updates: Updates = Updates()
    groups: Mapping[str, GroupSwitches] = {}

    def __post_init__(self) -> None:
        """Refuse what no type can tell."""
        _, colon, port = self.listen.rpartition(":")
        if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise ValueError(f"listen: {self.listen!r} is not HOST:PORT, such as 127.0.0.1:9292")
        if self.share_on_lan and not self.api_key:
            raise ValueError("shareOnLan: needs an apiKey, for everybody on the network could use your models")

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The address to serve on when it is not shared; an empty host means all interfaces."""
        host, _, port = self.listen.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)

    @property
    def served_at(self) -> tuple[str, int]:
        """The address to serve on: that of every interface while it is shared."""
        host, port = self.host_and_port
        return "0.0.0.0" if self.share_on_lan else host, port  # noqa: S104 - the user's own wish, with a key


def parse_settings(keys: _Keys) -> Settings:
    """Return the settings in ``keys``; unknown ones are passed over.  Raises ``SettingsRefused``."""
    try:
        return msgspec.convert(keys, Settings)
    except msgspec.ValidationError as error:
        raise SettingsRefused(f"settings: {error}") from error


def to_builtins(settings: Settings) -> dict[str, Any]:
    """Return the settings as they stand in a file, defaults filled in."""
    keys: dict[str, Any] = msgspec.to_builtins(settings)
    return keys


def changed(settings: Settings, keys: _Keys) -> Settings:
    """Return the settings with these keys set anew, whole blocks at a time.

    Raises ``SettingsRefused`` for a key that does not exist or a value that cannot be.
    """
    now = to_builtins(settings)
    if unknown := sorted(set(keys) - set(now)):
        raise SettingsRefused(f"settings: there is no key {unknown[0]!r}; there are {', '.join(now)}")
    return parse_settings({**now, **keys})
