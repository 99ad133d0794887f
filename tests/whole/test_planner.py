"""A planner of the user's own in the running program: what it would do, its mistakes contained, and mending it."""

import json

import pytest

from tests.whole.program import BUNDLE_PROGRAM, free_ports, running_program
from tests.whole.test_life import model

pytestmark = [
    pytest.mark.whole,
    pytest.mark.linux,
    pytest.mark.skipif(BUNDLE_PROGRAM is not None, reason="a bundle has not all of Python's modules"),
]

PLANNER = """
class Mine:
    def victims(self, target, picture):
        {broken}
        return [model for model in picture.running if model == "a"]
"""


async def plans_for(program, name: str) -> list[dict]:
    return json.loads((await program.get(f"/api/desktop/plans?model={name}"))[1])["plans"]


async def test_planner_is_tried_contained_mended_and_used(tmp_path):
    module = tmp_path / "users_planners.py"
    module.write_text(PLANNER.format(broken="if target == 'c': raise OSError('no')"))
    router = "routing: {router: {use: 'users_planners:Mine'}}\n"
    text = f"startPort: {free_ports()}\n{router}models:\n{model('a')}{model('b')}{model('c')}"
    async with running_program(tmp_path, text, environment={"PYTHONPATH": str(tmp_path)}) as program:
        for name in ("b", "a"):
            assert (await program.chat(name))[0] == 200
        assert sorted(await program.running()) == ["a", "b"]

        mine, group, *_ = await plans_for(program, "c")
        assert (mine["policy"], mine["is_in_force"], mine["leaving"]) == ("users_planners:Mine", True, ["a", "b"])
        assert mine["problem"].endswith("would be replaced by 'group': it raised OSError('no')")
        assert (group["policy"], group["leaving"]) == ("group", ["a", "b"])
        assert "replaced" not in program.log, "to look is not to ask"

        assert (await program.chat("c"))[0] == 200
        assert list(await program.running()) == ["c"], "group has decided"
        await program.has_logged_all()
        assert "planner users_planners:Mine has been replaced by 'group'" in program.log

        module.write_text(PLANNER.format(broken=""))
        assert (await program.post("/api/desktop/commands/reload", {}))[0] == 200
        for name in ("a", "b"):
            assert (await program.chat(name))[0] == 200
        assert sorted(await program.running()) == ["b", "c"], "the mended one has decided"
