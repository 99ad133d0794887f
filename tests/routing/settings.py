"""The worlds that the random walks live in: six models under each planner, and what a reload may turn them into."""

import functools
from dataclasses import dataclass

from llamaswap_desktop.config import (
    Fifo,
    Footprint,
    Group,
    Matrix,
    MemorySettings,
    Retry,
    SourceText,
    default_group,
    parse_config,
)
from llamaswap_desktop.routing import (
    RAM,
    Answer,
    ContainedPlanner,
    Device,
    GroupPlanner,
    MatrixPlanner,
    MemoryPlanner,
    ModelRules,
    Picture,
    Rules,
)
from llamaswap_desktop.types import ModelId

KINDS = ("groups", "matrix", "memory", "users")
VARIANTS = 3
LIMIT = 3
MAX_QUEUED = 9

MODELS = ("abcde", "abcd", "abcdef")
"""By variant."""

GPU = Device("gpu0")
BUDGETS_MIB = ({GPU: 10_000, RAM: 6_000}, {GPU: 7_000, RAM: 6_000}, {GPU: 10_000, RAM: 3_000})
AT_MOST = (2, 1, 3)
"""How many models the user's planner lets run."""


def models_of(variant: int) -> list[ModelId]:
    return [ModelId(name) for name in MODELS[variant]]


def rules_of(variant: int) -> Rules:
    """Return the rules: ``a`` and ``b`` idle out, ``c`` comes first and gives up, ``d`` is pinned."""
    special = {
        "a": ModelRules(limit=LIMIT, ttl_s=30),
        "b": ModelRules(limit=LIMIT, ttl_s=90, unload_timeout_s=20),
        "c": ModelRules(limit=LIMIT, queue_timeout_s=50, declared=Footprint(vram_mib=4_000)),
        "d": ModelRules(limit=LIMIT, is_pinned=variant != 1),
    }
    models = {model: special.get(model, ModelRules(limit=LIMIT)) for model in models_of(variant)}
    fifo = Fifo(priority={"c": 2, "e": -1} if variant != 1 else {"a": 1}, max_queued=MAX_QUEUED)
    return Rules(models, fifo, Retry())


def groups_of(variant: int) -> tuple[Group, ...]:
    def group(name: str, members: str, **switches: bool) -> Group:
        return Group(id=name, members=tuple(ModelId(member) for member in members), **switches)

    return (
        (group("swapping", "ab"), group("together", "cd", swap=False, exclusive=False)),
        (group("swapping", "ac"), group("kept", "b", persistent=True)),
        (group("together", "abf", swap=False), group("kept", "d", swap=False, exclusive=False, persistent=True)),
    )[variant]


def hard_rules_of(variant: int) -> tuple[Group, ...]:
    """Return the groups that stay hard rules under the planners for memory and of the user's own."""
    return groups_of(variant)[1:] if variant else groups_of(variant)


SETS = (("ab", "acd", "e"), ("abd", "c"), ("abcd", "def"))
"""The matrix's sets, by variant; to evict ``a`` costs 3, others 1."""


@functools.cache
def matrix_of(variant: int) -> Matrix:
    """Return the matrix as the configuration would hold it."""
    lines = ["models:", *(f"  {model}: {{ cmd: serve, proxy: http://127.0.0.1:1 }}" for model in "abcdefx")]
    lines += ["matrix:", "  evict_costs: { a: 3 }", "  sets:"]
    lines += [f'    {members}: "{" & ".join(members)}"' for members in SETS[variant]]
    config = parse_config([SourceText("config.yaml", "\n".join(lines))], environment={})
    assert config.routing.router.settings.matrix is not None
    return config.routing.router.settings.matrix


@dataclass(frozen=True)
class LatelyUsed:
    """A planner as a user might write it: so many may run; those idle longest leave."""

    at_most: int
    kept: frozenset[str] = frozenset()

    def victims(self, target: ModelId, picture: Picture) -> list[ModelId]:
        if target in picture.running:
            return []
        others = [other for other in picture.running if other not in self.kept]
        others.sort(key=lambda other: (picture.facts[other].in_flight == 0, picture.facts[other].idle_s, other))
        return others[self.at_most - 1 :]


def with_default_group(groups: tuple[Group, ...], variant: int) -> GroupPlanner:
    return GroupPlanner((*groups, default_group(groups, models_of(variant))))


def planner_of(kind: str, variant: int):
    match kind:
        case "groups":
            return with_default_group(groups_of(variant), variant)
        case "matrix":
            return MatrixPlanner(matrix_of(variant))
        case "memory":
            settings = MemorySettings(budgets_mib=BUDGETS_MIB[variant])
            return MemoryPlanner(settings, hard_rules_of(variant))
        case "users":
            hard = hard_rules_of(variant)
            kept = frozenset(member for group in hard if group.persistent for member in group.members)
            users = LatelyUsed(AT_MOST[variant], kept)
            return ContainedPlanner(
                "mine:LatelyUsed",
                lambda target, picture: Answer(users.victims(target, picture), 0.0),
                hard_rules=hard,
                instead=with_default_group(hard, variant),
            )
    raise AssertionError(kind)
