"""The verbs of the command line: what each sends, and what it prints.

Exit statuses: 0 fine, 1 it failed, 2 wrong usage, 3 the program is not running or does not answer, 4 there is no such
model, profile, group or log.  With ``--json`` every verb answers with one JSON value on standard output, errors too
(``{"error": "..."}``).
"""

import argparse
import codecs
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import msgspec

from llamaswap_desktop.client.completion import SHELLS, script_for
from llamaswap_desktop.client.connection import Connection, NotRunning, Refused
from llamaswap_desktop.client.find import find_instance
from llamaswap_desktop.client.texts import list_lines, plan_lines, status_lines
from llamaswap_desktop.desktop import open_url
from llamaswap_desktop.process import Instance, user_environment

FINE, FAILED, WRONG_USAGE, NOT_RUNNING, NOT_FOUND = range(5)

_COMMANDS = "/api/desktop/commands/"
_LOOK_INTERVAL_S = 0.1
_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600}


class WrongUsage(Exception):
    """The words make no sense; the text says why and shows those that do."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{message}\n{self.format_usage().rstrip()}")


@dataclass(frozen=True, slots=True)
class Talk:
    """One verb being carried out: the instance, its connection, the words, and whether JSON is wanted."""

    instance: Instance
    connection: Connection
    words: argparse.Namespace

    def command(self, verb: str, body: Mapping[str, object], said: str) -> int:
        """Send a command of the core; print ``said``, or the answer as JSON."""
        answer = self.connection.post(f"{_COMMANDS}{verb}", body)
        self.say(answer, said)
        return FINE

    def say(self, answer: object, text: str) -> None:
        """Print ``text``, or ``answer`` as JSON."""
        _write(msgspec.json.encode(answer).decode() if self.words.json else text)

    def state(self) -> Any:
        """Return the picture of now."""
        return self.connection.get("/api/desktop/state")


@dataclass(frozen=True, slots=True)
class Verb:
    """A word of the command line: what it does, in one line, and how."""

    about: str
    carry_out: Callable[[Talk], int]
    add_words: Callable[[argparse.ArgumentParser], object] = lambda _parser: None


def run_verb(name: str, words: Sequence[str], run_dir: Path) -> int:
    """Carry out a verb; return the exit status."""
    parser = _Parser(prog=f"llamaswap-desktop {name}", description=VERBS[name].about, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="answer with JSON")
    parser.add_argument("--address", default="", metavar="URL", help="which instance is meant, if there are several")
    VERBS[name].add_words(parser)
    try:
        parsed = parser.parse_args(words)
    except WrongUsage as error:
        sys.stderr.write(f"llamaswap-desktop {name}: {error}\n")
        return WRONG_USAGE
    try:
        if name == "completion":
            _write(script_for(parsed.shell, VERBS), end="")
            return FINE
        instance = find_instance(run_dir, parsed.address)
        return VERBS[name].carry_out(Talk(instance, Connection(instance.address, instance.token), parsed))
    except NotRunning as error:
        return _fail(parsed, str(error), NOT_RUNNING)
    except Refused as error:
        return _fail(parsed, str(error), NOT_FOUND if error.answered == 404 else FAILED)
    except WrongUsage as error:
        return _fail(parsed, str(error), WRONG_USAGE)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads has had enough
        return FINE


def _fail(words: argparse.Namespace, message: str, status: int) -> int:
    if words.json:
        _write(msgspec.json.encode({"error": message}).decode())
    else:
        sys.stderr.write(f"llamaswap-desktop: {message}\n")
    return status


def _write(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


# -- the verbs


def _status(talk: Talk) -> int:
    state = talk.state()
    us = talk.instance
    about = {"address": us.address, "pid": us.pid, "kind": us.kind}
    talk.say({**about, **state}, "\n".join(status_lines(state, address=us.address, pid=us.pid, kind=us.kind)))
    return FINE


def _list(talk: Talk) -> int:
    models = talk.state()["models"]
    if talk.words.names:
        talk.say([model["id"] for model in models], "\n".join(model["id"] for model in models))
    else:
        talk.say(models, "\n".join(list_lines(models)))
    return FINE


def _load(talk: Talk) -> int:
    model = talk.words.model
    answer = talk.connection.post(f"{_COMMANDS}load", {"model": model})
    if not talk.words.wait:
        talk.say(answer, f"loading {model}")
        return FINE
    for now in _life_of(talk, model):
        if now["state"] == "ready":
            talk.say(now, f"{model} is ready")
            return FINE
        if now["problem"] and now["state"] == "stopped" and not now["waiting"]:
            return _fail(talk.words, f"{model}: {now['problem']}", FAILED)
    return _fail(talk.words, f"{model} is configured no more", NOT_FOUND)


def _life_of(talk: Talk, name: str) -> Iterator[Any]:
    """Yield what the model is doing, a few times a second; ends when there is no such model any more."""
    time.sleep(_LOOK_INTERVAL_S)
    while found := [model for model in talk.state()["models"] if name in {model["id"], model["name"]}]:
        yield found[0]
        time.sleep(_LOOK_INTERVAL_S)


def _plan(talk: Talk) -> int:
    answer = talk.connection.get(f"/api/desktop/plans?model={quote(talk.words.model, safe='')}")
    talk.say(answer, "\n".join(plan_lines(answer)))
    return FINE


def _unload(talk: Talk) -> int:
    if talk.words.model is None:
        return talk.command("unload_all", {}, "unloading all models")
    return talk.command("unload", {"model": talk.words.model}, f"unloading {talk.words.model}")


def _pin(talk: Talk) -> int:
    return talk.command("pin", {"model": talk.words.model}, f"{talk.words.model} is pinned")


def _unpin(talk: Talk) -> int:
    return talk.command("unpin", {"model": talk.words.model}, f"{talk.words.model} is pinned no more")


def _pause(talk: Talk) -> int:
    seconds = None if talk.words.duration is None else _seconds(talk.words.duration)
    until = "until resumed" if seconds is None else f"for {talk.words.duration}"
    return talk.command("pause", {"seconds": seconds}, f"paused {until}; no model is loaded")


def _seconds(text: str) -> int:
    match = re.fullmatch(r"([0-9]+)(s|m|min|h)?", text)
    if match is None or int(match[1]) < 1:
        raise WrongUsage(f"{text!r} is no duration, such as 15m, 1h or 90s")
    return int(match[1]) * _UNITS_S[match[2] or "s"]


def _resume(talk: Talk) -> int:
    return talk.command("resume", {}, "resumed")


def _reload(talk: Talk) -> int:
    return talk.command("reload", {}, "the configuration was read again")


def _profile(talk: Talk) -> int:
    if talk.words.none:
        return talk.command("set_profile", {"name": None}, "no profile")
    if talk.words.name is not None:
        return talk.command("set_profile", {"name": talk.words.name}, f"profile: {talk.words.name}")
    state = talk.state()
    profiles = state["profiles"]
    lines = [f"{'*' if name == state['profile'] else ' '} {name}" for name in profiles]
    talk.say({"profile": state["profile"], "profiles": profiles}, "\n".join(lines) or "there are no profiles")
    return FINE


def _logs(talk: Talk) -> int:
    name = talk.words.model
    follow = talk.words.follow
    path = f"/logs/stream/{quote(name or '', safe='/')}" + ("" if follow else "?no-follow")
    try:
        texts = _decoded(talk.connection.stream(path, waits=follow))
        if talk.words.json:
            texts = (msgspec.json.encode(line).decode() + "\n" for line in _lines(texts))
        for text in texts:
            _write(text, end="")
    except Refused as error:
        raise Refused(404, f"there is no log of {name!r}") if error.answered == 400 else error from error
    return FINE


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the pieces as text; a character may be cut between two of them."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Yield whole lines; one may be cut between two texts, and the last may have no end."""
    unfinished = ""
    for text in texts:
        *lines, unfinished = (unfinished + text).split("\n")
        yield from (line.removesuffix("\r") for line in lines)
    if unfinished:
        yield unfinished


