"""The menu as a pure function of what is to be shown.

What a model is doing stands in its text, and entries come and go only with the configuration and with problems of the
program as a whole: so an open menu stays open while everything in it changes.
"""

from llamaswap_desktop.commands import PauseModels, Quit, ReloadConfig, ResumeModels, SetProfile, UnloadAll
from llamaswap_desktop.sizes import memory_size
from llamaswap_desktop.snapshot import ModelSnapshot, Snapshot
from llamaswap_desktop.tray.entries import (
    Action,
    CopyText,
    Item,
    Local,
    Menu,
    OpenFolder,
    Separator,
    ShowLog,
    Submenu,
    Switch,
    Tick,
    Turn,
    ticked,
)
from llamaswap_desktop.tray.menu_groups import groups_menu
from llamaswap_desktop.tray.menu_models import models_menu
from llamaswap_desktop.tray.texts import (
    APP_NAME,
    NAME_LIMIT,
    address_line,
    curl_example,
    is_wanted,
    one_line,
    problem_lines,
    status_line,
)
from llamaswap_desktop.tray.view import Surroundings, View
from llamaswap_desktop.types import Phase

_PAUSES = (("15 minutes", 15 * 60), ("1 hour", 60 * 60))


def menu_for(view: View) -> Menu:
    """Return the whole menu."""
    snapshot, around = view.snapshot, view.around
    is_serving = snapshot.phase is Phase.SERVING
    return (
        Item("status", status_line(snapshot)),
        Item("address", address_line(snapshot)),
        *_trouble(snapshot),
        Separator("after status"),
        Submenu("models", "Models", models_menu(snapshot, can_copy=around.can_copy)),
        *_groups(snapshot),
        *_profiles(snapshot),
        _free_item(snapshot.models, is_serving=is_serving),
        *_pause(snapshot, around),
        Separator("after models"),
        Item("dashboard", "Open dashboard", Local.OPEN_DASHBOARD if is_serving else None),
        _copy(snapshot, can_copy=around.can_copy),
        Submenu("logs", "Logs", _LOGS),
        Submenu("config", "Configuration", _config(around, is_serving=is_serving)),
        Separator("before settings"),
        _login_item(around),
        Submenu("settings", "Settings", _settings(around)),
        Submenu("about", "About", _about(around)),
        Separator("before quit"),
        Item("quit", "Quit", None if snapshot.phase is Phase.STOPPING else Quit()),
    )


def _trouble(snapshot: Snapshot) -> Menu:
    problems = problem_lines(snapshot)
    if not problems:
        return ()
    if snapshot.phase is not Phase.STOPPED:
        lines = tuple(Item(f"problem {number}", line) for number, line in enumerate(problems))
        return (Submenu("problems", f"Remarks ({len(snapshot.problems)})", (*lines, *_MEND)),)
    return (
        *(Item(f"problem {number}", line) for number, line in enumerate(problems)),
        Item("try again", "Try again", Local.TRY_AGAIN),
    )


def _groups(snapshot: Snapshot) -> Menu:
    groups = groups_menu(snapshot)
    return (Submenu("groups", "Groups", groups),) if groups else ()


def _profiles(snapshot: Snapshot) -> Menu:
    if not snapshot.profiles:
        return ()
    choices = [("no profile", "No profile", None), *((f"profile {name}", name, name) for name in snapshot.profiles)]
    items = tuple(
        Item(key, one_line(label, NAME_LIMIT), SetProfile(name), ticked(name == snapshot.profile), is_radio=True)
        for key, label, name in choices
    )
    return (Submenu("profiles", "Profiles", items),)


def _free_item(models: tuple[ModelSnapshot, ...], *, is_serving: bool) -> Item:
    held = [model for model in models if is_wanted(model)]
    known = sum(model.memory_bytes or 0 for model in held)
    label = f"Free memory now ({memory_size(known)})" if known else "Free memory now"
    return Item("free", label, UnloadAll() if held and is_serving else None)


