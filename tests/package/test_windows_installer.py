"""The Windows installer under Wine, with a stand-in for the two executables: silent, from first to last."""

import subprocess
import sys
from pathlib import Path

import pytest

from installer import contents, icons
from installer.windows import build
from tests.needs import need
from tests.package import wine
from tests.waiting import wait_until

pytestmark = [pytest.mark.package, pytest.mark.linux, pytest.mark.timeout(300)]

STAND_IN = Path(__file__).with_name("stand_in.c")
RUN = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
UNINSTALL = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\llamaswap-desktop"
ENVIRONMENT = r"HKCU\Environment"

LONG_PATH = ";".join(rf"C:\Programs of mine\number {number}" for number in range(120)) + ";"
"""Longer than NSIS's texts, and with a semicolon at the end, as many are."""


class Windows:
    """A Wine prefix of the test's own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "stand-in.log"
        self.said = home / "said"
        self.environment = {**wine.environment(home), "STAND_IN_LOG": "Z:" + str(self.log)}
        self.wine = wine.wine()
        self.run("wineboot", "-i")

    def status(self, *words: str) -> int:
        """Run to the end and return the exit status; what was said lies in the file ``said``."""
        with self.said.open("w") as output:  # no pipe: what an installer starts would hold it open
            return subprocess.run(
                [self.wine, *words], env=self.environment, stdout=output, stderr=output, timeout=100, check=False
            ).returncode

    def run(self, *words: str, check: bool = True) -> str:
        status = self.status(*words)
        text = self.said.read_text(encoding="cp437")  # a console's
        assert not check or status == 0, (words, status, text)
        return text.strip()

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen([self.wine, *words], env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)  # fmt: skip

    def value(self, key: str, name: str) -> str | None:
        """A value of the registry; None if there is none."""
        for line in self.run("reg", "query", key, "/v", name, check=False).splitlines():
            if line.strip().startswith(f"{name} "):
                return line.strip().split("    ", 2)[2]
        return None

    def told(self) -> list[str]:
        return self.log.read_text().split("\n")[:-1] if self.log.exists() else []

    @property
    def user(self) -> Path:
        [found] = (path for path in (self.home / "wine/drive_c/users").iterdir() if path.name != "Public")
        return found

    @property
    def folder(self) -> Path:
        return self.user / "AppData/Local/Programs/llamaswap-desktop"

    @property
    def shortcut(self) -> Path:
        return self.user / "AppData/Roaming/Microsoft/Windows/Start Menu/Programs/llama-swap Desktop.lnk"


@pytest.fixture(scope="module")
def setups(tmp_path_factory) -> dict[str, str]:
    """Installers of two versions, with a file that only the older one has."""
    compiler = need(*wine.COMPILER)
    need("makensis", "nsis")
    made = {}
    icon = icons.write_ico(str(tmp_path_factory.mktemp("icon")))
    for version in ("1.0.0", "1.1.0"):
        payload = tmp_path_factory.mktemp(version) / contents.CONSOLE_NAME
        (payload / "_internal" / version).mkdir(parents=True)
        (payload / "_internal" / version / "part.dll").write_text(version)
        for name in (contents.CONSOLE_NAME, contents.TRAY_NAME):
            target = payload / f"{name}.exe"
            subprocess.run([compiler, "-municode", f'-DVERSION=L"{version}"', "-o", target, STAND_IN], check=True)
        made[version] = str(build.build_installer(payload, payload.parent, version, Path(icon)))
    return made


@pytest.fixture
def windows(tmp_path):
    if sys.platform == "win32":
        pytest.skip("this is Windows; the stand-in is for Wine")
    yield Windows(tmp_path)
    wine.end(tmp_path)


def test_its_life(windows, setups):
    windows.run("reg", "add", ENVIRONMENT, "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", LONG_PATH, "/f")
    windows.run(setups["1.0.0"], "/S")
    place = r"C:\users" + f"\\{windows.user.name}" + r"\AppData\Local\Programs\llamaswap-desktop"
    assert (windows.folder / "llamaswap-desktop-tray.exe").is_file()
    assert windows.shortcut.is_file()
    assert windows.value(RUN, "llamaswap-desktop") is None, "never without being asked"
    assert windows.value(UNINSTALL, "DisplayVersion") == "1.0.0"
    assert windows.value(UNINSTALL, "QuietUninstallString") == f'"{place}\\uninstall.exe" /S'
    assert windows.value(ENVIRONMENT, "Path") == f"{LONG_PATH};{place}"
    assert windows.told() == [], "a silent installation starts nothing"

    own = windows.user / "AppData/Roaming/llamaswap-desktop/config.yaml"
    own.parent.mkdir()
    own.write_text("models: {}\n")
    tray = windows.start(f"{place}\\llamaswap-desktop-tray.exe", "--slow")
    wait_until(lambda: windows.told() == ["started 1.0.0"], "the old program runs")
    windows.run(setups["1.1.0"], "/S")
    assert tray.wait(20) == 0
    wait_until(lambda: len(windows.told()) == 4, "the new program was started, because the old one ran")
    assert windows.told() == ["started 1.0.0", "quit", "ended 1.0.0", "started 1.1.0"]
    assert windows.value(UNINSTALL, "DisplayVersion") == "1.1.0"
    assert {path.name for path in (windows.folder / "_internal").iterdir()} == {"1.1.0"}, "versions are not mixed"
    assert windows.value(RUN, "llamaswap-desktop") is None
    assert windows.value(ENVIRONMENT, "Path") == f"{LONG_PATH};{place}", "once, not twice"

    windows.run(f"{place}\\uninstall.exe", "/S")  # goes on in a copy of itself
    wait_until(lambda: not windows.folder.exists(), "the program's folder has gone")
    assert windows.told()[4:] == ["quit", "ended 1.1.0"]
    assert not windows.shortcut.exists()
    assert windows.value(UNINSTALL, "DisplayName") is None
    assert windows.value(ENVIRONMENT, "Path") == LONG_PATH
    assert own.is_file(), "what is the user's stays"


def test_start_at_login_is_written_when_asked_for_and_left_alone_by_an_upgrade(windows, setups):
    windows.run(setups["1.0.0"], "/S", "/AUTOSTART=1", "/PATH=0", r"/D=C:\Söhne")
    assert windows.value(RUN, "llamaswap-desktop") == r'"C:\Söhne\llamaswap-desktop-tray.exe" --autostart'
    assert windows.value(ENVIRONMENT, "Path") is None
    windows.run("reg", "delete", RUN, "/v", "llamaswap-desktop", "/f")
    windows.run(setups["1.1.0"], "/S")
    assert windows.value(RUN, "llamaswap-desktop") is None, "switched off stays off"
    assert windows.value(ENVIRONMENT, "Path") is None
    assert (windows.home / "wine/drive_c/Söhne/_internal/1.1.0").is_dir(), "where it was installed before"


def test_uninstalling_deletes_the_users_files_when_asked_to(windows, setups):
    windows.run(setups["1.0.0"], "/S", r"/D=C:\Tools")
    for place in ("Roaming", "Local"):
        file = windows.user / "AppData" / place / "llamaswap-desktop" / "file"
        file.parent.mkdir()
        file.write_text("x")
    windows.run(r"C:\Tools\uninstall.exe", "/S", "/FILES=1")
    wait_until(lambda: not list((windows.user / "AppData").glob("*/llamaswap-desktop")), "the user's files have gone")


def test_a_program_in_a_console_ends_too_and_stays_ended(windows, setups):
    windows.run(setups["1.0.0"], "/S", r"/D=C:\Tools")
    served = windows.start(r"C:\Tools\llamaswap-desktop.exe", "serve", "--slow")
    wait_until(lambda: windows.told() == ["started 1.0.0"], "the old program serves")
    windows.run(setups["1.1.0"], "/S")
    assert served.wait(20) == 0
    assert windows.told() == ["started 1.0.0", "quit", "ended 1.0.0"], "it was no tray, so none is started"
    assert {path.name for path in (windows.home / "wine/drive_c/Tools/_internal").iterdir()} == {"1.1.0"}


@pytest.mark.parametrize(
    "words", [["llamaswap-desktop-tray.exe", "--stubborn"], ["llamaswap-desktop.exe", "serve", "--stubborn"]]
)
def test_a_program_that_does_not_quit_is_not_replaced(windows, setups, words):
    windows.run(setups["1.0.0"], "/S", r"/D=C:\Tools")
    stubborn = windows.start(rf"C:\Tools\{words[0]}", *words[1:])
    wait_until(lambda: windows.told() == ["started 1.0.0"], "the old program runs")
    assert windows.status(setups["1.1.0"], "/S") == 3
    assert {path.name for path in (windows.home / "wine/drive_c/Tools/_internal").iterdir()} == {"1.0.0"}
    assert windows.value(UNINSTALL, "DisplayVersion") == "1.0.0"
    stubborn.kill()
    stubborn.wait()
