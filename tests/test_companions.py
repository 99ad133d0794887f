"""Sharing on the network: the key is asked for before the door is opened."""

import asyncio
import socket

import pytest

from llamaswap_desktop.companions import Companions, next_free_port
from llamaswap_desktop.desktop import NullNotifier
from llamaswap_desktop.errors import ListenFailed
from llamaswap_desktop.program import Program
from llamaswap_desktop.settings import SettingsFile
from llamaswap_desktop.types import ProcessState
from tests.waiting import until
from tests.web import served as web_served


class Kept(NullNotifier):
    def __init__(self) -> None:
        self.shown = []

    def show(self, notice) -> None:
        self.shown.append(notice)


class FromProgram:
    """As much of the program as adds the key."""

    def __init__(self, settings) -> None:
        self.settings = settings

    with_own_key = Program._with_own_key


@pytest.fixture
def no_system_bus(monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")


async def test_sharing_makes_a_key_once_and_says_so(tmp_path, no_system_bus):
    settings, told, seen = SettingsFile(tmp_path / "settings.yaml"), Kept(), []
    companions = Companions(settings, told, has_own_port=True, changed=seen.append)
    async with web_served.served(tmp_path) as app:
        app.app._reloader._adjust = FromProgram(settings).with_own_key
        async with companions.attend(app.app):
            port = app.port
            companions.change_settings({"shareOnLan": True})
            await until(lambda: told.shown, "it is said")
            key = settings.now.api_key
            assert key.startswith("sk-")
            assert len(key) > 24
            assert told.shown[0].title == "Shared on the local network"
            assert app.port == port
            assert app.app._server._listen_host == "0.0.0.0"
            assert (await app.get("/v1/models"))[0] == 401
            assert (await app.get("/v1/models", headers={"Authorization": f"Bearer {key}"}))[0] == 200
            companions.change_settings({"shareOnLan": False})
            await until(lambda: app.app._server._listen_host == "127.0.0.1", "it listens here only")
            assert (await app.get("/v1/models"))[0] == 200
            companions.change_settings({"shareOnLan": True})
            await until(lambda: len(told.shown) == 2, "it is said again")
            assert settings.now.api_key == key
        assert [settings.share_on_lan for settings in seen] == [False, True, False, True]


async def test_nothing_is_opened_while_the_key_cannot_be_asked_for(tmp_path, no_system_bus):
    settings, told = SettingsFile(tmp_path / "settings.yaml"), Kept()
    companions = Companions(settings, told, has_own_port=False)
    async with web_served.served(tmp_path) as app, companions.attend(app.app):
        app.file.write_text("models: [")
        companions.change_settings({"shareOnLan": True})
        await until(lambda: len(told.shown) == 2, "it is said")
        assert told.shown[1].title == "Not changed: the configuration cannot be read"
        assert app.app._server._listen_host == "127.0.0.1"
        assert not settings.now.share_on_lan


async def test_address_that_is_taken_leaves_the_former_one(tmp_path, no_system_bus):
    settings, told = SettingsFile(tmp_path / "settings.yaml"), Kept()
    companions = Companions(settings, told, has_own_port=False)
    async with web_served.served(tmp_path) as app, companions.attend(app.app):
        other = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        async with other:
            address = app.core.snapshot().address
            companions.change_settings({"listen": f"127.0.0.1:{other.sockets[0].getsockname()[1]}"})
            await until(lambda: told.shown, "it is said")
            assert told.shown[0].title == "The address could not be changed"
            assert (app.core.snapshot().address, (await app.get("/v1/models"))[0]) == (address, 200)


async def test_settings_that_cannot_be_changed_are_told(tmp_path, no_system_bus):
    told = Kept()
    companions = Companions(SettingsFile(tmp_path / "settings.yaml"), told, has_own_port=False)
    companions.change_settings({"theme": "red"})
    (tmp_path / "settings.yaml").mkdir()
    companions.change_settings({"theme": "dark"})
    assert [notice.title for notice in told.shown] == ["The settings could not be changed"] * 2
    await companions.close()


async def test_taken_port_is_answered_with_the_offer_of_a_free_one(tmp_path):
    settings, told, tried = SettingsFile(tmp_path / "settings.yaml"), Kept(), []
    companions = Companions(settings, told, has_own_port=False)
    companions.start_failed(ListenFailed("taken"), lambda: tried.append(settings.now.host_and_port))
    again, other = told.shown[0].offers
    assert (again.label, other.label[:9]) == ("Try again", "Use port ")
    other.accept()
    [(host, port)] = tried
    assert (host, f"Use port {port}") == ("127.0.0.1", other.label)
    named = Companions(settings, told, has_own_port=True)
    named.start_failed(ListenFailed("taken"), print)
    assert [offer.label for offer in told.shown[1].offers] == ["Try again"]


@pytest.mark.linux  # Windows lets both have a port, one on all interfaces and one on a single one
async def test_while_sharing_the_offered_port_is_free_on_every_interface(tmp_path):
    settings, told = SettingsFile(tmp_path / "settings.yaml"), Kept()
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]
        settings.change({"listen": f"127.0.0.1:{port - 1}", "shareOnLan": True, "apiKey": "sk-x"})
        Companions(settings, told, has_own_port=False).start_failed(ListenFailed("taken"), lambda: None)
    told.shown[0].offers[1].accept()
    host, offered = settings.now.host_and_port
    assert (host, settings.now.served_at) == ("127.0.0.1", ("0.0.0.0", offered))
    assert offered > port


def test_port_that_is_taken_is_passed_over():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert next_free_port("127.0.0.1", port - 1) != port
    assert next_free_port("127.0.0.1", 65535) is None


async def test_models_leave_before_a_sleep_only_if_that_is_wanted(tmp_path, no_system_bus):
    settings = SettingsFile(tmp_path / "settings.yaml")
    companions = Companions(settings, Kept(), has_own_port=False)
    await companions.before_sleep()
    async with web_served.served(tmp_path) as app, companions.attend(app.app):
        await app.load("a")
        await companions.before_sleep()
        assert app.processes["a"].state is ProcessState.READY
        settings.change({"unloadBeforeSleep": True})
        await companions.before_sleep()
        assert app.processes["a"].state is ProcessState.STOPPED, "it is gone when the system may sleep"
