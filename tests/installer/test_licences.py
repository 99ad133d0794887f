"""Nothing is shipped without its licence, and everything is listed."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from installer import contents, declared, licences, sbom
from installer.dependencies import dependencies

SHIPPED = {*dependencies(), "pyinstaller", "pystray"}
"""On any system; what is not installed here is another system's."""

SAYS = {
    "Apache-2.0": r"(?i)Apache License,?\s+Version 2\.0",
    "BSD-3-Clause": r"Neither the name",
    "GPL-2.0-or-later WITH Bootloader-exception": r"(?s)Bootloader Exception.*any later version",
    "LGPL-3.0-or-later": r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3",
    "MIT": r"Permission is hereby granted, free of charge",
    "MIT-CMU": r"Permission to use, copy, modify and distribute this software",
    "PSF-2.0": r"PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",
    "Zlib": r"provided 'as-is', without any express or implied\s+warranty",
    "blessing": r"(?i)public.domain",
}
"""What a text says, if it is of this licence."""


def installed(names: set[str]) -> list[str]:
    return sorted(name for name in names if list(metadata.distributions(name=name)))


@pytest.mark.parametrize("name", installed(SHIPPED))
def test_every_package_brings_its_licence_and_says_the_right_one(name):
    part = licences._distribution(name)
    assert part.texts, name
    assert all(text.stat().st_size > 200 for text in part.texts)
    assert part.licence
    text = "\n".join(text.read_text(encoding="utf-8") for text in part.texts)
    for licence in re.split(" AND | OR ", part.licence):
        assert re.search(SAYS[licence], text), licence


@pytest.mark.parametrize("carrier", sorted(declared.LINKED))
def test_what_is_compiled_into_a_library_brings_its_licence_too(carrier):
    parts = licences._linked_into(licences._distribution(carrier))
    assert parts
    for part in parts:
        [text] = part.texts
        assert re.search(SAYS[part.licence], text.read_text(encoding="utf-8"), re.IGNORECASE), part.name


@pytest.mark.linux
@pytest.mark.parametrize("name", [name for name in declared.READ if name.startswith(("lib", "zlib"))])
def test_what_was_read_of_the_systems_libraries(name):
    texts = licences.debian_texts(name)
    if not texts:
        pytest.skip(f"{name} is not installed")
    assert re.search(SAYS[declared.licence_of_system_package(name)], "\n".join(text.read_text() for text in texts))


@pytest.mark.parametrize(
    ("facts", "licence"),
    [
        ({"license_expression": "MPL-2.0", "license": "MIT"}, "MPL-2.0"),
        ({"license": "MIT License"}, "MIT"),
        ({"license": "see the file", "classifier": ["License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"license": "see the file", "classifier": ["License :: OSI Approved :: BSD License"]}, ""),
        (
            {
                "classifier": [
                    "License :: OSI Approved :: MIT License",
                    "License :: OSI Approved :: Apache Software License",
                ]
            },
            "",
        ),
        ({}, ""),
    ],
)
def test_what_makers_say_counts_if_it_is_clear(facts, licence):
    assert declared.licence_of("some-package", facts) == licence


def test_a_licence_that_nobody_has_read_stops_the_build(monkeypatch):
    text = contents.ROOT / "LICENSE"
    monkeypatch.setattr(licences, "_distribution", lambda name: licences.Part(name, "1", "", "", (text,)))
    with pytest.raises(licences.MissingLicence, match="unclear licence of aiohttp, pyinstaller: read it"):
        licences.parts_of([("aiohttp.web", "aiohttp/web.py", "PYMODULE")], [])


def test_debians_newer_names_are_the_same_libraries():
    assert declared.licence_of_system_package("libssl3t64") == declared.licence_of_system_package("libssl3")


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
    other = licences.Part("ruamel.yaml", "0.19", "pkg:pypi/ruamel-yaml@0.19", "0BSD", ())
    document = json.loads(sbom.spdx([own, other]))
    assert [package["SPDXID"] for package in document["packages"]] == [
        "SPDXRef-llamaswap-desktop",
        "SPDXRef-ruamel.yaml",
    ]
    assert document["packages"][1]["licenseDeclared"] == "0BSD"
    relations = [tuple(relation.values()) for relation in document["relationships"]]
    assert relations == [
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-llamaswap-desktop"),
        ("SPDXRef-llamaswap-desktop", "CONTAINS", "SPDXRef-ruamel.yaml"),
    ]
