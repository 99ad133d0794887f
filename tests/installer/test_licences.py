"""Nothing is shipped without its licence, and everything is listed."""

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from installer import contents, licences, sbom


def bundled() -> set[str]:
    """Every distribution that the program needs on any system, as far as it is installed here."""
    with (contents.ROOT / "pyproject.toml").open("rb") as file:
        waiting = [Requirement(line).name for line in tomllib.load(file)["project"]["dependencies"]]
    found: set[str] = set()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        wanted = (Requirement(line) for line in needs)
        waiting += [each.name for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


@pytest.mark.parametrize("name", sorted(bundled()))
def test_every_package_brings_its_licence(name):
    part = licences._distribution(name)
    assert part.texts, name
    assert all(text.stat().st_size > 200 for text in part.texts)


def test_pystray_brings_the_lesser_license():
    names = {text.name for text in licences._distribution("pystray").texts}
    assert "COPYING.LGPL" in names


def test_a_part_without_a_licence_stops_the_build(monkeypatch):
    monkeypatch.setattr(licences, "_distribution", lambda name: licences.Part(name, "1", "", "", ()))
    with pytest.raises(licences.MissingLicence, match="no licence for aiohttp, pyinstaller"):
        licences.parts_of([("aiohttp.web", "aiohttp/web.py", "PYMODULE")], [])


def test_modules_kept_as_files_have_owners_too():
    modules = [("pystray/_win32.py", "x/pystray/_win32.py", "DATA"), ("aiohttp.web", "x/aiohttp/web.py", "PYMODULE")]
    assert licences.distributions_of(modules, []) == {"pystray", "aiohttp"}


def test_a_module_of_nobody_stops_the_build():
    with pytest.raises(licences.MissingLicence, match="nobodys is in the bundle"):
        licences.parts_of([("nobodys.module", "/tmp/nobodys/module.py", "PYMODULE")], [])


def test_the_dashboards_libraries_are_parts():
    vendor = contents.PACKAGE / "web" / "vendor"
    folders = {path.name for path in vendor.iterdir() if path.is_dir()}
    parts = licences._web_parts()
    assert {part.name for part in parts} == folders
    assert all(part.texts for part in parts)


def test_two_texts_of_one_name_are_both_shipped(tmp_path):
    texts = []
    for folder in ("a", "b"):
        text = tmp_path / folder / "LICENSE"
        text.parent.mkdir()
        text.write_text(folder)
        texts.append(text)
    entries = licences.collect(str(tmp_path), [licences.Part("p", "1", "", "MIT", tuple(texts))])
    assert sorted(Path(file).read_text() for _, file, _ in entries) == ["a", "b"]
    assert {place for place, _, _ in entries} == {"licences/p/LICENSE", "licences/p/b-LICENSE"}


def test_the_list_of_parts():
    own = licences.Part("llamaswap-desktop", "1.0", "pkg:generic/llamaswap-desktop@1.0", "MIT", ())
    other = licences.Part("ruamel.yaml", "0.19", "pkg:pypi/ruamel-yaml@0.19", "", ())
    document = json.loads(sbom.spdx([own, other]))
    assert [package["SPDXID"] for package in document["packages"]] == [
        "SPDXRef-llamaswap-desktop",
        "SPDXRef-ruamel.yaml",
    ]
    assert document["packages"][1]["licenseDeclared"] == "NOASSERTION"
    relations = [tuple(relation.values()) for relation in document["relationships"]]
    assert relations == [
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-llamaswap-desktop"),
        ("SPDXRef-llamaswap-desktop", "CONTAINS", "SPDXRef-ruamel.yaml"),
    ]
