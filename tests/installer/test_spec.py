"""What ``build.spec`` asks PyInstaller for on Windows, looked at on any system."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from installer import about, contents, icons, licences
from installer import compile as compiler

SPEC = contents.ROOT / "build.spec"


class Asked:
    """Plays PyInstaller: keeps what the spec file asks for."""

    def __init__(self, work: Path) -> None:
        self.analysis: dict = {}
        self.executables: list[dict] = []
        self.collected: tuple = ()
        names = {"Analysis": self._analyse, "PYZ": list, "EXE": self._executable, "COLLECT": self._collect}
        exec(SPEC.read_text(), {**names, "SPECPATH": str(contents.ROOT), "workpath": str(work)})

    def _analyse(self, scripts, **settings):
        self.analysis = {"scripts": scripts, **settings}
        return SimpleNamespace(pure=[], binaries=[], datas=[], scripts=scripts)

    def _executable(self, _archive, _scripts, **settings):
        self.executables.append(settings)
        return settings

    def _collect(self, *parts, **settings):
        self.collected = parts
        return SimpleNamespace(name=settings["name"])


@pytest.fixture(scope="module")
def on_windows(tmp_path_factory) -> Asked:
    own = licences.Part("llamaswap-desktop", about.version(), "pkg:generic/x", "MIT", ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(licences, "parts_of", lambda _modules, _binaries: [own])
        patch.setattr(compiler, "prepare", lambda folder: folder)  # a compiler for Windows is not here
        patch.setattr(sys, "platform", "win32")
        patch.setattr(sys, "path", [*sys.path])
        patch.setenv("PYSTRAY_BACKEND", "dummy")
        return Asked(tmp_path_factory.mktemp("build"))


def test_one_has_a_console_and_the_other_has_none(on_windows):
    assert {each["name"]: each["console"] for each in on_windows.executables} == {
        "llamaswap-desktop": True,
        "llamaswap-desktop-tray": False,
    }
    assert all(each in on_windows.collected for each in on_windows.executables)


def test_both_are_the_program(on_windows):
    [entry] = on_windows.analysis["scripts"]
    source = Path(on_windows.analysis["pathex"][0])
    assert source.name == "compiled", "the package is taken from where it has been compiled"
    program = contents.ROOT / Path(entry).relative_to(source)
    assert program.read_text().endswith('if __name__ == "__main__":\n    sys.exit(main())\n')


def test_each_has_icon_and_version_block_and_its_strings_stay(on_windows):
    for each in on_windows.executables:
        assert Path(each["icon"]).stat().st_size > 10 * icons.SIZES_PX[-1]
        assert f"{each['name']}.exe" in Path(each["version"]).read_text(encoding="utf-8")
        assert each["strip"] is False, "strip breaks Windows' libraries"
        assert each["upx"] is False, "packed executables look like malware"


def test_pystray_can_be_replaced(on_windows):
    assert on_windows.analysis["module_collection_mode"] == {"pystray": "py"}, "as the LGPL wants it"


def test_what_only_compiled_modules_import_is_there(on_windows):
    assert {"httptools", "llamaswap_desktop.http1.framing"} <= set(on_windows.analysis["hiddenimports"])
