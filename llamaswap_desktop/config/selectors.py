"""Selectors: virtual models that pick a target (specification, section 10)."""

from collections.abc import Mapping as MappingType
from typing import cast

from msgspec.structs import replace

from llamaswap_desktop.config.names import Names, PeerModel
from llamaswap_desktop.config.nodes import Mapping, Path
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.routing import FitTogether
from llamaswap_desktop.config.schema import Model, Selector, SelectorId, Strategy
from llamaswap_desktop.types import ModelId

_NOT_GIVEN = cast("Strategy", "")
"""What is read here may be any text at first."""


def read_selectors(root: Mapping, reader: Reader) -> dict[SelectorId, Selector]:
    """Read every selector as written."""
    selectors = {}
    for key, value in reader.mapping(root.get("selectors"), ("selectors",)) or ():
        prototype = Selector(id=SelectorId(key), strategy=_NOT_GIVEN, targets=())
        selectors[SelectorId(key)] = reader.block(value, prototype, ("selectors", key))
    return selectors


class SelectorChecks:
    """What has to hold for the selectors of one configuration."""

    def __init__(
        self, models: MappingType[ModelId, Model], names: Names, fit_together: FitTogether, report: Report
    ) -> None:
        self._models = models
        self._names = names
        self._fit_together = fit_together
        self._report = report

    def settle(self, selectors: MappingType[SelectorId, Selector]) -> dict[SelectorId, Selector]:
        """Report what is wrong with each selector; return them all with a real strategy."""
        for selector in selectors.values():
            self._check_id(selector)
            self._check_strategy(selector)
            if not selector.targets:
                self._error(selector, "targets", "has no targets: list at least one model")
            resolved = [
                self._resolve(selector, index, target, selectors) for index, target in enumerate(selector.targets)
            ]
            if selector.strategy == Strategy.SPILLOVER:
                self._check_spillover(selector, resolved)
        return {selector.id: _with_strategy(selector) for selector in selectors.values()}

    def _error(self, selector: Selector, key: str, message: str, *deeper: str | int) -> None:
        path: Path = ("selectors", selector.id, *key.split("."), *deeper)
        self._report.error(path, f"selector '{selector.id}' {message}")

    def _check_id(self, selector: Selector) -> None:
        path: Path = ("selectors", selector.id)
        if not selector.id.strip():
            self._report.error(path, f"the id of a selector is blank ('{selector.id}'): give it a name")
        elif self._names.is_model(selector.id):
            self._report.error(path, f"selector '{selector.id}' has the id of a model: choose another name")
        elif model := self._names.resolve_local(selector.id):
            message = f"selector '{selector.id}' has the name of an alias of model '{model}': choose another name"
            self._report.error(path, message)

    def _check_strategy(self, selector: Selector) -> None:
        if selector.strategy not in set(Strategy):
            message = f"has the strategy {self._report.quote(selector.strategy)}: use pin, warm or spillover"
            self._error(selector, "strategy", message)

    def _resolve(
        self, selector: Selector, index: int, target: str, selectors: MappingType[SelectorId, Selector]
    ) -> ModelId | PeerModel | None:
        shown = f"target {index}, {self._report.quote(target)},"
        if target in selectors:
            self._error(selector, "targets", f"{shown} is a selector: name a model, selectors do not chain", index)
            return None
        resolved = self._names.resolve(target)
        if resolved is None:
            self._error(selector, "targets", f"{shown} is no model that is known, or one that two peers offer", index)
        elif isinstance(resolved, PeerModel) and selector.strategy == Strategy.WARM:
            self._error(selector, "targets", f"{shown} is a peer's model: warm needs models of this machine", index)
        return resolved

    def _check_spillover(self, selector: Selector, resolved: list[ModelId | PeerModel | None]) -> None:
        if selector.settings.spillover < 1:
            message = f"has the spillover {selector.settings.spillover}: use 1 or more"
            self._error(selector, "settings.spillover", message)
        for index, model in enumerate(resolved):
            first = resolved.index(model)
            if model is not None and first < index:
                both = (
                    f"{self._report.quote(selector.targets[first])} and {self._report.quote(selector.targets[index])}"
                )
                self._error(selector, "targets", f"target {index}: {both} are the same model", index)
        local = list(dict.fromkeys(model for model in resolved if isinstance(model, str)))
        if len(local) > 1 and not self._fit_together(local):
            names = ", ".join(f"'{model}'" for model in local)
            message = (
                f"needs its targets {names} to run together: put them in one group with swap: false, or in one set"
            )
            self._error(selector, "targets", message)


def _with_strategy(selector: Selector) -> Selector:
    """Turn the text of a strategy into one; an unknown text has been reported."""
    return replace(selector, strategy=Strategy(selector.strategy)) if selector.strategy in set(Strategy) else selector
