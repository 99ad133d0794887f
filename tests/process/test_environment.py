"""Children get the user's environment, never the bundle's: both directions."""

import os

import pytest

from llamaswap_desktop.process.environment import add_entries, clean_environment

BUNDLE = os.sep + os.path.join("opt", "app", "_internal")


def joined(*entries: str) -> str:
    return os.pathsep.join(entries)


def test_program_that_is_not_frozen_passes_everything_on():
    given = {"PATH": BUNDLE, "LD_LIBRARY_PATH": "/cuda", "_PYI_X": "1"}
    assert clean_environment(given, bundle=None) == given


def test_user_s_own_library_path_survives():
    given = {"LD_LIBRARY_PATH": BUNDLE, "LD_LIBRARY_PATH_ORIG": "/usr/local/cuda/lib64"}
    assert clean_environment(given, bundle=BUNDLE) == {"LD_LIBRARY_PATH": "/usr/local/cuda/lib64"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"LD_LIBRARY_PATH": BUNDLE}, {}),
        ({"LD_LIBRARY_PATH": joined(BUNDLE, "/mine")}, {"LD_LIBRARY_PATH": "/mine"}),
        ({"LD_LIBRARY_PATH": os.path.join(BUNDLE, "lib")}, {}),
        ({"LD_LIBRARY_PATH": BUNDLE + "2"}, {"LD_LIBRARY_PATH": BUNDLE + "2"}),
        ({"PATH": joined(BUNDLE, "/bin", os.path.join(BUNDLE, "bin"))}, {"PATH": "/bin"}),
        ({"XDG_DATA_DIRS": joined("/usr/share", BUNDLE)}, {"XDG_DATA_DIRS": "/usr/share"}),
        ({"_PYI_APPLICATION_HOME_DIR": "x", "_MEIPASS2": "y", "HOME": "/root"}, {"HOME": "/root"}),
    ],
)
def test_nothing_points_into_the_bundle(given, kept):
    assert clean_environment(given, bundle=BUNDLE) == kept


def test_entries_are_added_and_later_ones_win():
    added = add_entries({"A": "1", "B": "2"}, ["B=3", "C=x=y", "B=4", "nothing", "=odd", "EMPTY="])
    assert added == {"A": "1", "B": "4", "C": "x=y", "EMPTY": ""}
