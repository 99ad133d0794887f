"""Which of the running instances is meant."""

from pathlib import Path

from llamaswap_desktop.client.connection import NotRunning
from llamaswap_desktop.process import Instance, Kind, living_instances


def find_instance(run_dir: Path, address: str = "") -> Instance:
    """Return the tray's instance, else the only one; with ``address``, the one that serves there.

    An address that no instance of this user has is taken at its word, without a token.  Raises ``NotRunning``, also
    when there are several and none has a tray.
    """
    living = list(living_instances(run_dir))
    if address:
        wanted = address if "://" in address else f"http://{address}"
        wanted = wanted.rstrip("/")
        return next((one for one in living if one.address == wanted), Instance("", 0, "", wanted))
    trays = [one for one in living if one.kind == Kind.TRAY]
    candidates = trays or living
    serving = [one for one in candidates if one.address]
    if len(serving) == 1:
        return serving[0]
    if len(serving) > 1:
        addresses = ", ".join(sorted(one.address for one in serving))
        raise NotRunning(f"several instances are running; say which one is meant with --address: {addresses}")
    if candidates:
        raise NotRunning(f"llama-swap Desktop is running (process {candidates[0].pid}), but does not serve")
    raise NotRunning("llama-swap Desktop is not running")
