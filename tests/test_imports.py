"""Who may import whom: the table of the house, kept true."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "llamaswap_desktop"
VOCABULARY = {"types", "errors", "events", "commands", "snapshot", "tasks", "sizes"}

ROOMS = {
    "types": (set(), set()),
    "errors": (set(), set()),
    "events": (VOCABULARY, {"msgspec"}),
    "commands": (VOCABULARY, set()),
    "snapshot": (VOCABULARY, set()),
    "tasks": (set(), set()),
    "sizes": (set(), set()),
    "guard": (set(), set()),
    "config": (VOCABULARY, {"yaml", "msgspec", "re2", "ruamel"}),
    "routing": (VOCABULARY | {"config"}, {"msgspec"}),  # its structs only
    "logs": (VOCABULARY, set()),
    "monitor": (VOCABULARY, {"psutil"}),
    "http1": (VOCABULARY, {"httptools", "msgspec"}),
    "process": (VOCABULARY | {"config", "http1", "guard"}, {"psutil"}),
    "activity": (VOCABULARY, {"msgspec"}),  # msgspec reads figures in 2 µs, and its structs are the API's JSON
    "core": (VOCABULARY | {"config", "routing", "http1", "process"}, {"msgspec"}),
    "proxy": (VOCABULARY | {"config", "http1", "core"}, {"msgspec"}),
    "web": (
        VOCABULARY | {"settings", "config", "http1", "core", "activity", "logs", "monitor", "archive"},
        {"aiohttp", "msgspec"},
    ),
    "settings": (VOCABULARY, {"msgspec", "yaml"}),
    "discovery": (VOCABULARY, set()),
    "archive": (VOCABULARY | {"settings", "config", "logs", "monitor"}, {"msgspec"}),
    "dbus": (VOCABULARY, {"jeepney"}),
    "tray": (VOCABULARY | {"dbus"}, {"pystray", "PIL", "jeepney", "gi"}),
    "desktop": (VOCABULARY | {"dbus"}, {"platformdirs", "jeepney", "psutil"}),
    "client": (VOCABULARY | {"process", "desktop"}, {"msgspec"}),
    "demo": (set(), {"aiohttp", "msgspec"}),
}
"""Room: the rooms and the packages it may import, beside the standard library."""

WIRING = {
    "app", "build", "places", "memory_watch", "gpu_use", "program", "desktop_app", "desk", "core_thread",
    "companions", "notices", "group_switches", "second_start", "pausing", "diagnose", "unexpected", "updates", "cli",
    "firstrun", "__main__", "__init__",
}  # fmt: skip
"""May import everything; nobody imports them but each other."""

NOT_IN_ROUTING = {"asyncio", "time", "os", "socket", "threading", "subprocess", "random", "logging"}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path):
    """Yield every imported module's dotted name, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}:{node.lineno}: say the whole name"
            if node.module == "llamaswap_desktop":
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_house(path):
    room = room_of(path)
    if room in WIRING:
        return
    rooms, packages = ROOMS[room]
    for name, line in imports_of(path):
        top, _, rest = name.partition(".")
        where = f"{path.relative_to(PACKAGE.parent)}:{line}"
        if top != "llamaswap_desktop":
            assert top in packages or top in sys.stdlib_module_names, f"{where}: {room} may not import {top}"
            assert room != "routing" or top not in NOT_IN_ROUTING, f"{where}: routing is pure, no {top}"
            continue
        other, _, inner = rest.partition(".")
        if other in {room, "__version__"}:
            continue
        assert other in rooms, f"{where}: {room} may not import {other}"
        assert not inner or other in VOCABULARY, f"{where}: import from {other}, not from its module {inner}"


def test_every_room_is_in_the_table():
    assert {room_of(path) for path in modules()} <= set(ROOMS) | WIRING


def users_of(package: str) -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        for name, _ in imports_of(path)
        if name.partition(".")[0] == package
    }


def test_pystray_is_imported_by_the_backends_that_draw_by_it_only():
    assert users_of("pystray") == {"tray/windows.py", "tray/gtk.py", "tray/pystray_menu.py"}


def test_the_tray_knows_asyncio_in_its_linux_half_only():
    users = {path for path in users_of("asyncio") if path.startswith("tray/")}
    assert users == {path for path in users if path.startswith("tray/sni/")}
