"""Section 8.3: checks of a matrix, and the choice of who must leave."""

import itertools
import random
import time

import pytest

from llamaswap_desktop.config.expression import AllOf, AnyOf, Name, Reference, parse_expression
from llamaswap_desktop.config.matrix import Choice, Matrix, ModelSet
from tests.config.loading import first, load, models, said


def matrix(sets: dict[str, str], costs: dict[str, int] | None = None) -> Matrix:
    return Matrix([ModelSet(name, text, parse_expression(text)) for name, text in sets.items()], costs or {})


def test_what_is_written_is_compiled():
    text = "matrix: {vars: {x: a, y: b}, evict_costs: {x: 5, c: 2}, sets: {s: x & y, t: c | +s}}"
    found = load(models("a", "b", "c", "d"), text).routing.router.settings.matrix
    assert found is not None
    assert [one.name for one in found.sets] == ["s", "t"]
    assert found.costs == {"a": 5, "c": 2}


@pytest.mark.parametrize(
    ("text", "carries"),
    [
        ("sets: {s: }", ("sets.s", "'s'", "empty")),
        ("sets: {s: '  '}", ("sets.s", "empty")),
        ("sets: {s: 'a / b'}", ("'s'", "'/'", "position 2")),
        ("sets: {s: a & nope}", ("'s'", "'nope'")),
        ("sets: {s: al}", ("'s'", "'al'")),
        ("sets: {s: x}", ("'s'", "'x'")),
        ("sets: {s: +t}", ("'s'", "'t'")),
        ("sets: {s: +s}", ("'s'", "itself")),
        ("sets: {s: +t, t: a & +u, u: +s}", ("itself",)),
        ("sets: {s: a}, vars: {x_y: a}", ("vars.x_y", "'x_y'", "32")),
        (f"sets: {{s: a}}, vars: {{{'x' * 33}: a}}", ("32",)),
        ("sets: {s: a}, vars: {'': a}", ("32",)),
        ("sets: {s: a}, vars: {é: a}", ("'é'",)),
        ("sets: {s: a}, vars: {v: nope}", ("vars.v", "'v'", "'nope'")),
        ("sets: {s: a}, vars: {v: al}", ("'v'", "'al'")),
        ("sets: {s: a}, vars: {v: a, w: v}", ("'w'", "'v'")),
        ("sets: {s: a}, evict_costs: {a: 0}", ("evict_costs.a", "0")),
        ("sets: {s: a}, evict_costs: {a: -2}", ("evict_costs.a", "-2")),
        ("sets: {s: a}, evict_costs: {nope: 2}", ("evict_costs.nope", "'nope'")),
        ("sets: {s: a}, evict_costs: {al: 2}", ("'al'",)),
        ("sets: [a]", ("matrix.sets", "mapping")),
        ("sets: {s: [a]}", ("matrix.sets.s", "a text")),
    ],
)
def test_refused(text, carries):
    top = "models: {a: {cmd: x, proxy: 'http://h', aliases: [al]}, b: {cmd: x, proxy: 'http://h'}}\n"
    message = first(top + "peers: {p: {proxy: 'http://h', models: [x]}}\n", f"matrix: {{{text}}}")
    assert all(part in message for part in carries), message


def test_a_var_comes_before_an_id():
    found = load(models("a", "b"), "matrix: {vars: {a: b}, sets: {s: a}}").routing.router.settings.matrix
    assert found is not None
    assert found.choose("b", ["a"]).set_name == "s"
    assert found.choose("a", ["b"]).set_name == ""


def test_a_cost_by_var_beats_one_by_id():
    for costs in ("{x: 5, a: 2}", "{a: 2, x: 5}"):
        config = load(models("a"), f"matrix: {{vars: {{x: a}}, evict_costs: {costs}, sets: {{s: a}}}}")
        assert config.routing.router.settings.matrix.costs == {"a": 5}
        assert "twice" in said(config)


def test_an_id_outside_the_grammar_needs_a_var():
    text = "models: {org/m: {cmd: x, proxy: 'http://h'}}\n"
    found = load(text, "matrix: {vars: {v: org/m}, sets: {s: v}}").routing.router.settings.matrix
    assert found.choose("org/m", []).set_name == "s"


