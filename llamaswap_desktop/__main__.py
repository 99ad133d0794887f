"""Where the program begins.  Nothing heavy is imported before it is known what is wanted."""

import gc
import os
import sys

_YOUNG_OBJECTS = 10_000
"""Looking for cycles after every 700 new objects costs 40 ms of the imports, which make no garbage, and later 5 to
10 µs a request, which leave no cycles behind."""


def main() -> int:
    """Run the program; the result is its exit status."""
    if sys.stdout is None or sys.stderr is None:  # a windowed program on Windows has neither, and writing would fail
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open to the end
    if sys.argv[1:2] == ["--internal-guard"]:
        from llamaswap_desktop.guard import watch  # noqa: PLC0415 - the guard carries nothing of the program

        return watch(sys.argv[2])
    gc.set_threshold(_YOUNG_OBJECTS)
    from llamaswap_desktop.cli import run  # noqa: PLC0415 - see above

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
