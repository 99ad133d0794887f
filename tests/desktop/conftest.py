"""D-Bus is on Linux only, and so is what its tests import."""

import sys

collect_ignore = ["test_gamemode.py", "test_logind.py", "test_notify_linux.py"] if sys.platform == "win32" else []
