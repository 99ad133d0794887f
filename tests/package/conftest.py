"""Tests of what was built: by hand, or by the release, after ``pyinstaller --noconfirm build.spec``."""

import sys

collect_ignore = ["test_deb.py", "test_rpm.py", "test_tarball.py"] if sys.platform == "win32" else []
