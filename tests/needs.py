"""Programs that a test needs beside Python: missing on CI is a failure, missing elsewhere a reason to skip."""

import os
import shutil

import pytest


def need(program: str, package: str) -> str:
    """Return where ``program`` is; without it skip the test, or fail it on CI, naming Debian's ``package``."""
    path = shutil.which(program)
    if path is None:
        why = f"{program} is not installed (Debian: apt-get install {package})"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    return path
