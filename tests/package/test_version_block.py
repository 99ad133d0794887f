"""The block of facts in both Windows executables, as Windows' own functions read it."""

import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from installer import about, contents
from tests.needs import need
from tests.package import wine

pytestmark = [pytest.mark.package, pytest.mark.linux, pytest.mark.timeout(300)]

READER = Path(__file__).with_name("version_block.c")


@pytest.fixture
def resource_of(monkeypatch, tmp_path):
    """How PyInstaller turns the version file of an executable into the bytes of its resource."""
    pyinstaller = pytest.importorskip("PyInstaller.compat", reason="pip install pyinstaller")
    monkeypatch.setattr(pyinstaller, "win32api", None, raising=False)  # there on Windows only, and not needed for this
    monkeypatch.setitem(sys.modules, "pefile", ModuleType("pefile"))
    from PyInstaller.utils.win32 import versioninfo

    windows_sizes = SimpleNamespace(pack=lambda form, *values: struct.pack(f"<{form}", *values))
    monkeypatch.setattr(versioninfo, "struct", windows_sizes)  # an "L" has eight bytes here

    def made(name: str) -> bytes:
        return versioninfo.load_version_info_from_text_file(about.write_version_resource(str(tmp_path), name)).toRaw()

    return made


@pytest.mark.parametrize(
    ("name", "description"),
    [(contents.CONSOLE_NAME, "llama-swap Desktop (command line)"), (contents.TRAY_NAME, "llama-swap Desktop")],
)
def test_windows_reads_it(name, description, resource_of, tmp_path):
    compiler = need(*wine.COMPILER)
    (tmp_path / "block.bin").write_bytes(resource_of(name))
    (tmp_path / "block.rc").write_text('1 16 "block.bin"\n')  # 16: a version resource
    for words in (
        ["x86_64-w64-mingw32-windres", "block.rc", "block.o"],
        [compiler, "-municode", "-o", f"{name}.exe", READER, "block.o", "-lversion"],
    ):
        subprocess.run(words, cwd=tmp_path, check=True)
    asked = ["FileDescription", "ProductName", "ProductVersion", "OriginalFilename", "InternalName"]
    try:
        answer = subprocess.run(
            [wine.wine(), f"{name}.exe", f"{name}.exe", *asked],
            cwd=tmp_path, env=wine.environment(tmp_path), capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
    finally:
        wine.end(tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == [
        f"{about.version()}.0", description, "llama-swap Desktop", about.version(), f"{name}.exe", name
    ]  # fmt: skip
