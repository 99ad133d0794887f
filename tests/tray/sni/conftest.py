"""The Linux tray's tests stay on Linux: what they import is not there elsewhere."""

import sys

collect_ignore_glob = ["test_*.py"] if sys.platform == "win32" else []
