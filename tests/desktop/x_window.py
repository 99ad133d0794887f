"""A window of another program, on a screen of the test's own."""

from Xlib import X, Xutil
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage


class Window:
    """A window of another program."""

    def __init__(self, display: str) -> None:
        self._display = Display(display)
        self._root = self._display.screen().root
        self.window = self._root.create_window(0, 0, 100, 80, 0, X.CopyFromParent)
        self.window.set_wm_hints(flags=Xutil.InputHint, input=1)
        self.window.map()
        self._display.sync()

    def fill_the_screen(self, is_full: bool) -> None:
        """Ask the window manager for full screen, as every toolkit does."""
        atom = self._display.intern_atom
        words = (32, [int(is_full), atom("_NET_WM_STATE_FULLSCREEN"), 0, 1, 0])
        wish = ClientMessage(window=self.window, client_type=atom("_NET_WM_STATE"), data=words)
        self._root.send_event(wish, event_mask=0x180000)
        self._display.sync()

    def close(self) -> None:
        self.window.destroy()
        self._display.sync()

    def disconnect(self) -> None:
        self._display.close()
