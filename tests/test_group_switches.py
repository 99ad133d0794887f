"""Group switches that were changed live are there again after a restart."""

from llamaswap_desktop.commands import SetGroup
from llamaswap_desktop.group_switches import GroupSwitches
from llamaswap_desktop.settings import SettingsFile
from tests.core.fakes import World, config, model

CONFIG = config(model("a"), model("b"))


async def test_switches_are_kept_and_given_back(tmp_path):
    path = tmp_path / "settings.yaml"
    world = World(CONFIG)
    switches = GroupSwitches(world.core, SettingsFile(path))
    assert not path.exists()
    world.core.execute(SetGroup("g", swap=False, exclusive=True, persistent=True))
    await world.end()
    switches.stop()
    assert "exclusive" not in path.read_text(), "what the configuration says too is no difference"

    again = World(CONFIG)
    settings = SettingsFile(path)
    switches = GroupSwitches(again.core, settings)
    [group] = again.core.snapshot().groups
    assert (group.swap, group.exclusive, group.persistent) == (False, True, True)
    again.core.execute(SetGroup("g"))
    assert settings.now.groups == {}
    await again.end()
    switches.stop()


async def test_group_that_is_not_configured_now_is_remembered(tmp_path):
    settings = SettingsFile(tmp_path / "settings.yaml")
    settings.change({"groups": {"gone": {"swap": False}}})
    world = World(CONFIG)
    switches = GroupSwitches(world.core, settings)
    world.core.execute(SetGroup("g", swap=False))
    assert set(settings.now.groups) == {"g", "gone"}
    await world.end()
    switches.stop()
