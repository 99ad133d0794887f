"""No console window ever flashes on Windows: whatever starts a program there says so."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "llamaswap_desktop"

STARTS = {
    "subprocess": {"Popen", "run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"},
    "asyncio": {"create_subprocess_exec", "create_subprocess_shell"},
    "os": {"system", "popen", "spawnl", "spawnv", "startfile"},
    "platform": {"processor", "architecture"},  # some systems answer by starting a program
    "webbrowser": {"open"},
}

HARMLESS = {
    "desktop/clipboard/linux.py": "on Linux only",
    "process/tree_posix.py": "on Linux only",
    "guard.py": "on Linux only: a job object does its work on Windows",
    "desktop/browser.py": "Notepad and what opens addresses have windows of their own, and that is what is wanted",
}


def starts_in(path: Path):
    """Yield each call that starts a program: its line, and the words that it names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), keywords=keywords):
                if name in STARTS.get(module, ()):
                    yield node.lineno, {keyword.arg for keyword in keywords}
            case ast.Call(func=ast.Name(id="popen"), keywords=keywords):
                yield node.lineno, {keyword.arg for keyword in keywords}


def test_every_start_hides_its_console():
    found = {
        f"{path.relative_to(PACKAGE).as_posix()}": list(starts_in(path))
        for path in sorted(PACKAGE.rglob("*.py"))
        if list(starts_in(path))
    }
    assert set(HARMLESS) <= set(found), "a reason for what is there no more"
    careless = [
        f"{file}:{line}"
        for file, starts in found.items()
        for line, words in starts
        if file not in HARMLESS and "creationflags" not in words
    ]
    assert careless == []
    assert {"process/tree_windows.py", "process/launcher.py", "monitor/tool.py"} <= set(found)


def test_starting_is_nobody_elses_business():
    """Nobody imports a starter by its own name, which the look above would miss."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in STARTS:
                assert not STARTS[node.module] & {alias.name for alias in node.names}, f"{path}:{node.lineno}"
