"""A second start of the program: it brings up the dashboard of the first, and leaves."""

import sys
import time

from llamaswap_desktop.client import Connection, NotRunning
from llamaswap_desktop.desktop import Paths, open_url
from llamaswap_desktop.process import Kind, living_instances, user_environment

_PATIENCE_S = 3.0
_LOOK_INTERVAL_S = 0.1


def bring_up_the_first(paths: Paths, *, is_autostart: bool) -> int:
    """Open the dashboard of the tray that runs; return the exit status.

    The first may be starting itself, so it gets a moment.  If it does not answer, that is said, and nothing is done
    to it.  The system's own start at login opens nothing.
    """
    if is_autostart:
        return 0
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        trays = [instance for instance in living_instances(paths.run_dir) if instance.kind == Kind.TRAY]
        if serving := [instance for instance in trays if instance.address]:
            break
        if time.monotonic() > deadline:
            pid = f" (process {trays[0].pid})" if trays else ""
            sys.stderr.write(
                f"llama-swap Desktop is running already{pid}, but does not serve: its tray icon says why\n"
            )
            return 1
        time.sleep(_LOOK_INTERVAL_S)
    first = serving[0]
    try:
        Connection(first.address, first.token, timeout_s=_PATIENCE_S).get("/api/desktop/state")
    except NotRunning as error:
        sys.stderr.write(f"llama-swap Desktop is running already (process {first.pid}), but {error}\n")
        return 1
    dashboard = f"{first.address}/ui/"
    sys.stdout.write(f"llama-swap Desktop is running already: {dashboard}\n")
    try:
        open_url(dashboard, user_environment())
    except OSError as error:
        sys.stderr.write(f"cannot open a browser: {error}\n")
        return 1
    return 0
