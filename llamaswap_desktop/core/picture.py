"""The picture of now, taken from the configuration, the scheduler and the processes."""

from collections.abc import Mapping

from llamaswap_desktop.config import Config, Group, Model
from llamaswap_desktop.process import Process
from llamaswap_desktop.routing import RAM, Device, Scheduler
from llamaswap_desktop.snapshot import Deadline, GroupSnapshot, LoadSnapshot, ModelSnapshot, WaitingSnapshot
from llamaswap_desktop.types import ModelId

_MIB = 1024 * 1024


def picture_models(
    config: Config,
    scheduler: Scheduler,
    processes: Mapping[ModelId, Process],
    problems: Mapping[ModelId, str],
    memory_mib: Mapping[ModelId, Mapping[Device, int]],
) -> tuple[ModelSnapshot, ...]:
    """Return every configured model as it is now; ``memory_mib`` is what each was last seen to hold, by device."""

    def picture(model: Model) -> ModelSnapshot:
        counts = scheduler.counts(model.id)
        process = processes[model.id]
        unloads_at = scheduler.unloads_at(model.id)
        held = memory_mib.get(model.id) if process.pid is not None else None
        return ModelSnapshot(
            id=model.id,
            name=model.name or model.id,
            state=process.state,
            unlisted=model.unlisted,
            waiting=counts.waiting,
            in_flight=counts.in_flight,
            memory_bytes=None if held is None else _most_telling_mib(held) * _MIB,
            problem=problems.get(model.id, ""),
            is_pinned=scheduler.is_pinned(model.id),
            is_stuck=scheduler.is_stuck(model.id),
            unloads_in_s=None if unloads_at is None else Deadline(unloads_at),
        )

    return tuple(picture(model) for model in config.models.values())


def _most_telling_mib(held: Mapping[Device, int]) -> int:
    """Return the memory on GPUs for a model that lies there, else what it takes of the system's."""
    return sum(mib for device, mib in held.items() if device != RAM) or held.get(RAM, 0)


def picture_groups(config: Config, configured: Config) -> tuple[GroupSnapshot, ...]:
    """Return every group with the switches that hold now, beside those that the files say."""
    as_written = configured.routing.router.settings.groups

    def picture(group: Group) -> GroupSnapshot:
        return GroupSnapshot(
            id=group.id,
            members=group.members,
            swap=group.swap,
            exclusive=group.exclusive,
            persistent=group.persistent,
            is_overridden=group != as_written.get(group.id),
        )

    return tuple(picture(group) for group in config.groups)


def picture_loads(scheduler: Scheduler, now: float) -> tuple[LoadSnapshot, ...]:
    """Return every load under way."""
    return tuple(LoadSnapshot(load.model, load.leaving, load.loading_s, load.usual_s) for load in scheduler.loads(now))


def picture_waiting(scheduler: Scheduler, now: float) -> tuple[WaitingSnapshot, ...]:
    """Return everybody who waits, with the reason in words."""
    return tuple(
        WaitingSnapshot(waiting.model, waiting.waited_s, waiting.position, waiting.sentence)
        for waiting in scheduler.waiting(now)
    )
