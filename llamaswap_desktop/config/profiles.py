"""Profiles: named sets of pins, one of which may be active (specification, section 11)."""

from collections.abc import Container
from collections.abc import Mapping as MappingType

from llamaswap_desktop.config.names import Names
from llamaswap_desktop.config.nodes import Mapping, Path, is_null
from llamaswap_desktop.config.peers import FullNames
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.schema import Profile, ProfileId


def read_profiles(root: Mapping, reader: Reader, report: Report) -> dict[ProfileId, Profile]:
    """Read every profile; the form of early versions, a list, is refused."""
    profiles = {}
    for key, value in reader.mapping(root.get("profiles"), ("profiles",)) or ():
        path: Path = ("profiles", key)
        if isinstance(value, Mapping) or is_null(value):
            profiles[ProfileId(key)] = reader.block(value, Profile(id=ProfileId(key), pins={}), path)
        else:
            message = f"profile '{key}' must be a mapping with pins (requested name: target); lists are an old form"
            report.error(path, message, at=value.mark)
    return profiles


def check_profiles(
    profiles: MappingType[ProfileId, Profile],
    names: Names,
    selectors: Container[str],
    full_names: FullNames,
    report: Report,
) -> None:
    """Report what is wrong with each profile."""
    for profile in profiles.values():
        path: Path = ("profiles", profile.id)
        if not profile.id.strip():
            report.error(path, f"the name of a profile is blank ('{profile.id}'): give it a name")
        if not profile.pins:
            report.error((*path, "pins"), f"profile '{profile.id}' has no pins: add 'requested name: target'")
        for pin, target in profile.pins.items():
            here: Path = (*path, "pins", pin)
            if not pin.strip():
                report.error(here, f"profile '{profile.id}' has a pin with a blank name ('{pin}'): give it a name")
            full_names.refuse((pin,), f"profile '{profile.id}': pin", here)
            if target and target not in selectors and names.resolve(target) is None:
                shown = f"{report.quote(pin)} points to {report.quote(target)}"
                message = f"profile '{profile.id}': pin {shown}, which is no model and no selector"
                report.error(here, f"{message}; leave it empty to switch the name off")
