"""``docs/api.md`` says what the code says: every route, key, verb and file (HTTP specification, section 31)."""

import dataclasses
import re
from pathlib import Path

import msgspec
import pytest

from llamaswap_desktop import snapshot
from llamaswap_desktop.activity import LoadsPage, ShownLoad
from llamaswap_desktop.config import WrittenModel
from llamaswap_desktop.core import PolicyPlan
from llamaswap_desktop.http1 import ROUTES
from llamaswap_desktop.settings import Folders, Settings, Updates
from llamaswap_desktop.settings.schema import Pause as PauseRules
from llamaswap_desktop.web import desktop_commands, desktop_config, desktop_plans, desktop_state, machine
from tests.web.served import served

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
PREFIX = "/api/desktop/"

SHOWN = {
    "`GET /api/desktop/state`": desktop_state.State,
    "Version": machine.Version,
    "Pause": snapshot.PauseSnapshot,
    "Model": snapshot.ModelSnapshot,
    "Group": snapshot.GroupSnapshot,
    "Load": snapshot.LoadSnapshot,
    "Waiting": snapshot.WaitingSnapshot,
    "Device": desktop_state.Device,
    "`GET /api/desktop/plans`": desktop_plans.Plans,
    "Plan": PolicyPlan,
    "`POST /api/desktop/commands/<verb>`": desktop_commands.Done,
    "`GET /api/desktop/loads`": LoadsPage,
    "Load or unload": ShownLoad,
    "`GET /api/desktop/config/effective`": desktop_config.EffectiveConfig,
    "Written model": WrittenModel,
    "`POST /api/desktop/config/edit`": desktop_config.Edited,
    "`GET /api/desktop/config/backups/<id>`": desktop_config.ShownVersion,
    "`GET /api/desktop/config`": desktop_config.ShownConfig,
    "Problem": desktop_config.ShownProblem,
    "`PUT /api/desktop/config`": desktop_config.SavedConfig,
    "`POST /api/desktop/config/validate`": desktop_config.Verdict,
    "`POST /api/desktop/config/diff`": desktop_config.Difference,
    "Backup": desktop_config.ShownBackup,
    "`GET /api/desktop/settings`": Settings,
    "Pause rules": PauseRules,
    "Folders": Folders,
    "Updates": Updates,
}

ASKED = {
    "load": desktop_commands.OneModel,
    "unload": desktop_commands.OneModel,
    "unload_all": desktop_commands.Nothing,
    "pin": desktop_commands.OneModel,
    "unpin": desktop_commands.OneModel,
    "set_profile": desktop_commands.OneProfile,
    "pause": desktop_commands.HowLong,
    "resume": desktop_commands.Nothing,
    "reload": desktop_commands.Nothing,
    "set_group": desktop_commands.GroupSwitches,
    "quit": desktop_commands.Nothing,
    "`PUT /api/desktop/config`": desktop_config.EditedText,
    "`POST /api/desktop/config/validate`": desktop_config.TriedText,
    "`POST /api/desktop/config/diff`": desktop_config.TriedText,
    "`POST /api/desktop/config/models`": desktop_config.TriedText,
    "`POST /api/desktop/config/edit`": desktop_config.Edit,
    "`POST /api/desktop/config/backups/<id>/restore`": desktop_config.EditedHash,
    "`POST /api/desktop/diagnose`": desktop_commands.Nothing,
}


def sections():
    parts = re.split(r"^#{2,3} (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def table(text, first_column):
    """The first column of the table whose head begins with that word."""
    match = re.search(rf"^\| {first_column} \|.*\n\|---.*\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    return re.findall(r"^\| `([^`]+)`", match[1], flags=re.MULTILINE) if match else []


def keys_of(kind):
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind)]
    return [field.encode_name for field in msgspec.structs.fields(kind)]


@pytest.mark.parametrize("heading", SHOWN)
def test_every_key_of_an_answer(heading):
    assert set(table(sections()[heading], "key")) == set(keys_of(SHOWN[heading]))


def test_every_table_of_keys_is_of_something_in_the_code():
    assert {heading for heading, text in sections().items() if table(text, "key")} == SHOWN.keys()


@pytest.mark.parametrize("name", ASKED)
def test_every_key_of_a_request(name):
    if name.startswith("`"):
        shown = re.search(r"body is `(\{.*?\})`", sections()[name])[1]
    else:
        shown = re.search(rf"^\| `{name}` \| `(\{{.*?\}})` \|", PAGE, flags=re.MULTILINE)[1]
    assert re.findall(r'"(\w+)":', shown) == keys_of(ASKED[name])


async def test_every_verb(tmp_path):
    documented = table(sections()["`POST /api/desktop/commands/<verb>`"], "verb")
    async with served(tmp_path) as it:
        verbs = it.app._api.answers["POST", PREFIX + "commands/{rest}"].__self__.verbs
    assert documented == list(verbs)
    assert set(verbs) < ASKED.keys()


def test_every_route():
    listed = re.findall(rf"^\| ([A-Z]+) \| `({PREFIX}[^`]+)` \|", PAGE, flags=re.MULTILINE)
    assert {(method, re.sub("<.*", "{rest}", path)) for method, path in listed} == {
        (route.method, route.path) for route in ROUTES if route.path.startswith(PREFIX)
    }
    assert [f"`{method} {path}`" for method, path in listed] == [name for name in sections() if name.startswith("`")]


def test_every_link_leads_somewhere():
    anchors = {re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in sections()}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