def _open(talk: Talk) -> int:
    dashboard = f"{talk.instance.address}/ui/"
    try:
        open_url(dashboard, user_environment())
    except OSError as error:
        return _fail(talk.words, f"cannot open a browser: {error}; the dashboard is at {dashboard}", FAILED)
    talk.say({"ok": True, "url": dashboard}, dashboard)
    return FINE


def _settings(talk: Talk) -> int:
    (key, _, inner), value = (talk.words.key or "").partition("."), talk.words.value
    path = "/api/desktop/settings"
    settings = talk.connection.get(path)
    if key and (key not in settings or (inner and not isinstance(settings[key], dict))):
        return _fail(talk.words, f"there is no setting {talk.words.key!r}; there are {', '.join(settings)}", NOT_FOUND)
    if inner and value is None and inner not in settings[key]:
        return _fail(talk.words, f"there is no setting {inner!r} in {key}: {', '.join(settings[key])}", NOT_FOUND)
    if value is not None:
        wished = {**settings[key], inner: _value(value)} if inner else _value(value)
        settings = talk.connection.put(path, {key: wished})
    shown = settings[key][inner] if inner else settings[key] if key else settings
    text = "\n".join(f"{name}: {_plain(its)}" for name, its in settings.items()) if not key else _plain(shown)
    talk.say(shown, text)
    return FINE


