"""Events reach every subscriber in order, whatever one of them does."""

from llamaswap_desktop.core.bus import Bus
from llamaswap_desktop.events import PauseChanged


def test_every_subscriber_hears_every_event_until_it_leaves(caplog):
    bus, heard = Bus(), []

    def breaks(_event):
        raise RuntimeError("a bug")

    bus.subscribe(breaks)
    end = bus.subscribe(heard.append)
    bus.publish(PauseChanged(True))
    end()
    bus.publish(PauseChanged(False))
    assert heard == [PauseChanged(True)]
    assert "a bug" in caplog.text


def test_subscriber_may_leave_while_it_is_told():
    bus, heard = Bus(), []
    end = bus.subscribe(lambda event: end())
    bus.subscribe(heard.append)
    bus.publish(PauseChanged(True))
    assert heard == [PauseChanged(True)]
