"""Which tray a desktop gets, and that a desktop without one is told so."""

import pytest

from llamaswap_desktop.tray import Wishes, build_tray

pytestmark = pytest.mark.linux


@pytest.mark.parametrize(
    "address", ["unix:path=/nowhere/bus", "tcp:host=127.0.0.1,port=1", "nonsense", "unix:path=" + "x" * 200]
)
def test_without_a_bus_there_is_no_tray_and_the_log_says_why(monkeypatch, caplog, address):
    caplog.set_level("INFO")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    assert build_tray(Wishes(print, print, print)) is None
    assert caplog.text.count("no tray icon: there is no session bus at " + address) == 1
