"""What is told, and what its buttons lead to."""

import msgspec

from llamaswap_desktop.commands import LoadModel, UnloadAll
from llamaswap_desktop.errors import ConfigError, ListenFailed, Problem, Severity
from llamaswap_desktop.events import ConfigRejected, ProcessDied
from llamaswap_desktop.notices import Notices, config_checked, shared_on_lan, start_failed
from llamaswap_desktop.tray import CopyText, Local, ShowLog
from tests.core.fakes import World, config, model

PROBLEMS = (Problem(Severity.ERROR, "no", "config.yaml", 3, 5, "models.a.ttl"), Problem(Severity.ERROR, "neither"))


class Told:
    """The notices of a core, with what their buttons have asked for."""

    def __init__(self) -> None:
        self.world = World(config(msgspec.structs.replace(model("a"), name="Qwen"), model("b")))
        self.shown, self.acts = [], []
        self.notices = Notices(self.world.core, self.shown.append, self.acts.append)

    async def end(self) -> None:
        self.notices.stop()
        await self.world.end()


async def test_load_that_fails_names_model_and_reason_and_leads_to_the_log():
    told = Told()
    told.world.processes["a"].fails = "exit code 1: out of memory"
    told.world.core.execute(LoadModel("a"))
    await told.world.until(lambda: told.shown, "it is told")
    [notice] = told.shown
    assert (notice.kind, notice.title, notice.text) == (
        "load failed", "Qwen could not be loaded", "Exit code 1: out of memory",
    )  # fmt: skip
    for offer in notice.offers:
        offer.accept()
    assert told.acts == [ShowLog("a"), LoadModel("a")]
    await told.end()


async def test_death_and_refused_configuration():
    told = Told()
    told.world.core.publish(ProcessDied("b", "ended by SIGSEGV"))
    told.world.core.publish(ConfigRejected(PROBLEMS))
    died, refused = told.shown
    assert died.title == "b has ended by itself"
    assert refused.text == "config.yaml:3:5: models.a.ttl: no (and 1 more). The former one stays in force."
    refused.offers[0].accept()
    assert told.acts == [Local.EDIT_CONFIG]
    await told.end()


async def test_freed_memory_is_confirmed_when_it_was_asked_for_only():
    told = Told()
    core = told.world.core
    core.execute(LoadModel("a"))
    await told.world.until(lambda: told.world.processes["a"].upstream, "it is ready")
    core.learn_footprint("a", {"gpu0": 4506}, is_new_load=True)
    await core.unload()
    assert told.shown == []
    core.execute(LoadModel("a"))
    await told.world.until(lambda: told.world.processes["a"].upstream, "it is ready again")
    core.learn_footprint("a", {"gpu0": 4506}, is_new_load=True)
    told.notices.memory_will_be_freed()
    core.execute(UnloadAll())
    await told.world.until(lambda: told.shown, "it is told")
    assert told.shown[0].text == "4.4 GiB were given back."
    told.notices.memory_will_be_freed()
    core.execute(UnloadAll())
    await told.end()
    assert len(told.shown) == 1


def test_start_that_fails():
    acts, again = [], []
    taken = start_failed(ListenFailed("port 9292 is in use by nginx"), lambda: again.append(1), None, acts.append)
    assert (taken.title, taken.text) == ("The address is taken", "port 9292 is in use by nginx")
    broken = start_failed(ConfigError(PROBLEMS), lambda: again.append(2), None, acts.append)
    assert broken.text == "config.yaml:3:5: models.a.ttl: no (and 1 more)"
    for notice in (taken, broken):
        notice.offers[-1].accept()
    assert again == [1, 2]


def test_check_is_answered():
    assert config_checked(None, 1, (), print).text == "1 model"
    assert "remark" in config_checked(None, 2, PROBLEMS, print).title
    assert config_checked(ConfigError(PROBLEMS), 0, (), print).text.endswith("(and 1 more)")
    assert config_checked(None, 1, (), print).was_asked_for


def test_key_is_offered_but_not_written_on_the_screen():
    acts = []
    notice = shared_on_lan("port 9292", "sk-secret", acts.append)
    assert "sk-secret" not in notice.title + notice.text
    notice.offers[0].accept()
    assert acts == [CopyText("sk-secret")]
