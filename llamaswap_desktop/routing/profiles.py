"""The active profile: which name stands for which (runtime specification, section 5.1)."""

from dataclasses import dataclass

from llamaswap_desktop.config import Profile


@dataclass(frozen=True, slots=True)
class Pinned:
    """A pin that applies: ``target`` is put in the place of ``name``; an empty target switches the name off."""

    name: str
    target: str


def pin_for(profile: Profile | None, name: str) -> Pinned | None:
    """Return the pin for exactly this name, as requested; aliases are not resolved first."""
    if profile is None or name not in profile.pins:
        return None
    return Pinned(name, profile.pins[name])


def pin_for_path(profile: Profile | None, path: str) -> Pinned | None:
    """Return the longest pin that ``path`` begins with, up to its end or a slash.

    ``path`` is what follows ``/upstream/``, decoded.
    """
    if profile is None:
        return None
    fitting = [name for name in profile.pins if path == name or path.startswith(f"{name}/")]
    if not fitting:
        return None
    name = max(fitting, key=len)
    return Pinned(name, profile.pins[name])
