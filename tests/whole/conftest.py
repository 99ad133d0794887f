"""The real panel is on Linux only, and so is what its tests import."""

import sys

collect_ignore = ["test_desktop.py", "test_session.py", "test_tray.py"] if sys.platform == "win32" else []
