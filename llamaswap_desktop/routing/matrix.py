"""The planner for sets of models that may run together (runtime specification, section 4.3)."""

from typing import ClassVar

from llamaswap_desktop.config import Matrix
from llamaswap_desktop.routing.planner import Picture, Plan
from llamaswap_desktop.types import ModelId


class MatrixPlanner:
    """Lets the configuration's matrix choose; it never repairs a combination for a model that already runs."""

    name = "matrix"
    reads_facts: ClassVar[bool] = False

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix

    def plan(self, target: ModelId, picture: Picture) -> Plan:
        choice = self._matrix.choose(target, picture.running)
        if choice.set_name:
            return Plan(choice.victims, f"set {choice.set_name} ({choice.expression}), cost {choice.cost}")
        return Plan(choice.victims, "in no set, so it runs alone" if choice.victims else "")
