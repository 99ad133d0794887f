"""The command line: flags become a typed wish, errors become one clear line and an exit status.

``serve`` takes llama-swap's own flags in llama-swap's own way: one dash or two, a value after ``=`` or a space, and
no abbreviations (configuration specification, section 1.1).
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llamaswap_desktop.build import describe_build, read_build
from llamaswap_desktop.config import Sources
from llamaswap_desktop.errors import ConfigError, LlamaSwapError, Problem, Severity

_CLIENT_VERBS = {
    *("status", "list", "load", "plan", "unload", "pin", "unpin", "pause", "resume", "profile"),
    *("reload", "logs", "open", "settings", "quit", "completion"),
}
"""What is asked of the running program; ``client.VERBS`` has them, and a test holds the two together."""

_WITH_A_VALUE = {"--config", "--config-dir", "--listen", "--tls-cert-file", "--tls-key-file"}


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What to serve and where; ``sources`` None means the user's own file.

    ``listen`` is host and port, None if the command line names none.  ``uses_settings`` is whether ``settings.yaml``
    has a say: with a tray, and when serving the user's own file.  ``watches`` is whether a change of the sources is to
    be noticed by itself.  ``is_autostart`` says that the system has started us, at login.  With ``certificate`` and
    ``key`` (PEM files) clients must speak TLS.
    """

    sources: Sources | None
    listen: tuple[str, int] | None = None
    uses_settings: bool = False
    watches: bool = False
    certificate: Path | None = None
    key: Path | None = None
    is_autostart: bool = False


