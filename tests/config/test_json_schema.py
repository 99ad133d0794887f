"""The JSON schema for editors."""

import jsonschema
import msgspec
import pytest

from llamaswap_desktop.config import example_config_text, schema_text, starter_config_text
from llamaswap_desktop.config.anchors import resolve
from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.json_schema import render_schema
from llamaswap_desktop.config.key_notes import NOTES
from llamaswap_desktop.config.read import keys_of, plain_value
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.schema import Filters, Timeouts
from tests.config.loading import load

SCHEMA = msgspec.json.decode(schema_text())


def check(text: str) -> None:
    root = compose(text)
    jsonschema.Draft202012Validator(SCHEMA).validate({} if root is None else plain_value(resolve(root, Report())))


def test_the_shipped_one_is_the_generated_one():
    assert schema_text() == render_schema(), (
        "write it anew with: python -m llamaswap_desktop.config.json_schema > llamaswap_desktop/config/schema.json"
    )


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", [example_config_text(), starter_config_text(), ""])
def test_what_comes_with_the_program_is_valid(text):
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "startPort: soon",
        "models: [a]",
        "models: {m: {ttl: soon}}",
        "models: {m: {aliases: a}}",
        "models: {m: {timeouts: {connect: x}}}",
        "groups: {g: {swap: maybe}}",
        "routing: {router: {settings: {groups: {g: {members: 5}}}}}",
        "logToStdout: all",
        "selectors: {s: {strategy: no}}",
        "desktop: {wakeOnLan: {p: {wait: x}}}",
    ],
)
def test_wrong_types_are_seen(text):
    with pytest.raises(jsonschema.ValidationError):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "startPort: ${port}",
        "models: {m: {ttl: '${ttl}', unlisted: yes, name: 5, metadata: {any: [1]}, filters: {strip_params: a}}}",
        "models: ~",
        "x-anything: [1]",
        "logToStdout: '${where}'",
    ],
)
def test_what_loads_is_not_complained_about(text):
    check(text.replace("${port}", "'${port}'"))


def test_every_key_of_the_example_is_known():
    load(example_config_text())


def test_descriptions_speak_to_users():
    assert "section" not in schema_text()


@pytest.mark.parametrize("cls", NOTES, ids=lambda cls: cls.__name__)
def test_every_key_of_a_model_has_a_note_and_every_note_a_key(cls):
    also = {"strip_params"} if cls is Filters else set()
    assert NOTES[cls].keys() - also == keys_of(cls).keys()


def test_notes_are_the_schema_s_descriptions():
    model = SCHEMA["properties"]["models"]["additionalProperties"]["properties"]
    assert all("description" in key for key in model.values())
    assert model["timeouts"]["properties"]["connect"]["description"] == NOTES[Timeouts]["connect"]
