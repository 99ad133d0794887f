"""One tray per user and session: whoever holds the lock is it, and the system takes it back when the holder dies."""

import sys

if sys.platform == "win32":
    from llamaswap_desktop.desktop.single_instance.windows import take_lock
else:
    from llamaswap_desktop.desktop.single_instance.linux import take_lock

__all__ = ["take_lock"]
