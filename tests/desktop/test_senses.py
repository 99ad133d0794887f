"""What the user is busy with, as the system tells it."""

import pytest

from llamaswap_desktop.desktop.senses.windows import FULL_SCREEN, GAME, ShellSense


class Shell:
    def __init__(self, state: int, failed: int = 0) -> None:
        self.state, self.failed = state, failed

    def SHQueryUserNotificationState(self, reference):
        reference._obj.value = self.state
        return self.failed


@pytest.mark.parametrize(
    ("state", "failed", "plays", "fills"),
    [(3, 0, True, True), (2, 0, False, True), (4, 0, False, True), (5, 0, False, False), (3, -1, False, False)],
)
async def test_windows_tells_what_fills_the_screen(state, failed, plays, fills):
    for states, is_on in ((GAME, plays), (FULL_SCREEN, fills)):
        sense = ShellSense(states, Shell(state, failed))
        assert await sense.is_on() is is_on
        await sense.close()
