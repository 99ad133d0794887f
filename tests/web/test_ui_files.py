"""The web UI's sources: what is vendored, how much it weighs, and what no page may do."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "llamaswap_desktop" / "web"
VENDOR = WEB / "vendor"
STATIC = WEB / "static"
AXE = Path(__file__).parents[1] / "browser" / "vendor"

OURS = sorted(path for path in STATIC.rglob("*") if path.is_file())
SCRIPTS = [path for path in OURS if path.suffix == ".js"]
MOST_COMPRESSED_BYTES = 400 * 1024

IMPORT = re.compile(r"""(?<!["\w])(?:from|import)\s*\(?\s*"([^"]+)\"""")


def name_of(path: Path) -> str:
    return path.relative_to(WEB).as_posix()


@pytest.mark.parametrize("folder", [VENDOR, AXE], ids=["the pages'", "the tests'"])
def test_what_others_wrote_is_as_they_wrote_it(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {}
    for package in manifest:
        assert set(package) == {"name", "version", "licence", "files"}
        assert any(file.rpartition("/")[2] == "LICENSE" for file in package["files"]), package["name"]
        listed |= package["files"]
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del there["manifest.json"]
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}


def test_all_of_it_weighs_little():
    files = [*OURS, *(path for path in VENDOR.rglob("*") if path.suffix in {".mjs", ".js", ".css"})]
    weight = sum(len(gzip.compress(path.read_bytes())) for path in files)
    print(f"{len(files)} files, {weight / 1024:.0f} KiB compressed")
    assert weight < MOST_COMPRESSED_BYTES


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_text_stays_text(path):
    source = path.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\(|new Function", source
    )


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_nothing_is_fetched_from_elsewhere(path):
    if path.suffix == ".svg":
        return
    source = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"""["'`(]https?://[a-z0-9]""", source)


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_imports_lead_somewhere(path):
    mapped = json.loads(re.search(r'importmap">(.*?)</script>', (STATIC / "index.html").read_text(), re.DOTALL)[1])[
        "imports"
    ]
    for target in IMPORT.findall(path.read_text(encoding="utf-8")):
        if target.startswith("."):
            assert (path.parent / target).is_file(), target
        else:
            assert (WEB / mapped[target].removeprefix("./")).is_file(), target


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_file_holds_one_idea(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("// "), "the first line says what it is for"
    assert len(lines) < 300


def test_page_needs_nothing_that_its_policy_forbids():
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son\w+=|<script>|<style", html)
    assert not re.search(r"https?://", html)
