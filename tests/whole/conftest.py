"""The real panel is on Linux only, and so is what its test imports."""

import sys

collect_ignore = ["test_tray.py"] if sys.platform == "win32" else []
