"""The settings of the matrix: read, checked and compiled (specification, section 8.3)."""

import re
from collections.abc import Mapping as MappingType

from msgspec import Struct

from llamaswap_desktop.config.expression import ExpressionError, ExpressionNode, Name, Reference, parse_expression
from llamaswap_desktop.config.matrix import CircularSets, Matrix, ModelSet, in_order
from llamaswap_desktop.config.names import Names
from llamaswap_desktop.config.nodes import Node, Path, is_null
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.types import ModelId

_VAR = re.compile(r"[A-Za-z0-9.-]{1,32}")


class MatrixSource(Struct, frozen=True, kw_only=True):
    """A matrix as written: set to expression, var to model id, var or model id to cost."""

    sets: MappingType[str, str] = {}
    vars: MappingType[str, str] = {}
    evict_costs: MappingType[str, int] = {}


def read_matrix(node: Node | None, path: Path, reader: Reader) -> MatrixSource | None:
    """Read the block; None where there is none."""
    return None if is_null(node) else reader.block(node, MatrixSource(), path)


class MatrixChecks:
    """What has to hold for a matrix; what does is compiled."""

    def __init__(self, source: MatrixSource, path: Path, names: Names, report: Report) -> None:
        self._source = source
        self._path = path
        self._names = names
        self._report = report

    def build(self) -> Matrix | None:
        """Return the compiled matrix, or None after reporting what is wrong."""
        errors_before = self._report.error_count
        if not self._source.sets:
            self._report.error((*self._path, "sets"), "the matrix has no sets: name at least one, as in 'all: a & b'")
        self._check_vars()
        costs = self._costs()
        sets = [self._parse(name, text) for name, text in self._source.sets.items()]
        self._check_circles(sets)
        return Matrix(sets, costs, self._source.vars) if self._report.error_count == errors_before else None

    def _check_vars(self) -> None:
        for var, model in self._source.vars.items():
            path: Path = (*self._path, "vars", var)
            if not _VAR.fullmatch(var):
                message = f"{self._report.quote(var)} is no name for a var: use 1 to 32 letters, digits, '.' or '-'"
                self._report.error(path, message)
            if not self._names.is_model(model):
                message = f"var {self._report.quote(var)} stands for {self._report.quote(model)}, which is no model"
                self._report.error(path, f"{message}: use one of the ids under models")

    def _resolve(self, name: str) -> ModelId | None:
        """Return the model of an identifier: a var first, then an id; aliases do not count."""
        model = self._source.vars.get(name, name)
        return ModelId(model) if self._names.is_model(model) else None

    def _costs(self) -> dict[ModelId, int]:
        costs: dict[ModelId, int] = {}
        given_by_var: set[ModelId] = set()
        for name, cost in self._source.evict_costs.items():
            path: Path = (*self._path, "evict_costs", name)
            model = self._resolve(name)
            if model is None:
                self._report.error(path, f"{self._report.quote(name)} is no var and no model: use one of them")
                continue
            if cost <= 0:
                self._report.error(path, f"the cost of {self._report.quote(name)} is {cost}: use 1 or more")
            is_var = name in self._source.vars
            if model in costs:
                message = f"the cost of '{model}' is given twice, by var and by id: the one of the var counts"
                self._report.warn(path, message)
            if is_var or model not in given_by_var:
                costs[model] = cost
            if is_var:
                given_by_var.add(model)
        return costs

    def _parse(self, name: str, text: str) -> ModelSet:
        path: Path = (*self._path, "sets", name)
        try:
            nodes = parse_expression(text)
        except ExpressionError as error:
            self._report.error(path, f"set '{name}', {self._report.quote(text.strip())}: {error}")
            return ModelSet(name, text, ())
        resolved: list[ExpressionNode] = []
        for node in nodes:
            match node:
                case Name(wanted):
                    model = self._resolve(wanted)
                    if model is None:
                        message = f"set '{name}': {self._report.quote(wanted)} is no var and no model"
                        self._report.error(path, f"{message}: use one of them (aliases and peers do not count)")
                    resolved.append(Name(model or wanted))
                case Reference(wanted):
                    if wanted not in self._source.sets:
                        self._report.error(path, f"set '{name}': there is no set {self._report.quote(wanted)}")
                    resolved.append(node)
                case _:
                    resolved.append(node)
        return ModelSet(name, text.strip(), tuple(resolved))

    def _check_circles(self, sets: list[ModelSet]) -> None:
        known = {one.name for one in sets}
        if all(known.issuperset(one.references) for one in sets):
            try:
                in_order(sets)
            except CircularSets as error:
                message = f"set '{error}' is made of itself, through '+': take the circle out"
                self._report.error((*self._path, "sets", str(error)), message)
