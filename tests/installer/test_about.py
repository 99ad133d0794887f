"""What a build says of itself."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from installer import about, contents, release
from llamaswap_desktop import __version__


def test_the_version_is_the_programs():
    assert about.version() == __version__


def test_two_builds_of_one_commit_say_the_same(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert about.build_facts()["build_date"] == "2023-11-14T22:13:20Z"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert about.build_facts() == about.build_facts()


def test_windows_is_told_a_name_for_people():
    strings: dict[str, str] = {}

    def keep(name: str, value: str) -> None:
        strings[name] = value

    @dataclass
    class Fixed:
        filevers: tuple[int, ...]
        prodvers: tuple[int, ...]
        mask: int
        flags: int
        OS: int
        fileType: int
        subtype: int
        date: tuple[int, int]

    names: dict[str, Any] = {
        name: lambda *_, **__: None
        for name in ("VSVersionInfo", "StringFileInfo", "StringTable", "VarFileInfo", "VarStruct")
    }
    eval(about.version_resource(contents.TRAY_NAME), {**names, "FixedFileInfo": Fixed, "StringStruct": keep})
    assert strings["FileDescription"] == "llama-swap Desktop"
    assert strings["OriginalFilename"] == "llamaswap-desktop-tray.exe"
    assert strings["ProductVersion"] == __version__
    assert re.search(r"filevers=\(\d+, \d+, \d+, 0\)", about.version_resource(contents.CONSOLE_NAME))


def test_a_tag_of_another_version_is_refused():
    with pytest.raises(SystemExit, match="the tag is v99"):
        release.check_tag("v99.0.0")


def test_checksums_are_what_sha256sum_reads(tmp_path):
    (tmp_path / "b.deb").write_bytes(b"")
    (tmp_path / "a folder").mkdir()
    text = release.write_checksums(tmp_path).read_text()
    assert text == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b.deb\n"
    assert release.write_checksums(tmp_path).read_text() == text, "not of itself"
