"""The form's changes to the configuration's text: one key, and nothing else."""

import json

import pytest

from tests.browser.models import configuration, responder

pytestmark = pytest.mark.browser

TEXT = """\
# head
models:
  # the first
  "a b":
    cmd: |
      server --port ${PORT}

      --more
    ttl: 5  # short
    aliases: [x, y]
  plain:
    name: 'It''s'
    cmd: server # not a comment? it is
    filters: {a: 1}
    env:
      - A=1

groups:
  g:
    members: [plain]
"""
NAMES = ["name", "cmd", "ttl", "aliases", "filters", "env"]


def config():
    return configuration(responder("m"))


@pytest.fixture
def do(view):
    view.open("#/config")

    def run(expression, *arguments):
        script = f"""
          const [text, one, two, three] = arguments;
          return import("/ui/pages/config/yaml_models.js").then(({{ modelsIn, valuesOf, withValue, withModel }}) => {{
            const model = (id) => modelsIn(text).find((each) => each.id === id);
            return {expression};
          }});
        """
        return view.run(script, *arguments)

    return run


def test_models_and_their_values_are_found(do):
    assert [each["id"] for each in do("modelsIn(text)", TEXT)] == ["a b", "plain"]
    first = json.loads(do("JSON.stringify(valuesOf(text, model('a b'), one))", TEXT, NAMES))
    assert first == {"cmd": "server --port ${PORT}\n\n--more", "ttl": "5", "aliases": "x, y"}
    second = json.loads(do("JSON.stringify(valuesOf(text, model('plain'), one))", TEXT, NAMES))
    assert second == {"name": "It's", "cmd": "server", "filters": None, "env": None}


@pytest.mark.parametrize(
    ("model", "name", "value", "before", "after"),
    [
        ("a b", "ttl", "90", "    ttl: 5  # short\n", "    ttl: 90\n"),
        ("a b", "ttl", "", "    ttl: 5  # short\n", ""),
        ("a b", "cmd", "one line", "cmd: |\n      server --port ${PORT}\n\n      --more\n", "cmd: one line\n"),
        ("a b", "aliases", "x, a: b", "[x, y]", '[x, "a: b"]'),
        ("plain", "cmd", "two\nlines", "cmd: server # not a comment? it is\n", "cmd: |\n      two\n      lines\n"),
        ("plain", "name", "yes: no", "name: 'It''s'", 'name: "yes: no"'),
        ("plain", "name", "12", "name: 'It''s'", 'name: "12"'),
        ("plain", "ttl", "7", "  plain:\n", "  plain:\n    ttl: 7\n"),
    ],
)
def test_one_key_changes_and_nothing_else(do, model, name, value, before, after):
    assert before in TEXT
    assert do("withValue(text, model(one), two, three)", TEXT, model, name, value) == TEXT.replace(before, after, 1)


def test_new_model_goes_to_the_end_of_models(do):
    added = do("withModel(text, one, two)", TEXT, "new:one", {"cmd": "server", "ttl": "", "name": "N"})
    lines = '      - A=1\n\n  "new:one":\n    cmd: server\n    name: N\n\ngroups:\n'
    assert added == TEXT.replace("      - A=1\n\ngroups:\n", lines)
    assert do("withModel(text, one, two)", "", "a", {"cmd": "x"}) == "models:\n  a:\n    cmd: x\n"
    assert do("withModel(text, one, two)", "models: {}\n", "a", {"cmd": "x"}).startswith("models:")