# -- choosing

LLMS = {"chat": "(g | q) & (v | l | t)", "big": "h & t", "all": "+chat | +big"}


@pytest.mark.parametrize(
    ("sets", "costs", "target", "running", "victims", "name"),
    [
        ({"s": "a & b"}, {}, "a", [], "", "s"),
        ({"s": "a & b"}, {}, "a", ["b"], "", "s"),
        ({"s": "a & b"}, {}, "a", ["a", "c", "d"], "", ""),
        ({"s": "a & b"}, {}, "a", ["b", "c"], "c", "s"),
        ({"s": "a & b"}, {}, "c", ["a", "b"], "ab", ""),
        ({"s": "a | b"}, {}, "a", ["b"], "b", "s"),
        ({"s": "a & b", "t": "a & c"}, {}, "a", ["b", "c"], "c", "s"),
        ({"t": "a & c", "s": "a & b"}, {}, "a", ["b", "c"], "b", "t"),
        ({"s": "a & b", "t": "a & c"}, {"c": 2}, "a", ["b", "c"], "b", "t"),
        ({"s": "a & (b | c)"}, {}, "a", ["b", "c"], "c", "s"),
        ({"s": "a & (c | b)"}, {}, "a", ["b", "c"], "b", "s"),
        ({"s": "a & (b | c)"}, {"c": 9}, "a", ["b", "c"], "b", "s"),
        ({"s": "(a | b) & (c | d)"}, {}, "a", ["b", "c"], "b", "s"),
        ({"s": "(a | b) & (a | c)"}, {}, "a", ["b", "c"], "b", "s"),
        ({"s": "(b | a) & (c | a)"}, {"c": 5}, "a", ["b", "c"], "b", "s"),
        ({"s": "a & +t", "t": "b"}, {}, "a", ["b"], "", "s"),
        ({"s": "a", "t": "a & b"}, {}, "a", ["b"], "", "t"),
        ({"u": "x & a", "s": "a | +t", "t": "a | b"}, {}, "a", ["b"], "b", "u"),
        ({"s": "c & +t", "t": "a | b"}, {}, "a", ["c"], "", "s"),
        ({"s": "c | +t", "t": "a & b"}, {}, "a", ["c"], "c", "t"),
        (LLMS, {}, "g", ["v", "q"], "q", "chat"),
        (LLMS, {"q": 10}, "h", ["q", "t"], "q", "big"),
        ({"s": "a & b"}, {}, "nowhere", ["a"], "a", ""),
        ({"s": "a & b"}, {}, "a", ["nowhere", "b"], ["nowhere"], "s"),
    ],
)
def test_choice(sets, costs, target, running, victims, name):
    choice = matrix(sets, costs).choose(target, running)
    assert choice.victims == frozenset(victims)
    assert choice.set_name == name
    assert choice.cost == (0 if target in running else sum(costs.get(victim, 1) for victim in victims))


def test_a_choice_says_why():
    assert matrix({"s": "a & b"}, {"c": 3}).choose("a", ["c"]) == Choice(frozenset("c"), "s", "a & b", 3)


@pytest.mark.parametrize(
    ("sets", "wanted", "fits"),
    [
        ({"s": "a & b & c"}, "ab", True),
        ({"s": "a & (b | c)"}, "bc", False),
        ({"s": "a & b", "t": "c & d"}, "ac", False),
        ({"s": "(a | b) & (c | d) & +t", "t": "e | f"}, "bdf", True),
        ({"s": "a & b"}, "ax", False),
        ({"s": "a"}, "a", True),
    ],
)
def test_fitting_together(sets, wanted, fits):
    assert matrix(sets).holds_together(wanted) is fits


# -- against the definition, written out


