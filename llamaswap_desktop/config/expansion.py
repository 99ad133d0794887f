"""From the merged tree to one without macros (specification, sections 3 to 5, and 7.4 for ports)."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from llamaswap_desktop.config.command import without_comment_lines
from llamaswap_desktop.config.macros import Budget, Macros, Scope, declare, leftovers
from llamaswap_desktop.config.nodes import Entry, Mapping, Node, Path, Scalar, at, is_null
from llamaswap_desktop.config.ports import Ports
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.scalars import render
from llamaswap_desktop.types import ModelId

_PORT = "${PORT}"
_UNEXPANDED = ("models", "macros")
_KEYED: Path = ("filters", "setParamsByID")
"""The only mapping of a model in whose keys references count."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A tree whose values are final (but for ``${PID}``), the macros as declared, and the ports given."""

    root: Mapping
    macros: Macros
    model_macros: MappingType[ModelId, Macros]
    ports: MappingType[ModelId, int]


class Expansion:
    """Carries out steps 3 to 7 of section 3 for one configuration."""

    def __init__(self, root: Mapping, known: frozenset[str], report: Report) -> None:
        self._root = root
        self._known = known
        self._report = report
        self._reader = Reader(report)

    def run(self, kept_ports: MappingType[ModelId, int], default_start_port: int) -> Expanded:
        """Return the expanded tree; raises ``ConfigError`` if a macro is declared wrongly."""
        models = self._reader.mapping(self._root.get("models"), ("models",))
        in_turn = sorted((entry for entry in models or () if isinstance(entry[1], Mapping)), key=_bytes_of_key)
        by_id = {ModelId(key): value for key, value in in_turn if isinstance(value, Mapping)}
        macros = declare(self._root.get("macros"), ("macros",), self._reader, self._report)
        own = {
            model_id: declare(model.get("macros"), ("models", model_id, "macros"), self._reader, self._report)
            for model_id, model in by_id.items()
        }
        self._report.stop_if_errors()

        scope = Scope.of(macros, Budget(self._report))
        entries = {
            key: entry if key in _UNEXPANDED else Entry(entry.key, scope.expand(entry.value))
            for key, entry in self._root.entries.items()
        }
        scopes = {model_id: scope.for_model(model_id, own[model_id]) for model_id in by_id}
        start_port = self._start_port(entries, default_start_port)
        expanded, ports = self._expand_models(by_id, scopes, Ports(start_port, kept_ports))
        if models is not None:
            filled = {
                key: Entry(entry.key, expanded.get(ModelId(key), entry.value)) for key, entry in models.entries.items()
            }
            entries["models"] = Entry(entries["models"].key, Mapping(models.mark, filled, models.merge_key))
        root = Mapping(self._root.mark, entries, self._root.merge_key)
        self._refuse_leftovers(root)
        return Expanded(root, macros, own, ports)

    def _expand_models(
        self, models: MappingType[ModelId, Mapping], scopes: MappingType[ModelId, Scope], ports: Ports
    ) -> tuple[dict[ModelId, Mapping], dict[ModelId, int]]:
        """Replace macros in all models, so that it is known which need a port; then go on model by model."""
        expanded = {model_id: self._expand_model(model, scopes[model_id]) for model_id, model in models.items()}
        needing = [model_id for model_id, model in expanded.items() if _PORT in _text(model.get("cmd"))]
        given = ports.assign(needing)
        for model_id, model in expanded.items():
            scope = scopes[model_id]
            with_keys = self._expand_keys(model, model_id, scope)
            expanded[model_id] = self._settle_port(with_keys, model_id, given.get(model_id), scope.budget)
            self._refuse_leftover_keys(expanded[model_id], model_id)
        return expanded, given

    def _start_port(self, entries: dict[str, Entry], default: int) -> int:
        """Read ``startPort`` early; what is wrong with it is reported when everything is read."""
        entry = entries.get("startPort")
        value = entry.value if entry else None
        if isinstance(value, Scalar) and isinstance(value.value, (int, float)):
            return Reader(Report()).integer(value, default)
        return default

    @staticmethod
    def _expand_model(model: Mapping, scope: Scope) -> Mapping:
        entries = {}
        for text, (key, value) in model.entries.items():
            node = _without_comments(value) if text in {"cmd", "cmdStop"} else value
            entries[text] = Entry(key, node if text == "macros" else scope.expand(node))
        return Mapping(model.mark, entries, model.merge_key)

    def _expand_keys(self, model: Mapping, model_id: str, scope: Scope) -> Mapping:
        """Replace references in the keys of ``filters.setParamsByID``, the only keys where they count."""
        filters = model.get("filters")
        by_id = at(model, _KEYED)
        if not isinstance(filters, Mapping) or not isinstance(by_id, Mapping):
            return model
        written: dict[str, str] = {}
        entries = {}
        for entry, expanded in scope.expand_keys(by_id):
            key = entry.key
            if expanded in written:
                both = f"{self._report.quote(written[expanded])} and {self._report.quote(key.text)}"
                message = f"{both} of model '{model_id}' both become {self._report.quote(expanded)}"
                self._report.error((*_path_of_keys(model_id), key.text), message, at=key.mark)
            written[expanded] = key.text
            entries[expanded] = Entry(Scalar(key.mark, expanded, expanded, is_plain=False), entry.value)
        new_filters = _with_value(filters, "setParamsByID", Mapping(by_id.mark, entries, by_id.merge_key))
        return _with_value(model, "filters", new_filters)

    def _refuse_leftover_keys(self, model: Mapping, model_id: str) -> None:
        by_id = at(model, _KEYED)
        for key, _ in by_id.entries.values() if isinstance(by_id, Mapping) else ():
            for path, scalar, name in leftovers(key, (*_path_of_keys(model_id), key.text)):
                message = f"unknown macro '${{{name}}}' in a key of model '{model_id}': {_hint('')}"
                self._report.error(path, message, at=scalar.mark)

    def _settle_port(self, model: Mapping, model_id: ModelId, port: int | None, budget: Budget) -> Mapping:
        if port is not None:
            scope = Scope.of({"PORT": port}, budget)
            entries = {
                text: entry if text == "macros" else Entry(entry.key, scope.expand(entry.value))
                for text, entry in model.entries.items()
            }
            return Mapping(model.mark, entries, model.merge_key)
        proxy = model.get("proxy")
        if is_null(proxy) or _PORT in _text(proxy):
            self._report.error(
                ("models", model_id, "proxy"),
                f"the proxy of model '{model_id}' needs ${{PORT}}, which its cmd does not use: "
                "use ${PORT} in cmd, or write out proxy",
            )
        return model

    def _refuse_leftovers(self, root: Mapping) -> None:
        for key, node in root:
            if key in _UNEXPANDED or key not in self._known:
                continue
            for path, scalar, name in leftovers(node, (key,)):
                self._report.error(path, f"unknown macro '${{{name}}}': declare it under macros", at=scalar.mark)
        for model_id, model in sorted(_mapping(root.get("models")), key=_bytes_of_key):
            for key, node in _mapping(model):
                if key != "macros":
                    self._refuse_leftovers_of(model_id, key, node)

    def _refuse_leftovers_of(self, model_id: str, key: str, node: Node) -> None:
        for path, scalar, name in leftovers(node, ("models", model_id, key)):
            is_for_the_stop = name == "PID" and key == "cmdStop"
            is_reported = name == "PORT" and key == "proxy"
            if not is_for_the_stop and not is_reported:
                message = f"unknown macro '${{{name}}}' in {key} of model '{model_id}': {_hint(name)}"
                self._report.error(path, message, at=scalar.mark)


def _hint(name: str) -> str:
    if name == "PORT":
        return "use ${PORT} in cmd too, then the model has a port"
    if name == "PID":
        return "${PID} is known in cmdStop only"
    return "declare it under macros, globally or in the model; a macro can use only those declared before it"


def _bytes_of_key(entry: tuple[str, Node]) -> bytes:
    return entry[0].encode()


def _without_comments(node: Node) -> Node:
    if isinstance(node, Scalar) and isinstance(node.value, str) and "#" in node.value:
        text = without_comment_lines(node.value)
        return Scalar(node.mark, text, text, is_plain=False)
    return node


def _text(node: Node | None) -> str:
    return render(node.value) if isinstance(node, Scalar) else ""


def _path_of_keys(model_id: str) -> Path:
    return ("models", model_id, *_KEYED)


def _with_value(mapping: Mapping, key: str, value: Node) -> Mapping:
    entries = {**mapping.entries, key: Entry(mapping.entries[key].key, value)}
    return Mapping(mapping.mark, entries, mapping.merge_key)


def _mapping(node: Node | None) -> Mapping | tuple[()]:
    return node if isinstance(node, Mapping) else ()