class _Usage(Exception):
    """The words on the command line make no sense; ``usage`` shows those that do."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override] # argparse exits here; run() does that for us
        raise _Usage(message, self.format_usage())


def run(arguments: Sequence[str]) -> int:
    """Carry out the command line; return the exit status: 0 fine, 1 failed, 2 wrong usage."""
    words = list(arguments)
    if words[:1] == ["demo-model"]:
        from llamaswap_desktop import demo  # noqa: PLC0415 - a demo model is started often and must start fast

        return demo.run(words[1:])
    if words[:1] == ["--internal-ctrl-c"]:
        from llamaswap_desktop.process import send_ctrl_c  # noqa: PLC0415

        return send_ctrl_c(int(words[1]))
    try:
        match words[:1]:
            case ["check"]:
                return _check(words[1:])
            case ["diagnose"]:
                return _diagnose(words[1:])
            case ["scan"]:
                return _scan(words[1:])
            case ["schema"]:
                return _schema(words[1:])
            case [verb] if verb in _CLIENT_VERBS:
                from llamaswap_desktop.client import run_verb  # noqa: PLC0415
                from llamaswap_desktop.desktop import user_paths  # noqa: PLC0415

                return run_verb(verb, words[1:], user_paths().run_dir)
        return _run(words)
    except _Usage as error:
        sys.stderr.write(f"llamaswap-desktop: {error}\n{error.usage or _build_parser().format_usage()}")
        return 2
    except LlamaSwapError as error:
        sys.stderr.write(f"llamaswap-desktop: {error}\n")
        return 1


def _run(words: list[str]) -> int:
    serve = words[:1] == ["serve"]
    options = _build_parser().parse_args(_two_dashes(words[1:] if serve else words))
    if options.version:
        sys.stdout.write(f"llamaswap-desktop {describe_build(read_build())}\n")
        return 0
    has_sources = options.config is not None or options.config_dir is not None
    if serve and not has_sources and not options.user:
        sys.stderr.write(
            "llamaswap-desktop: serve needs --config FILE or --config-dir DIR, or --user for your own config.yaml\n"
        )
        return 1
    if options.user and has_sources:
        raise _Usage("--user excludes --config and --config-dir")
    if (options.tls_cert_file is None) is not (options.tls_key_file is None):
        sys.stderr.write(
            "llamaswap-desktop: --tls-cert-file and --tls-key-file belong together: give both or neither\n"
        )
        return 1
    sources = Sources(options.config, options.config_dir) if has_sources else None
    listen = None if options.listen is None else parse_listen(options.listen)
    watches = options.watch_config if options.watch_config is not None else sources is None
    wish = ServeOptions(
        sources=sources,
        listen=listen,
        uses_settings=not serve or options.user,
        watches=watches,
        certificate=options.tls_cert_file,
        key=options.tls_key_file,
        is_autostart=options.autostart,
    )
    # --version and usage errors need nothing of either:
    if serve:
        from llamaswap_desktop.program import serve as serve_headless  # noqa: PLC0415

        return serve_headless(wish)
    from llamaswap_desktop.desktop_app import run_desktop  # noqa: PLC0415

    return run_desktop(wish)


def _check(words: list[str]) -> int:
    """Carry out ``check``: say whether a configuration can be used, and what it means."""
    from llamaswap_desktop.config import Sources, describe, load_config  # noqa: PLC0415

    options = _build_check_parser().parse_args([_two_dashed(word) for word in words])
    options.config = options.config or options.file
    if options.config is None and options.config_dir is None:
        from llamaswap_desktop.places import user_places  # noqa: PLC0415

        options.config = user_places()[0].config_file
    described: dict[str, Any] | None = None
    try:
        config = load_config(Sources(options.config, options.config_dir), environment=os.environ)
    except ConfigError as error:
        problems = error.problems
    else:
        problems = config.warnings
        described = describe(config) if options.print else None
    show = _show_as_json if options.json else _show_as_text
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    show(errors, [problem for problem in problems if problem.severity is Severity.WARNING], described)
    return 1 if errors else 0


def _show_as_json(errors: list[Problem], warnings: list[Problem], config: dict[str, Any] | None) -> None:
    import msgspec  # noqa: PLC0415

    answer = {"errors": errors, "warnings": warnings, **({} if config is None else {"config": config})}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode() + "\n")


def _show_as_text(errors: list[Problem], warnings: list[Problem], config: dict[str, Any] | None) -> None:
    """Write the configuration to standard output, so that it can be kept; what is to be said, to standard error."""
    from llamaswap_desktop.config import to_yaml  # noqa: PLC0415

    if config is not None:
        sys.stdout.write(to_yaml(config))
    for problem in (*errors, *warnings):
        sys.stderr.write(f"{problem.severity}: {problem}\n")
    verdict = "the configuration cannot be used" if errors else "the configuration is fine"
    counts = [f"{name}: {len(found)}" for name, found in (("errors", errors), ("warnings", warnings)) if found]
    sys.stderr.write(f"{verdict} ({', '.join(counts)})\n" if counts else f"{verdict}\n")


def _build_check_parser() -> _Parser:
    parser = _Parser(
        prog="llamaswap-desktop check",
        description="Check a configuration, by default your own: exit status 0 if it can be used, 1 if not.",
        allow_abbrev=False,
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="configuration file")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the same")
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="directory of *.yaml files, on top of --config")
    parser.add_argument("--print", action="store_true", help="show what holds, without secrets")
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")
    return parser


def _diagnose(words: list[str]) -> int:
    """Carry out ``diagnose``: write the archive, and say where it is."""
    from datetime import datetime  # noqa: PLC0415

    from llamaswap_desktop.archive import archive_name  # noqa: PLC0415
    from llamaswap_desktop.diagnose import collect_diagnostics  # noqa: PLC0415
    from llamaswap_desktop.places import user_places  # noqa: PLC0415

    parser = _Parser(
        prog="llamaswap-desktop diagnose",
        description="Collect versions, settings, configuration, logs and hardware in one archive, without secrets.",
        allow_abbrev=False,
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the archive (default: in this folder)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the configuration (default: your own)")
    parser.add_argument("--json", action="store_true", help="answer with JSON")
    options = parser.parse_args(words)
    paths, settings = user_places()
    now = datetime.now().astimezone()
    file = options.file or Path(archive_name(now))
    try:
        collect_diagnostics(file, paths, settings, Sources(options.config or paths.config_file), now)
    except OSError as error:
        sys.stderr.write(f"llamaswap-desktop: cannot write {file}: {error}\n")
        return 1
    if options.json:
        import msgspec  # noqa: PLC0415

        sys.stdout.write(msgspec.json.encode({"ok": True, "file": str(file.absolute())}).decode() + "\n")
    else:
        sys.stdout.write(f"{file.absolute()}\nLook through it before you give it to anybody.\n")
    return 0


def _scan(words: list[str]) -> int:
    """Carry out ``scan``: print what could stand in the configuration for model files that do not yet."""
    from llamaswap_desktop.config import load_config  # noqa: PLC0415
    from llamaswap_desktop.discovery import find_model_files, proposal  # noqa: PLC0415
    from llamaswap_desktop.places import user_places  # noqa: PLC0415
    from llamaswap_desktop.settings import placed  # noqa: PLC0415

    parser = _Parser(
        prog="llamaswap-desktop scan",
        description="Look for model files, and print the lines for config.yaml of those that are not in it yet.",
        allow_abbrev=False,
    )
    parser.add_argument("folder", type=Path, nargs="*", metavar="FOLDER", help="default: those of the settings")
    parser.add_argument("--json", action="store_true", help="answer with JSON: all that were found")
    options = parser.parse_args(words)
    paths, settings = user_places()
    folders = [folder.absolute() for folder in options.folder] or [*map(placed, settings.now.folders.models)]
    if not folders:
        example = "llamaswap-desktop settings folders.models '[\"~/models\"]'"
        sys.stderr.write(f"llamaswap-desktop: no folder to look through; name one, or for always: {example}\n")
        return 1
    models = find_model_files(folders)
    try:
        configured = load_config(Sources(paths.config_file), environment=os.environ).models
    except ConfigError:
        configured = {}
    is_new = {model.path: not any(model.is_named_in(its.cmd) for its in configured.values()) for model in models}
    if options.json:
        import msgspec  # noqa: PLC0415

        found = [{**asdict(model), "is_configured": not is_new[model.path]} for model in models]
        sys.stdout.write(msgspec.json.encode(found, enc_hook=str).decode() + "\n")
        return 0
    new = [model for model in models if is_new[model.path]]
    if new:
        sys.stdout.write(f"{proposal(new, taken=configured)}\n")
    sys.stderr.write(f"models found: {len(models)}, not in the configuration: {len(new)}\n")
    return 0


def _schema(words: list[str]) -> int:
    """Carry out ``schema``: print the JSON schema of configuration files."""
    from llamaswap_desktop.config import schema_text  # noqa: PLC0415

    _build_schema_parser().parse_args(words)
    sys.stdout.write(schema_text())
    return 0


def _build_schema_parser() -> _Parser:
    return _Parser(
        prog="llamaswap-desktop schema",
        description="Print the JSON schema of configuration files, for editors that check while you write.",
        allow_abbrev=False,
    )


def _build_parser() -> _Parser:
    parser = _Parser(
        prog="llamaswap-desktop [serve]",
        description="One local address for all your AI models. Without a command: your own config.yaml.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (llama-swap's format)")
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="every .yml and .yaml file in DIR, on top")
    parser.add_argument("--user", action="store_true", help="use your own config.yaml (the default without 'serve')")
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        help="address to serve on; ':9292' means all interfaces (default: 127.0.0.1:9292, or that of settings.yaml)",
    )
    parser.add_argument("--tls-cert-file", type=Path, metavar="FILE", help="serve HTTPS with this certificate (PEM)")
    parser.add_argument("--tls-key-file", type=Path, metavar="FILE", help="and this key (PEM)")
    parser.add_argument(
        "--watch-config",
        type=_truth,
        nargs="?",
        const=True,
        metavar="true|false",
        help="read changed sources again by itself (default: for your own config.yaml)",
    )
    parser.add_argument("--autostart", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _truth(text: str) -> bool:
    """Read a switch as llama-swap does."""
    values = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}
    if (value := values.get(text.lower())) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return value


def _two_dashes(words: list[str]) -> list[str]:
    """Spell llama-swap's one-dash flags with two, and drop everything from the first word that is no flag."""
    spelled: list[str] = []
    takes_value = False
    for word in words:
        if takes_value:
            takes_value = False
        elif not word.startswith("-") or word == "-":
            break
        else:
            word = _two_dashed(word)  # noqa: PLW2901 - the same word
            takes_value = word in _WITH_A_VALUE
        spelled.append(word)
    return spelled


def _two_dashed(word: str) -> str:
    """Spell a flag with two dashes; what is no flag stays as it is."""
    return "--" + word.lstrip("-") if word.startswith("-") and word not in {"-", "-h"} else word


def parse_listen(address: str) -> tuple[str, int]:
    """Split ``HOST:PORT``; an empty host means all interfaces.  Raises a usage error naming the value."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise _Usage(f"--listen {address!r} is not HOST:PORT, such as 127.0.0.1:9292")
    return host.removeprefix("[").removesuffix("]"), int(port)
