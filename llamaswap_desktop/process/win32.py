"""The Windows calls that child processes need: job objects, and Ctrl-C for a console that is not ours.

Importable everywhere; the libraries are opened at the first call.
"""

import ctypes
import sys
from typing import Any, Protocol

CREATE_SUSPENDED = 0x00000004
CREATE_NO_WINDOW = 0x08000000

_KILL_ON_JOB_CLOSE = 0x00002000
_DIE_ON_UNHANDLED_EXCEPTION = 0x00000400
_MAY_BE_PUT_INTO_A_JOB = 0x0100 | 0x0001
_EXTENDED_LIMITS = 9
_BASIC_ACCOUNTING = 1
_CTRL_C_EVENT = 0


class JobApi(Protocol):
    """What ``tree_windows`` asks of the system.  Every call raises ``OSError`` when the system refuses."""

    def create_job(self) -> int:
        """Make a job whose members all end when its last handle is closed; return that handle."""

    def assign(self, job: int, process: int) -> None:
        """Put a process into the job; what it starts from then on is in it too."""

    def open(self, pid: int) -> int:
        """Open a running process, so that it can be put into a job; the handle has to be closed."""

    def resume(self, process: int) -> None:
        """Let a process that was started suspended run."""

    def terminate(self, job: int) -> None:
        """End every member at once."""

    def active_members(self, job: int) -> int:
        """Count the members that live."""

    def close(self, handle: int) -> None:
        """Close a handle."""


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class _Accounting(ctypes.Structure):
    _fields_ = (
        ("TotalUserTime", ctypes.c_int64),
        ("TotalKernelTime", ctypes.c_int64),
        ("ThisPeriodTotalUserTime", ctypes.c_int64),
        ("ThisPeriodTotalKernelTime", ctypes.c_int64),
        ("TotalPageFaultCount", ctypes.c_uint32),
        ("TotalProcesses", ctypes.c_uint32),
        ("ActiveProcesses", ctypes.c_uint32),
        ("TotalTerminatedProcesses", ctypes.c_uint32),
    )


class WindowsJobs:
    """``JobApi`` over kernel32; ``kernel32`` and ``ntdll`` stand in for the real libraries in tests."""

    def __init__(self, kernel32: Any = None, ntdll: Any = None) -> None:
        self._kernel32 = kernel32 or _open_library("kernel32")
        self._ntdll = ntdll or _open_library("ntdll")
        self._kernel32.CreateJobObjectW.restype = ctypes.c_void_p
        self._kernel32.OpenProcess.restype = ctypes.c_void_p

    def create_job(self) -> int:
        job = int(self._checked(self._kernel32.CreateJobObjectW(None, None)))
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE | _DIE_ON_UNHANDLED_EXCEPTION
        try:
            self._checked(
                self._kernel32.SetInformationJobObject(
                    ctypes.c_void_p(job), _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
                )
            )
        except OSError:
            self.close(job)
            raise
        return job

    def assign(self, job: int, process: int) -> None:
        self._checked(self._kernel32.AssignProcessToJobObject(ctypes.c_void_p(job), ctypes.c_void_p(process)))

    def open(self, pid: int) -> int:
        return int(self._checked(self._kernel32.OpenProcess(_MAY_BE_PUT_INTO_A_JOB, False, pid)))

    def resume(self, process: int) -> None:
        status = self._ntdll.NtResumeProcess(ctypes.c_void_p(process))
        if status != 0:
            raise OSError(f"NtResumeProcess failed with status 0x{status & 0xFFFFFFFF:08X}")

    def terminate(self, job: int) -> None:
        self._checked(self._kernel32.TerminateJobObject(ctypes.c_void_p(job), 1))

    def active_members(self, job: int) -> int:
        accounting = _Accounting()
        self._checked(
            self._kernel32.QueryInformationJobObject(
                ctypes.c_void_p(job), _BASIC_ACCOUNTING, ctypes.byref(accounting), ctypes.sizeof(accounting), None
            )
        )
        return int(accounting.ActiveProcesses)

    def close(self, handle: int) -> None:
        self._kernel32.CloseHandle(ctypes.c_void_p(handle))

    def _checked(self, result: Any) -> Any:
        if not result:
            raise _last_error()
        return result


def send_ctrl_c(pid: int, kernel32: Any = None) -> int:
    """Press Ctrl-C in the console of the process ``pid``; return an exit status for the helper that does this.

    It has to be a process of its own: attaching to a console is for a whole process, and so is ignoring Ctrl-C.
    """
    api = kernel32 or _open_library("kernel32")
    api.FreeConsole()
    if not api.AttachConsole(pid):
        return 1
    api.SetConsoleCtrlHandler(None, True)
    pressed = api.GenerateConsoleCtrlEvent(_CTRL_C_EVENT, 0)
    api.FreeConsole()
    return 0 if pressed else 1


def forget_bundle_folder(kernel32: Any = None) -> None:
    """Search for libraries as any program does: a frozen one looks into its own folder first, and so would children.

    What is imported later is found all the same: Python looks beside each module for what that needs.
    """
    (kernel32 or _open_library("kernel32")).SetDllDirectoryW(None)


def _open_library(name: str) -> Any:
    assert sys.platform == "win32", "only Windows has these calls"
    return ctypes.WinDLL(name, use_last_error=True)  # type: ignore[attr-defined, unused-ignore] # Windows only


def _last_error() -> OSError:
    if sys.platform == "win32":
        return ctypes.WinError(ctypes.get_last_error())
    return OSError("the call failed")
