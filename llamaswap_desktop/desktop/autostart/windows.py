"""Start at login on Windows: one value of the user's Run key, and what Task Manager says of it.

Task Manager and Settings do not delete the value when they switch a program off; they note it beside, in
``StartupApproved``: the first byte is odd then.
"""

import contextlib
import subprocess
from collections.abc import Sequence
from typing import Any

_NAME = "llamaswap-desktop"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
_APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class RunKeyAutostart:
    """The value that runs ``command``; ``registry`` is the module ``winreg``."""

    def __init__(self, command: Sequence[str], registry: Any) -> None:
        self._command = subprocess.list2cmdline(command)
        if not self._command.startswith('"'):
            self._command = f'"{command[0]}" {subprocess.list2cmdline(command[1:])}'
        self._registry = registry

    def is_on(self) -> bool | None:
        if self._value_of(_RUN) is None:
            return False
        approved = self._value_of(_APPROVED)
        return not (isinstance(approved, bytes) and approved and approved[0] % 2)

    def turn(self, is_on: bool) -> None:
        registry = self._registry
        if not is_on:
            self._delete(_RUN)
            return
        with registry.CreateKeyEx(registry.HKEY_CURRENT_USER, _RUN, 0, registry.KEY_SET_VALUE) as key:
            registry.SetValueEx(key, _NAME, 0, registry.REG_SZ, self._command)
        self._delete(_APPROVED)  # an explicit click is above what Task Manager was told earlier

    def _value_of(self, path: str) -> object:
        registry = self._registry
        try:
            with registry.OpenKey(registry.HKEY_CURRENT_USER, path) as key:
                value: object = registry.QueryValueEx(key, _NAME)[0]
        except FileNotFoundError:
            return None
        return value

    def _delete(self, path: str) -> None:
        registry = self._registry
        with (
            contextlib.suppress(FileNotFoundError),
            registry.OpenKey(registry.HKEY_CURRENT_USER, path, 0, registry.KEY_SET_VALUE) as key,
        ):
            registry.DeleteValue(key, _NAME)
