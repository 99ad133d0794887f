"""Which build this is: from source here, with commit and date in a bundle."""

import platform

from llamaswap_desktop import __version__
from llamaswap_desktop.build import Build, describe_build, read_build


def test_from_source_there_is_no_commit():
    assert read_build() == Build(__version__)
    assert describe_build(read_build()).startswith(f"{__version__} (from source, Python {platform.python_version()}, ")


def test_commit_and_date_of_a_build_are_shown():
    text = describe_build(Build("1.2.3", "0123456789", "2026-11-24T12:00:00Z", is_compiled=True))
    assert text.startswith("1.2.3 (commit 0123456789, built 2026-11-24T12:00:00Z, compiled, Python 3.")
    assert text.endswith(f"{platform.system()} {platform.machine()})")
