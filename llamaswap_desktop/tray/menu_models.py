"""The models in the menu: a few in one list, hundreds in submenus by group and then by first letter.

How they are laid out depends on the configuration alone, never on what a model is doing.
"""

import itertools
import math
import re
from collections.abc import Iterable, Sequence

from llamaswap_desktop.commands import LoadModel, PinModel, UnloadModel, UnpinModel
from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.tray.entries import CopyText, Item, Menu, Separator, ShowLog, Submenu, ticked
from llamaswap_desktop.tray.texts import NAME_LIMIT, group_name, is_wanted, loaded_of, model_line, model_name, one_line
from llamaswap_desktop.types import ProcessState

ONE_LIST = 24
"""So many lines fit on a small screen; longer lists are cut into submenus."""

_SPAN_NAME_LIMIT = 32


def models_menu(snapshot: Snapshot, *, can_copy: bool) -> Menu:
    """Return one line for each model that is listed: tick = loaded, a click does the opposite."""
    listed = [model for model in snapshot.models if not model.unlisted]
    sections = list(_sections(listed, snapshot))
    if len(sections) == 1:
        return _by_letter(listed, can_copy=can_copy)
    if len(listed) > ONE_LIST:
        return tuple(
            Submenu(f"group {key}", f"{title}  ·  {loaded_of(models)}", _by_letter(models, can_copy=can_copy))
            for key, title, models in sections
        )
    lines: list[Item | Separator] = []
    for number, (key, title, models) in enumerate(sections):
        if number:
            lines.append(Separator(f"before group {key}"))
        lines.append(Item(f"group {key}", title))
        lines.extend(map(_model_item, models))
    return (*lines, *_details([model for *_, models in sections for model in models], can_copy=can_copy))


def _sections(listed: Sequence[ModelSnapshot], snapshot: Snapshot) -> Iterable[tuple[str, str, list[ModelSnapshot]]]:
    """Yield key, title and models of each group that has any, and last of what is in no group."""
    by_id = {model.id: model for model in listed}
    for group in snapshot.groups:
        if members := [by_id.pop(member) for member in group.members if member in by_id]:
            yield group.id, group_name(group), members
    if by_id:
        yield "", "Other models", list(by_id.values())


def _by_letter(models: Sequence[ModelSnapshot], *, can_copy: bool) -> Menu:
    if len(models) <= ONE_LIST:
        return _one_list(models, can_copy=can_copy)
    return tuple(
        Submenu(f"letters {some[0].id}", f"{span}  ·  {loaded_of(some)}", _one_list(some, can_copy=can_copy))
        for span, some in _spans(models)
    )


def _one_list(models: Sequence[ModelSnapshot], *, can_copy: bool) -> Menu:
    return (*map(_model_item, models), *_details(models, can_copy=can_copy))


def _spans(models: Sequence[ModelSnapshot]) -> Iterable[tuple[str, list[ModelSnapshot]]]:
    """Cut the models, in the order of the alphabet, into lists of a screen's length, each with its letters: ``A-D``.

    A letter that has more models than that is cut as well, into lists that say with which model they begin and end.
    """
    ordered = sorted(models, key=_sort_key)
    first, collected = "", list[ModelSnapshot]()
    last = ""
    for letter, group in itertools.groupby(ordered, key=_initial):
        some = list(group)
        if collected and len(collected) + len(some) > ONE_LIST:
            yield _span(first, last), collected
            collected = []
        if len(some) > ONE_LIST:
            yield from _cut(some)
            continue
        first, last = (first if collected else letter), letter
        collected = [*collected, *some]
    if collected:
        yield _span(first, last), collected


def _cut(models: Sequence[ModelSnapshot]) -> Iterable[tuple[str, list[ModelSnapshot]]]:
    """Cut models of one letter into lists of about the same length."""
    length = math.ceil(len(models) / math.ceil(len(models) / ONE_LIST))
    for start in range(0, len(models), length):
        some = list(models[start : start + length])
        yield f"{one_line(some[0].name, _SPAN_NAME_LIMIT)} … {one_line(some[-1].name, _SPAN_NAME_LIMIT)}", some


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def _sort_key(model: ModelSnapshot) -> tuple[str, list[tuple[int, str]], str]:
    """Order by letter and then as people count: 8b comes before 14b."""
    parts = re.split(r"([0-9]+)", model.name.casefold())
    return _initial(model), [(int(part) if part.isdecimal() else 0, part) for part in parts], model.id


def _initial(model: ModelSnapshot) -> str:
    """Return the first letter, or ``#`` for whatever is none."""
    first = next((character for character in model.name if character.isalnum()), "#").upper()
    return first if first.isalpha() else "#"


def _model_item(model: ModelSnapshot) -> Item:
    """Tick what is loaded; a click on what is loading calls it off."""
    return Item(
        key=model.id,
        label=model_line(model),
        action=UnloadModel(model.id) if is_wanted(model) else LoadModel(model.id),
        tick=ticked(model.state is ProcessState.READY),
    )


def _details(models: Sequence[ModelSnapshot], *, can_copy: bool) -> Menu:
    """Return the submenu of what else can be done with each model.

    It cannot hang on the model's own line: no desktop lets a line be clicked that opens a submenu.
    """
    if not models:
        return ()
    entries = tuple(
        Submenu(
            f"details {model.id}",
            model_name(model),
            (
                Item("load", "Load", None if is_wanted(model) else LoadModel(model.id)),
                Item("unload", "Unload", UnloadModel(model.id) if is_wanted(model) else None),
                Item(
                    "pin",
                    "Pinned: never unloaded to make room",
                    UnpinModel(model.id) if model.is_pinned else PinModel(model.id),
                    ticked(model.is_pinned),
                ),
                Item("log", "Show log", ShowLog(model.id)),
                Item("copy name", f"Copy name  ·  {_short(model.id)}", CopyText(model.id) if can_copy else None),
            ),
        )
        for model in models
    )
    return Separator("before details"), Submenu("details", "Pin, log, name", entries)


def _short(model_id: str) -> str:
    return model_id if len(model_id) <= NAME_LIMIT else model_id[: NAME_LIMIT - 1] + "…"
