"""Reading the configuration again."""

import asyncio

import pytest

from llamaswap_desktop.config import Sources, load_config
from llamaswap_desktop.core import Reloader
from llamaswap_desktop.core.reload import kept_ports
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.events import ConfigChanged, ConfigRejected, Preloaded
from tests.core.fakes import World


def text(*models: str, more: str = "") -> str:
    return "models:\n" + "".join(f"  {m}: {{cmd: 'run ${{PORT}}'}}\n" for m in models) + more


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(text("a", "b"))
    return path


def made(file):
    world = World(load_config(Sources(file), environment={}))
    return world, Reloader(world.core, Sources(file), {})


async def test_new_configuration_holds_and_ports_are_kept(file):
    world, reloader = made(file)
    before = kept_ports(world.core.configured)
    file.write_text(text("0", "a", "b"))
    await reloader.ask()
    assert list(world.core.config.models) == ["0", "a", "b"]
    assert {**kept_ports(world.core.configured), **before} == kept_ports(world.core.configured)
    assert world.core.config.models["0"].port not in before.values()
    await world.end()


async def test_port_of_a_removed_model_is_waited_for_while_it_finishes_its_answer(file):
    world, reloader = made(file)
    answering = await world.core.acquire("a")
    port = world.core.config.models["a"].port
    file.write_text(text("b", "c", more="groups: {all: {swap: false, exclusive: false, members: [b, c]}}\n"))
    await reloader.ask()
    assert world.core.config.models["c"].port == port
    waiting = asyncio.get_running_loop().create_task(world.core.acquire("c"))
    await asyncio.wait({waiting}, timeout=0.05)
    assert world.processes["c"].starts == 0
    answering.release()
    (await waiting).release()
    assert world.processes["a"].state == "shutdown"
    await world.end()


async def test_broken_file_changes_nothing_and_is_reported(file):
    world, reloader = made(file)
    before = world.core.config
    file.write_text("models:\n  a: {cmd: 'x ${PORT}', ttl: soon}\n")
    with pytest.raises(ConfigError, match="soon"):
        await reloader.ask()
    assert world.core.config is before
    [rejected] = [event for event in world.events if isinstance(event, ConfigRejected)]
    assert rejected.problems[0].line == 2
    await world.end()


async def test_last_of_several_quick_edits_holds(file):
    world, reloader = made(file)
    asked = []
    for count in range(5):
        file.write_text(text(*(f"m{number}" for number in range(count + 1))))
        asked.append(reloader.ask())
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    assert list(world.core.config.models) == [f"m{number}" for number in range(5)]
    changes = [event for event in world.events if isinstance(event, ConfigChanged)]
    assert len(changes) <= 5
    await world.end()


async def test_only_new_entries_of_preload_are_loaded(file):
    hooks = "hooks: {on_startup: {preload: [%s]}}\n"
    file.write_text(text("a", "b", more=hooks % "a"))
    world, reloader = made(file)
    file.write_text(text("a", "b", more=hooks % "a, b"))
    await reloader.ask()
    await world.until(lambda: any(isinstance(event, Preloaded) for event in world.events), "a preload")
    assert (world.processes["a"].starts, world.processes["b"].starts) == (0, 1)
    await world.end()


async def test_trying_a_text_changes_nothing(file):
    world, reloader = made(file)
    before = world.core.config
    assert list(reloader.try_out(text("a", "c")).models) == ["a", "c"]
    assert reloader.try_out(text("a", "b")).models["a"].port == before.models["a"].port
    with pytest.raises(ConfigError, match=r"config\.yaml:1:"):
        reloader.try_out("models: 3\n")
    assert world.core.config is before
    assert world.events == []
    await world.end()
