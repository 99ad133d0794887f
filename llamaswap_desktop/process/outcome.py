"""An exit status in words that a user can act on."""

import signal

_WINDOWS_CRASHES = {
    0xC0000005: "access violation",
    0xC0000135: "a DLL was not found",
    0xC000013A: "ended by Ctrl-C",
    0xC0000142: "a DLL failed to initialise",
    0xC00000FD: "stack overflow",
    0xC0000409: "stack buffer overrun",
}


def exit_in_words(status: int) -> str:
    """Say how a process ended; a negative ``status`` is the signal that ended it, as ``subprocess`` has it."""
    if status < 0:
        try:
            return f"was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by signal {-status}"
    if status >= 0xC0000000:
        what = _WINDOWS_CRASHES.get(status)
        return f"crashed with 0x{status:08X}" + (f" ({what})" if what else "")
    return f"exited with code {status}"


def duration_in_words(seconds: float) -> str:
    """Write whole seconds as llama-swap does: ``45s``, ``2m0s``, ``1h0m5s``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