def _pause(snapshot: Snapshot, around: Surroundings) -> Menu:
    """One click frees the GPU until it is wanted back; the submenu does so for a while."""
    is_serving, is_paused = snapshot.phase is Phase.SERVING, snapshot.paused is not None
    begin: Action = PauseModels(None, holds=around.pause_holds)
    label = "Pause and free the GPU"
    if is_paused:
        label = f"Paused until {around.pause_end}: resume now" if around.pause_end else "Paused: resume"
    return (
        Item("pause", label, (ResumeModels() if is_paused else begin) if is_serving else None, ticked(is_paused)),
        Submenu(
            "pause for",
            "Pause for",
            tuple(
                Item(text, text, PauseModels(seconds, holds=around.pause_holds) if is_serving else None)
                for text, seconds in _PAUSES
            ),
        ),
    )


def _copy(snapshot: Snapshot, *, can_copy: bool) -> Submenu:
    label = "Copy address"
    if snapshot.phase is not Phase.SERVING or not snapshot.address:
        return Submenu("copy", label, ())
    if not can_copy:
        # The dashboard's own button can: a browser may always fill the clipboard.
        item = Item("in the dashboard", f"{snapshot.address}, in the dashboard", Local.OPEN_DASHBOARD)
        return Submenu("copy", label, (item,))
    openai, anthropic = f"{snapshot.address}/v1", snapshot.address
    return Submenu(
        "copy",
        label,
        (
            Item("openai", f"OpenAI  ·  {openai}", CopyText(openai)),
            Item("anthropic", f"Anthropic  ·  {anthropic}", CopyText(anthropic)),
            Item("curl", "Example for curl", CopyText(curl_example(snapshot))),
        ),
    )


_MEND: Menu = (
    Separator("after problems"),
    Item("edit", "Edit the configuration", Local.EDIT_CONFIG),
    Item("log", "Show the log", ShowLog()),
)
_LOGS: Menu = (
    Item("app log", "Log of the program", ShowLog()),
    Item("log folder", "Open folder", Local.OPEN_LOG_FOLDER),
)


def _config(around: Surroundings, *, is_serving: bool) -> Menu:
    return (
        Item("edit", "Edit", Local.EDIT_CONFIG),
        Item("folder", "Open folder", Local.OPEN_CONFIG_FOLDER),
        Item("reload", "Reload", ReloadConfig() if is_serving else None),
        Item("check", "Check", Local.CHECK_CONFIG),
        *_model_folders(around.model_folders),
    )


def _model_folders(folders: tuple[str, ...]) -> Menu:
    if not folders:
        return ()
    items = (Item(f"models {folder}", f"Open {one_line(folder, NAME_LIMIT)}", OpenFolder(folder)) for folder in folders)
    return (Separator("before model folders"), *items)


def _login_item(around: Surroundings) -> Item:
    """Tick what the system says; where it cannot be asked there is nothing to click."""
    if around.starts_at_login is None:
        return Item("login", "Start at login", None, Tick.OFF)
    is_on = around.starts_at_login
    return Item("login", "Start at login", Turn(Switch.START_AT_LOGIN, not is_on), ticked(is_on))


def _settings(around: Surroundings) -> Menu:
    return (
        _switch(Switch.NOTIFICATIONS, "Notifications", is_on=around.notifies),
        _switch(Switch.SHARE_ON_LAN, "Share on the local network", is_on=around.shares_on_lan),
        Separator("before file"),
        Item("edit settings", "Edit settings.yaml", Local.EDIT_SETTINGS),
    )


def _switch(switch: Switch, label: str, *, is_on: bool) -> Item:
    return Item(switch, label, Turn(switch, not is_on), ticked(is_on))


def _about(around: Surroundings) -> Menu:
    return (
        Item("version", f"{APP_NAME} {around.version}".rstrip()),
        *((Item("build", one_line(around.build, 2 * NAME_LIMIT)),) if around.build else ()),
        Item("licence", "MIT licence; on Windows with pystray (LGPL)"),
        *((Item("licences", "Licences of its parts", Local.SHOW_LICENCES),) if around.has_licences else ()),
        Item("diagnostics", "Collect diagnostics", Local.COLLECT_DIAGNOSTICS),
    )
