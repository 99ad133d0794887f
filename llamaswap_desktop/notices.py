"""What is worth telling somebody who looks elsewhere: few things, each with what can be done about it."""

from collections.abc import Callable
from pathlib import Path

from llamaswap_desktop.commands import LoadModel
from llamaswap_desktop.core import Core
from llamaswap_desktop.desktop import Notice, Offer
from llamaswap_desktop.errors import ConfigError, ListenFailed, LlamaSwapError, Problem
from llamaswap_desktop.events import ConfigRejected, Event, ProcessDied, ProcessStateChanged, StartFailed
from llamaswap_desktop.sizes import memory_size
from llamaswap_desktop.tray import Action, CopyText, Local, OpenPage, ShowLog, short_reason
from llamaswap_desktop.types import ModelId, ProcessState
from llamaswap_desktop.updates import Release

_AT_REST = {ProcessState.STOPPED, ProcessState.SHUTDOWN}

Act = Callable[[Action], None]


class Notices:
    """Turns the core's events into messages; ``show`` shows one, ``act`` does what its buttons ask for."""

    def __init__(self, core: Core, show: Callable[[Notice], None], act: Act) -> None:
        self._core = core
        self._show = show
        self._act = act
        self._held_bytes: int | None = None
        self._unsubscribe = core.subscribe(self._on_event)

    def stop(self) -> None:
        """Be silent from now on."""
        self._unsubscribe()

    def memory_will_be_freed(self) -> None:
        """Know that somebody has asked for memory: say how much it was when it is free."""
        models = [model for model in self._core.snapshot().models if model.state not in _AT_REST]
        self._held_bytes = sum(model.memory_bytes or 0 for model in models) if models else None

    def _on_event(self, event: Event) -> None:
        match event:
            case StartFailed(model, detail):
                self._show(load_failed(self._name_of(model), detail, model, self._act))
            case ProcessDied(model, detail):
                self._show(model_died(self._name_of(model), detail, model, self._act))
            case ConfigRejected(problems):
                self._show(config_refused(problems, self._act))
            case ProcessStateChanged(_, _, new) if new in _AT_REST and self._held_bytes is not None:
                if all(state in _AT_REST for state in self._core.process_states().values()):
                    self._show(memory_freed(self._held_bytes))
                    self._held_bytes = None
            case _:
                pass

    def _name_of(self, model: ModelId) -> str:
        configured = self._core.config.models.get(model)
        return model if configured is None else configured.name or model


def load_failed(name: str, detail: str, model: ModelId, act: Act) -> Notice:
    """Say that a model could not be loaded, and why."""
    offers = (Offer("Show log", lambda: act(ShowLog(model))), Offer("Try again", lambda: act(LoadModel(model))))
    return Notice("load failed", f"{name} could not be loaded", _sentence(detail, model), offers)


def model_died(name: str, detail: str, model: ModelId, act: Act) -> Notice:
    """Say that a model that was ready has ended by itself."""
    offers = (Offer("Show log", lambda: act(ShowLog(model))),)
    return Notice("model died", f"{name} has ended by itself", _sentence(detail, model), offers)


def _sentence(detail: str, model: ModelId) -> str:
    """Return the reason alone: the title says what it is the reason of."""
    reason = short_reason(detail, model)
    return f"{reason[:1].upper()}{reason[1:]}"


def config_refused(problems: tuple[Problem, ...], act: Act) -> Notice:
    """Say that what was changed does not hold, and why."""
    text = f"{_first_of(problems)}. The former one stays in force."
    return Notice("configuration", "The changed configuration cannot be used", text, (_edit(act),))


def start_failed(error: LlamaSwapError, try_again: Callable[[], None], other_port: Offer | None, act: Act) -> Notice:
    """Say why the program cannot serve; ``other_port`` is the way out where an address is taken."""
    again = Offer("Try again", try_again)
    if isinstance(error, ConfigError):
        text = _first_of(error.problems)
        return Notice("configuration", "The configuration cannot be used", text, (_edit(act), again))
    title = "The address is taken" if isinstance(error, ListenFailed) else "llama-swap Desktop cannot serve"
    way_out = (other_port,) if other_port is not None else ()
    return Notice("port", title, str(error), (again, *way_out))


def no_panel(address: str, act: Act) -> Notice:
    """Say that there is nothing to click on, and what there is instead."""
    text = (
        f"This desktop shows no tray icons (on GNOME the AppIndicator extension does). "
        f"The dashboard is at {address}/ui/; starting the program again opens it."
    )
    offers = (Offer("Open dashboard", lambda: act(Local.OPEN_DASHBOARD)),)
    return Notice("no panel", "llama-swap Desktop runs in the background", text, offers)


def config_checked(error: ConfigError | None, models: int, warnings: tuple[Problem, ...], act: Act) -> Notice:
    """Answer the wish to check the configuration."""
    if error is not None:
        title, text = "The configuration cannot be used", _first_of(error.problems)
    elif warnings:
        title, text = "The configuration can be used, with a remark", str(warnings[0])
    else:
        title, text = "The configuration is fine", f"{models} model{'' if models == 1 else 's'}"
    return Notice("check", title, text, (_edit(act),), was_asked_for=True)


def memory_freed(held_bytes: int) -> Notice:
    """Say how much memory models have given back."""
    text = f"{memory_size(held_bytes)} were given back." if held_bytes else "No model is loaded any more."
    return Notice("memory", "Memory is free", text)


def shared_on_lan(address: str, key: str, act: Act) -> Notice:
    """Say that other computers may come in now, and with which key; the key itself is not written on the screen."""
    offers = (Offer("Copy the key", lambda: act(CopyText(key))), Offer("Show it", lambda: act(Local.EDIT_SETTINGS)))
    text = (
        f"Other computers reach {address} now. Every program, on this computer too, needs the API key that stands in "
        "settings.yaml."
    )
    return Notice("sharing", "Shared on the local network", text, offers, was_asked_for=True)


def unexpected_error(what: str, act: Act) -> Notice:
    """Say that something went wrong inside, and that models go on."""
    offers = (Offer("Show log", lambda: act(ShowLog())),)
    return Notice("unexpected", "Something went wrong inside", f"{what}. Models go on; the log has details.", offers)


def crashed(act: Act) -> Notice:
    """Say that the last run has ended by a crash."""
    offers = (Offer("Open folder", lambda: act(Local.OPEN_LOG_FOLDER)),)
    return Notice("crash", "The last run crashed", "What is known of it stands in last-crash.log.", offers)


def diagnostics_collected(file: Path, act: Act) -> Notice:
    """Say where the archive is."""
    offers = (Offer("Open folder", lambda: act(Local.OPEN_LOG_FOLDER)),)
    text = f"{file.name}; look through it before you give it to anybody."
    return Notice("diagnostics", "Diagnostics were collected", text, offers, was_asked_for=True)


def update_found(release: Release, act: Act) -> Notice:
    """Say that there is a newer version, and where one reads about it."""
    offers = (Offer("Open page", lambda: act(OpenPage(release.page))),) if release.page else ()
    return Notice("update", f"Version {release.version} is out", "Nothing was downloaded.", offers)


def trouble(title: str, text: str) -> Notice:
    """Say what went wrong with something that was clicked."""
    return Notice("trouble", title, text, was_asked_for=True)


def _first_of(problems: tuple[Problem, ...]) -> str:
    """Return the first problem with its line, and how many more there are."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"


def _edit(act: Act) -> Offer:
    return Offer("Edit", lambda: act(Local.EDIT_CONFIG))
