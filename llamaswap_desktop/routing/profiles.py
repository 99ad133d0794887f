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
