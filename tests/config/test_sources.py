"""Section 1.2: which files, and their text."""

import codecs
from pathlib import Path

import pytest

from llamaswap_desktop.config import Sources, load_config
from llamaswap_desktop.errors import ConfigError
from tests.config.loading import M, models


def load(file: Path | None = None, directory: Path | None = None):
    return load_config(Sources(file, directory), environment={})


def refused(file: Path | None = None, directory: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, directory)
    return str(caught.value)


def test_the_file_comes_first_then_the_directory_by_name_as_bytes(tmp_path):
    conf = tmp_path / "conf.d"
    (conf / "sub.yaml").mkdir(parents=True)
    (tmp_path / "main.yaml").write_text("apiKeys: [main]")
    for name in ("b.yml", "a.yaml", "B.yaml", ".hidden.yaml", "é.yaml"):
        (conf / name).write_text(f"apiKeys: ['{name}']", encoding="utf-8")
    for name in ("c.YAML", "d.Yml", "e.yaml.bak", "f.txt", "yaml"):
        (conf / name).write_text("this: is: no: yaml")
    (conf / "sub.yaml" / "x.yaml").write_text("this: is: no: yaml")
    keys = load(tmp_path / "main.yaml", conf).api_keys
    assert keys == ("main", ".hidden.yaml", "B.yaml", "a.yaml", "b.yml", "é.yaml")


def test_a_file_given_twice_is_refused(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(M)
    assert str(file) in refused(tmp_path / "x" / ".." / "c.yaml", tmp_path).replace("x/../", "")


@pytest.mark.linux
def test_links_are_not_resolved(tmp_path):
    conf = tmp_path / "conf.d"
    conf.mkdir()
    (conf / "a.yaml").write_text(M)
    link = tmp_path / "link.yaml"
    link.symlink_to(conf / "a.yaml")
    assert "duplicate model" in refused(link, conf)


def test_a_missing_or_unreadable_source_is_named(tmp_path):
    assert "nope.yaml" in refused(tmp_path / "nope.yaml")
    assert "nope.d" in refused(directory=tmp_path / "nope.d")
    assert str(tmp_path) in refused(tmp_path)


def test_no_file_at_all_is_refused(tmp_path):
    for message in (refused(directory=tmp_path), refused()):
        assert "--config" in message
        assert "--config-dir" in message


def test_files_without_anything_are_the_defaults(tmp_path):
    (tmp_path / "a.yaml").write_text("")
    (tmp_path / "b.yaml").write_text("# only a comment\n")
    config = load(directory=tmp_path)
    assert (dict(config.models), config.warnings) == ({}, ())


@pytest.mark.parametrize(
    "data",
    [
        "apiKeys: [é]".encode(),
        codecs.BOM_UTF8 + "apiKeys: [é]".encode(),
        "\ufeffapiKeys: [é]".encode("utf-16-le"),
        "\ufeffapiKeys: [é]".encode("utf-16-be"),
        "apiKeys: [é]\r\n".encode(),
    ],
)
def test_encodings(tmp_path, data):
    (tmp_path / "c.yaml").write_bytes(data)
    assert load(tmp_path / "c.yaml").api_keys == ("é",)


def test_other_encodings_are_refused(tmp_path):
    (tmp_path / "c.yaml").write_bytes("apiKeys: [é]".encode("latin-1"))
    message = refused(tmp_path / "c.yaml")
    assert "c.yaml" in message
    assert "UTF-8" in message


def test_every_unreadable_file_is_named(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_bytes(b"\xff")
    assert refused(directory=tmp_path).count("UTF-8") == 2


def test_a_text_that_has_not_been_saved_takes_the_place_of_its_file(tmp_path):
    (tmp_path / "a.yaml").write_text("apiKeys: [a]")
    (tmp_path / "b.yaml").write_text("apiKeys: [b]")
    edited = {tmp_path / "b.yaml": "apiKeys: [edited]"}
    assert load_config(Sources(directory=tmp_path), environment={}, instead=edited).api_keys == ("a", "edited")


def test_loading_twice_gives_equal_values(tmp_path):
    (tmp_path / "c.yaml").write_text(models("a", "b") + "matrix: {sets: {s: a & b}}")
    assert load(tmp_path / "c.yaml") == load(tmp_path / "c.yaml")
