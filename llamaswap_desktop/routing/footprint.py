"""How much memory a model needs, device by device: declared where the user says so, else learnt."""

from collections.abc import Mapping, Sequence

from llamaswap_desktop.config import Footprint
from llamaswap_desktop.routing.planner import RAM, Device

_FIRST_GPU = Device("gpu0")


def footprint(
    declared: Footprint, learnt: Mapping[Device, int] | None, gpus: Sequence[Device]
) -> Mapping[Device, int] | None:
    """Return MiB by device, or None when something about the model is neither declared nor learnt.

    Declared GPU memory lies on the devices as the learnt memory does; before the first load it is spread evenly, as
    model servers do unless told otherwise.  Without a GPU only ``ram`` has to be learnt.
    """
    vram = _vram(declared.vram_mib, learnt, gpus)
    ram = declared.ram_mib if declared.ram_mib is not None else None if learnt is None else learnt.get(RAM, 0)
    if vram is None or (ram is None and declared.vram_mib is None):
        return None
    return {**vram, RAM: ram or 0}


def _vram(
    declared_mib: int | None, learnt: Mapping[Device, int] | None, gpus: Sequence[Device]
) -> Mapping[Device, int] | None:
    on_gpus = {device: mib for device, mib in (learnt or {}).items() if device != RAM}
    if declared_mib is None:
        return on_gpus if learnt is not None or not gpus else None
    if total := sum(on_gpus.values()):
        return {device: declared_mib * mib // total for device, mib in on_gpus.items()}
    devices = gpus or [_FIRST_GPU]
    return {device: declared_mib // len(devices) for device in devices}
