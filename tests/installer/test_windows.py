"""What can be said of the Windows release on any system."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from installer import contents, icons
from installer.windows import build
from llamaswap_desktop.desktop.autostart import windows as autostart
from tests.needs import do_without


def test_the_icon_has_every_size_drawn_for_itself(tmp_path):
    with Image.open(icons.write_ico(str(tmp_path))) as ico:
        assert ico.info["sizes"] == {(size_px, size_px) for size_px in icons.SIZES_PX}
        for size_px in icons.SIZES_PX:
            with Image.open(icons.picture(size_px)) as drawn:
                assert ico.ico.getimage((size_px, size_px)).convert("RGBA").tobytes() == drawn.convert("RGBA").tobytes()


@pytest.mark.skipif(shutil.which("makensis") is None, reason="NSIS is not installed")
@pytest.mark.parametrize("version", ["1.2.3", "1.3.0rc1"])
def test_the_installer_compiles_without_a_warning(tmp_path, version):
    payload = tmp_path / "payload"
    (payload / "_internal").mkdir(parents=True)
    (payload / "llamaswap-desktop.exe").write_bytes(b"MZ")
    icon = Path(icons.write_ico(str(tmp_path)))
    made = build.build_installer(payload, tmp_path, version, icon)
    assert made.read_bytes()[:2] == b"MZ"


def test_program_and_installer_mean_the_same_places():
    script = build.SCRIPT.read_text()
    assert r"Local\llamaswap-desktop-running" in script, "the mutex of desktop/single_instance/windows.py"
    assert f'"{autostart._RUN}"' in script
    assert f'"{autostart._APPROVED}"' in script
    assert f'!define ID "{autostart._NAME}"' in script
    for name in (contents.CONSOLE_NAME, contents.TRAY_NAME):
        assert f'"{name}.exe"' in script


def test_the_portable_archive_carries_its_mark(tmp_path):
    payload = tmp_path / "payload"
    payload.mkdir()
    (payload / "llamaswap-desktop.exe").write_bytes(b"MZ")
    made = build.build_portable(payload, tmp_path, "1.2.3")
    shutil.unpack_archive(made, tmp_path / "unpacked")
    [folder] = (tmp_path / "unpacked").iterdir()
    assert {path.name for path in folder.iterdir()} == {"llamaswap-desktop.exe", "portable.ini"}


@pytest.mark.package
def test_every_dependency_has_a_wheel_for_windows():
    if shutil.which("uv") is None:
        do_without("uv is not installed (pip install uv)")
    for python in ("3.11", "3.12", "3.13"):
        words = [
            "uv",
            "pip",
            "compile",
            "-q",
            "--python-platform",
            "x86_64-pc-windows-msvc",
            "--python-version",
            python,
        ]
        made = subprocess.run(
            [*words, "--only-binary", ":all:", "--extra", "build", "pyproject.toml"],
            cwd=contents.ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        names = {line.partition("==")[0].strip() for line in made.stdout.splitlines()}
        assert {"pystray", "pefile", "pywin32-ctypes"} <= names
        assert not names & {"uvloop", "jeepney", "nfpm"}
