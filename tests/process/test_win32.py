"""The Windows calls, against a faked kernel32 and ntdll."""

import ctypes

import pytest

from llamaswap_desktop.process.win32 import WindowsJobs, forget_bundle_folder, send_ctrl_c


class FakeLibrary:
    """Notes every call; ``answers`` gives results by name, 1 otherwise."""

    def __init__(self, **answers):
        self.calls = []
        self.answers = answers

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*arguments):
            self.calls.append((name, *(getattr(argument, "value", argument) for argument in arguments)))
            answer = self.answers.get(name, 1)
            return answer(*arguments) if callable(answer) else answer

        setattr(self, name, call)
        return call

    @property
    def names(self):
        return [call[0] for call in self.calls]


def test_job_ends_its_members_with_its_last_handle():
    seen = []

    def note_limits(_job, kind, pointer, size):
        flags = ctypes.cast(pointer, ctypes.POINTER(ctypes.c_uint32))[4]
        seen.append((kind, flags, size))
        return 1

    kernel32 = FakeLibrary(CreateJobObjectW=77, SetInformationJobObject=note_limits)
    assert WindowsJobs(kernel32, FakeLibrary()).create_job() == 77
    assert seen == [(9, 0x2000 | 0x400, 144)], "extended limits: kill on close, no crash dialog; 144 bytes on 64 bit"


def test_job_that_cannot_be_prepared_is_closed():
    kernel32 = FakeLibrary(CreateJobObjectW=77, SetInformationJobObject=0)
    with pytest.raises(OSError):
        WindowsJobs(kernel32, FakeLibrary()).create_job()
    assert kernel32.calls[-1] == ("CloseHandle", 77)


def test_calls_that_fail_are_errors():
    jobs = WindowsJobs(
        FakeLibrary(AssignProcessToJobObject=0, TerminateJobObject=0), FakeLibrary(NtResumeProcess=-1073741790)
    )
    with pytest.raises(OSError):
        jobs.assign(1, 2)
    with pytest.raises(OSError):
        jobs.terminate(1)
    with pytest.raises(OSError, match="0xC0000022"):
        jobs.resume(2)


def test_process_is_opened_for_what_a_job_needs():
    kernel32 = FakeLibrary(OpenProcess=99)
    assert WindowsJobs(kernel32, FakeLibrary()).open(812) == 99
    assert kernel32.calls == [("OpenProcess", 0x101, False, 812)]
    with pytest.raises(OSError):
        WindowsJobs(FakeLibrary(OpenProcess=0), FakeLibrary()).open(812)


def test_living_members_are_counted():
    def count(_job, _kind, pointer, _size, _length):
        ctypes.cast(pointer, ctypes.POINTER(ctypes.c_uint32))[10] = 3
        return 1

    assert WindowsJobs(FakeLibrary(QueryInformationJobObject=count), FakeLibrary()).active_members(1) == 3


def test_ctrl_c_is_pressed_in_the_console_of_the_child():
    kernel32 = FakeLibrary()
    assert send_ctrl_c(812, kernel32) == 0
    assert kernel32.calls == [
        ("FreeConsole",),
        ("AttachConsole", 812),
        ("SetConsoleCtrlHandler", None, True),
        ("GenerateConsoleCtrlEvent", 0, 0),
        ("FreeConsole",),
    ]


def test_children_do_not_search_our_folder_for_libraries():
    kernel32 = FakeLibrary()
    forget_bundle_folder(kernel32)
    assert kernel32.calls == [("SetDllDirectoryW", None)]


def test_child_without_a_console_cannot_be_asked():
    kernel32 = FakeLibrary(AttachConsole=0)
    assert send_ctrl_c(812, kernel32) == 1
    assert "GenerateConsoleCtrlEvent" not in kernel32.names