def _value(text: str) -> object:
    """Read a value as JSON, and as a text where it is none."""
    try:
        value: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _quit(talk: Talk) -> int:
    """Ask for the end and wait for it: an installer may replace the program then."""
    answer = talk.connection.post(f"{_COMMANDS}quit", {})
    deadline = time.monotonic() + talk.words.timeout
    while time.monotonic() < deadline:
        try:
            talk.connection.get("/api/desktop/state")
        except (NotRunning, Refused):
            talk.say(answer, "llama-swap Desktop has ended")
            return FINE
        time.sleep(_LOOK_INTERVAL_S)
    return _fail(talk.words, f"it has not ended within {talk.words.timeout:g} s", FAILED)


# -- their words


def _one_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="id or alias")


def _model_to_load(parser: argparse.ArgumentParser) -> None:
    _one_model(parser)
    parser.add_argument("--wait", action="store_true", help="return when it is ready; status 1 if it fails")


def _maybe_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", nargs="?", help="id or alias; without one: all")


def _log_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="NAME", nargs="?", help="a model, 'proxy' or 'upstream'; without one: all")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what is written from now on")


def _duration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("duration", metavar="DURATION", nargs="?", help="15m, 1h, 90s; without one: until resumed")


def _profile_words(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("name", metavar="NAME", nargs="?", help="make this profile active; without one: show them")
    choice.add_argument("--none", action="store_true", help="switch profiles off")


VERBS: Mapping[str, Verb] = {
    "status": Verb("Say what the running program is doing.", _status),
    "list": Verb(
        "List the models and what each is doing.",
        _list,
        lambda parser: parser.add_argument("--names", action="store_true", help="print ids only"),
    ),
    "load": Verb("Load a model, stopping whatever may not run beside it.", _load, _model_to_load),
    "plan": Verb("Say what loading a model would unload, by policy.", _plan, _one_model),
    "unload": Verb("Unload a model, or all of them.", _unload, _maybe_model),
    "pin": Verb("Keep a model from being unloaded to make room.", _pin, _one_model),
    "unpin": Verb("Lift a pin.", _unpin, _one_model),
    "pause": Verb("Unload all models and load none, for a while or until resumed.", _pause, _duration),
    "resume": Verb("End a pause.", _resume),
    "profile": Verb("Show the profiles, or make one active.", _profile, _profile_words),
    "reload": Verb("Read the configuration again.", _reload),
    "logs": Verb("Print logs.", _logs, _log_words),
    "open": Verb("Open the dashboard in the browser.", _open),
    "settings": Verb(
        "Show the settings, or change one.",
        _settings,
        lambda parser: (
            parser.add_argument("key", metavar="KEY", nargs="?", help="such as theme, or pause.games in a block"),
            parser.add_argument("value", metavar="VALUE", nargs="?", help="JSON, or a plain text"),
        ),
    ),
    "quit": Verb(
        "End the running program in order, and wait until it has ended.",
        _quit,
        lambda parser: parser.add_argument(
            "--timeout", type=float, default=40.0, metavar="S", help="how long to wait (default: %(default)g s)"
        ),
    ),
    "completion": Verb(
        "Print completion for a shell: bash, zsh or fish.",
        lambda _talk: FINE,
        lambda parser: parser.add_argument("shell", choices=SHELLS),
    ),
}