def written_out(sets: dict[str, str]) -> list[tuple[str, frozenset[str]]]:
    """Return every combination of every set in the order that decides ties."""
    done: dict[str, list[frozenset[str]]] = {}

    def visit(name: str) -> None:
        if name in done:
            return
        nodes = parse_expression(sets[name])
        for node in nodes:
            if isinstance(node, Reference):
                visit(node.name)
        written: list[list[frozenset[str]]] = []
        for node in nodes:
            match node:
                case Name(model):
                    written.append([frozenset({model})])
                case Reference(other):
                    written.append(done[other])
                case AnyOf(parts):
                    written.append([one for part in parts for one in written[part]])
                case AllOf(parts):
                    products = itertools.product(*(written[part] for part in parts))
                    written.append([frozenset().union(*product) for product in products])
        done[name] = written[-1]

    for name in sets:
        visit(name)
    return [(name, combination) for name, combinations in done.items() for combination in combinations]


def by_definition(sets, costs, target, running) -> tuple[frozenset[str], str]:
    if target in running:
        return frozenset(), ""
    candidates = [(name, one) for name, one in written_out(sets) if target in one]
    if not candidates:
        return frozenset(running), ""
    name, best = min(
        candidates, key=lambda entry: sum(costs.get(model, 1) for model in running if model not in entry[1])
    )
    return frozenset(running) - best, name


def random_expression(dice: random.Random, names: str, depth: int) -> str:
    if depth == 0 or dice.random() < 0.3:
        return dice.choice(names)
    joined = dice.choice((" & ", " | ")).join(
        random_expression(dice, names, depth - 1) for _ in range(dice.randint(2, 3))
    )
    return f"({joined})"


@pytest.mark.parametrize("seed", range(300))
def test_symbolic_choice_equals_the_definition(seed):
    dice = random.Random(seed)
    names = "abcdefgh"[: dice.randint(3, 8)]
    sets = {"s0": random_expression(dice, names, 3)}
    for index in range(1, dice.randint(1, 3)):
        earlier = f"+s{dice.randrange(index)}"
        sets[f"s{index}"] = random_expression(dice, names, 2) + dice.choice((f" & {earlier}", f" | {earlier}", ""))
    costs = {name: dice.randint(1, 4) for name in names if dice.random() < 0.5}
    compiled = matrix(sets, costs)
    for target in names:
        running = [name for name in names if dice.random() < 0.6]
        choice = compiled.choose(target, running)
        assert (choice.victims, choice.set_name) == by_definition(sets, costs, target, running), (sets, costs, running)


# -- speed


def ten_groups_of_ten() -> str:
    groups = ["(" + " | ".join(f"m{group}-{member}" for member in range(10)) + ")" for group in range(10)]
    return " & ".join(groups)


def test_ten_groups_of_ten_load_at_once():
    names = [f"m{group}-{member}" for group in range(10) for member in range(10)]
    text = models(*names) + f"matrix: {{sets: {{s: '{ten_groups_of_ten()}'}}}}"
    began = time.perf_counter()
    config = load(text)
    assert time.perf_counter() - began < 0.5
    running = [f"m{group}-3" for group in range(10)]
    choice = config.routing.router.settings.matrix.choose("m5-7", running)
    assert choice.victims == {"m5-3"}


@pytest.mark.parametrize("shape", ["one set", "fifty groups", "many sets"])
def test_choosing_among_five_hundred_takes_no_time(shape):
    names = [f"m{number}" for number in range(500)]
    groups = [names[start : start + 10] for start in range(0, 500, 10)]
    sets = {
        "one set": {"s": " | ".join(names)},
        "fifty groups": {"s": " & ".join("(" + " | ".join(group) + ")" for group in groups)},
        "many sets": {f"s{index}": " & ".join(group) for index, group in enumerate(groups)},
    }[shape]
    compiled = matrix(sets)
    running = [group[1] for group in groups]
    best = min(timed(lambda: compiled.choose("m105", running)) for _ in range(20))
    assert best < 0.01


def timed(act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def test_tangled_sets_end_too():
    names = [f"m{number}" for number in range(40)]
    dice = random.Random(1)
    pairs = " & ".join(f"({dice.choice(names)} | {dice.choice(names)})" for _ in range(60))
    assert timed(lambda: matrix({"s": pairs}).choose("m1", names[2:])) < 10


def test_chains_of_sets_do_not_recurse():
    sets = {f"s{number}": f"+s{number + 1} & m{number}" for number in range(5000)}
    compiled = matrix({**sets, "s5000": "m5000"})
    assert compiled.choose("m5000", ["m3"]).victims == set()
