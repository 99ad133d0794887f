"""The desk between tray and core: what it adds to the picture, and where each click goes."""

import signal
import sys

import pytest

from llamaswap_desktop import desk as desk_module
from llamaswap_desktop.commands import LoadModel, UnloadModel
from llamaswap_desktop.config import Sources
from llamaswap_desktop.desk import Desk
from llamaswap_desktop.desktop import NoAutostart, Paths
from llamaswap_desktop.settings import Folders, Pause, Settings, WaitingRequests
from llamaswap_desktop.snapshot import PauseSnapshot, Snapshot
from llamaswap_desktop.tray import CopyText, Local, OpenFolder, ShowLog, Switch, Together, Turn
from tests.waiting import until


class Core:
    """Keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []

    def __getattr__(self, name):
        return lambda *words, **named: self.asked.append((name, *words))


class Tray:
    def __init__(self) -> None:
        self.shown = []

    def show(self, view) -> None:
        self.shown.append(view)

    def tell(self, title, text) -> bool:
        return True


class Switched:
    def __init__(self) -> None:
        self.on = False

    def is_on(self):
        return self.on

    def turn(self, is_on) -> None:
        self.on = is_on


@pytest.fixture
def made(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(desk_module, "open_path", lambda path, _environment: (path.stat(), opened.append(path)))
    monkeypatch.setattr(desk_module, "open_url", lambda url, _environment: opened.append(url))
    monkeypatch.setattr(desk_module, "copy_text", lambda text, _environment: opened.append(text))
    paths = Paths(tmp_path / "config", tmp_path / "state", tmp_path / "logs")
    for folder in (paths.config_dir, paths.state_dir, paths.log_dir):
        folder.mkdir()
    desk = Desk(Core(), paths, Sources(paths.config_file), Switched(), {})
    desk._tray = Tray()
    desk.opened = opened
    return desk


def test_picture_has_what_only_the_desktop_knows(made, monkeypatch):
    monkeypatch.setattr(desk_module.time, "time", lambda: 1_000_000_000.0)
    made.show(Snapshot(paused=PauseSnapshot(900.0)))
    folders = Folders(models=("~/models",))
    made.settings_changed(Settings(notifications=False, pause=Pause(requests=WaitingRequests.HOLD), folders=folders))
    end = made._tray.shown[-1].around.pause_end
    assert len(end) == 5
    monkeypatch.setattr(desk_module.time, "time", lambda: 1_000_000_600.0)
    made._autostart.on = True
    made.act(Local.LOOK_AROUND)
    around = made._tray.shown[-1].around
    assert (around.pause_end, around.starts_at_login, around.notifies, around.pause_holds) == (end, True, False, True)
    assert around.model_folders == ("~/models",)
    made.show(Snapshot())
    assert made._tray.shown[-1].around.pause_end == ""


def test_clicks_go_where_they_belong(made):
    (made._paths.log_dir / "app.log").touch()
    made._paths.config_file.touch()
    made.show(Snapshot(address="http://127.0.0.1:1"))
    for action in (
        LoadModel("a"), Together((LoadModel("b"), UnloadModel("c"))), Local.TRY_AGAIN, Local.END_UNLESS_SERVING,
        Turn(Switch.NOTIFICATIONS, False), Turn(Switch.SHARE_ON_LAN, True),
    ):  # fmt: skip
        made.act(action)
    assert made.core.asked == [
        ("post", LoadModel("a")), ("post", LoadModel("b")), ("post", UnloadModel("c")), ("try_again",),
        ("end_unless_serving",), ("change_settings", {"notifications": False}),
        ("change_settings", {"shareOnLan": True}),
    ]  # fmt: skip
    for action in (
        Local.OPEN_DASHBOARD, CopyText("x"), ShowLog(), Local.OPEN_LOG_FOLDER, Local.EDIT_CONFIG,
        Local.OPEN_CONFIG_FOLDER, OpenFolder(str(made._paths.log_dir)),
    ):  # fmt: skip
        made.act(action)
    paths = made._paths
    assert made.opened == [
        "http://127.0.0.1:1/ui/", "x", paths.log_dir / "app.log", paths.log_dir, paths.config_file, paths.config_dir,
        paths.log_dir,
    ]  # fmt: skip


def test_who_looks_into_the_log_knows_what_went_wrong_inside(made):
    (made._paths.log_dir / "app.log").touch()
    made.act(ShowLog())
    assert made.core.asked == [("report", "unexpected", "")]


def test_what_is_not_there_is_told(made):
    made.act(ShowLog("never loaded"))
    [(name, notice)] = made.core.asked
    assert (name, notice.title, notice.was_asked_for) == ("notify", "There is nothing to show yet", True)


def test_start_at_login_is_turned_and_read_back(made):
    made.act(Turn(Switch.START_AT_LOGIN, True))
    assert made._tray.shown[-1].around.starts_at_login is True
    made._autostart = NoAutostart()
    made.act(Turn(Switch.START_AT_LOGIN, True))
    assert made.core.asked[-1][1].title == "Start at login could not be changed"
    assert made._tray.shown[-1].around.starts_at_login is None


async def test_check_and_diagnostics_are_done_aside_and_answered(made):
    made._paths.config_file.write_text("models: {}\n")
    made.act(Local.CHECK_CONFIG)
    made.act(Local.COLLECT_DIAGNOSTICS)
    await until(lambda: len(made.core.asked) == 2, "both are answered", 10)
    titles = {notice.title for _, notice in made.core.asked}
    assert titles == {"The configuration is fine", "Diagnostics were collected"}
    assert list(made._paths.log_dir.glob("*.zip"))


def test_desktop_without_a_panel_is_told_once(made):
    made.show(Snapshot(address="http://127.0.0.1:1"))
    made.act(Local.NO_PANEL)
    made.act(Local.NO_PANEL)
    assert [name for name, *_ in made.core.asked] == ["notify", "end_unless_serving", "end_unless_serving"]


@pytest.fixture
def signals_kept():
    """``run`` takes the signals for itself."""
    numbers = [signal.SIGINT, signal.SIGTERM, *([] if sys.platform == "win32" else [signal.SIGHUP])]
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Broken(Tray):
    """A tray whose loop ends by an exception."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def run(self) -> None:
        raise self.error

    def stop(self) -> None:
        pass


def test_tray_that_fails_leaves_the_core_at_work(made, signals_kept):
    made.run(Broken(RuntimeError("no panel")))
    assert [name for name, *_ in made.core.asked] == ["start", "join"]


def test_thread_that_ends_takes_the_core_along(made, signals_kept):
    with pytest.raises(SystemExit):
        made.run(Broken(SystemExit(3)))
    assert [name for name, *_ in made.core.asked] == ["start", "end_session"]


def test_licences_are_opened_where_there_are_some(made, tmp_path):
    made.act(Local.SHOW_LICENCES)
    assert made.opened == []
    made._licences = tmp_path
    made.act(Local.SHOW_LICENCES)
    assert made.opened == [tmp_path]
