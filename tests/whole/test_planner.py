"""A planner of the user's own, found where the user says."""

import pytest

from tests.whole.program import free_ports, running_program
from tests.whole.test_life import model

pytestmark = [pytest.mark.whole, pytest.mark.linux]

PLANNER = """
import statistics


class NobodyLeaves:
    def victims(self, target, picture):
        return []
"""


async def test_planner_in_pythonpath_is_asked(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "my_planners.py").write_text(PLANNER)
    config = (
        f"startPort: {free_ports()}\nrouting: {{router: {{use: 'my_planners:NobodyLeaves'}}}}\nmodels:\n"
        + model("one")
        + model("two")
    )
    environment = {"PYTHONPATH": str(tmp_path / "mine")}
    async with running_program(tmp_path, config, environment=environment) as program:
        for name in ("one", "two"):
            assert (await program.chat(name))[0] == 200
        assert set(await program.running()) == {"one", "two"}
