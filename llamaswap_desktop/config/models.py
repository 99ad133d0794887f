"""Local models: from what is written to what holds (specification, section 7)."""

from collections.abc import Mapping as MappingType

from msgspec.structs import replace

from llamaswap_desktop.config.expansion import Expanded
from llamaswap_desktop.config.nodes import Entry, Mapping, Node, Path, Scalar, is_null
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.schema import Config, Model, Timeouts
from llamaswap_desktop.config.urls import url_problem
from llamaswap_desktop.types import ModelId

_MODALITIES = ("text", "audio", "image")
_COMFYUI = "comfyui_auto"
_COMFYUI_CONCURRENCY = 50
_DEFAULT_CONCURRENCY = 10
_INHERIT_TTL = -1


NEW_MODEL = Model(
    id=ModelId(""),
    proxy="http://localhost:${PORT}",
    ttl_s=_INHERIT_TTL,
    unload_timeout_s=0,
    concurrency_limit=0,
    health_check_timeout_s=0,
    evict_timeout_s=0,
    load_timeout_s=0,
)
"""An entry without any key, before global values are handed down."""

_NOTHING = replace(
    NEW_MODEL,
    proxy="",
    check_endpoint="",
    ttl_s=0,
    timeouts=Timeouts(
        connect_s=0, keepalive_s=0, response_header_s=0, tls_handshake_s=0, expect_continue_s=0, idle_conn_s=0
    ),
)
"""A null entry: it lacks even the defaults (section 7.10)."""


def read_models(expanded: Expanded, config: Config, reader: Reader, report: Report) -> dict[ModelId, Model]:
    """Read every model as written, in byte order of their ids: zeros still stand for global values."""
    node = expanded.root.get("models")
    if not isinstance(node, Mapping):
        return {}
    models = {}
    for key, value in sorted(node, key=lambda entry: entry[0].encode()):
        model_id = ModelId(key)
        path: Path = ("models", key)
        prototype = _prototype(model_id, value, expanded.ports.get(model_id), config)
        if is_null(value):
            report.warn(path, f"model '{key}' is empty: it is listed, and no start can ever succeed")
        model = reader.block(_with_new_names(value), prototype, path)
        models[model_id] = replace(model, macros=expanded.model_macros.get(model_id, {}))
    return models


def _prototype(model_id: ModelId, node: Node, port: int | None, config: Config) -> Model:
    """Return what a model is where its entry says nothing."""
    empty = _NOTHING if is_null(node) else NEW_MODEL
    proxy = empty.proxy.replace("${PORT}", str(port))
    return replace(empty, id=model_id, port=port, proxy=proxy, send_loading_state=config.send_loading_state)


def _with_new_names(node: Node) -> Node:
    """Rename ``filters.strip_params`` where ``stripParams`` says nothing, else drop it unread."""
    filters = node.get("filters") if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or not isinstance(filters, Mapping) or "strip_params" not in filters.entries:
        return node
    entries = dict(filters.entries)
    old = entries.pop("strip_params")
    new = entries.get("stripParams")
    if new is None or (isinstance(new.value, Scalar) and new.value.value in {None, ""}):
        entries["stripParams"] = old
    renamed = Entry(node.entries["filters"].key, Mapping(filters.mark, entries, filters.merge_key))
    return Mapping(node.mark, {**node.entries, "filters": renamed}, node.merge_key)


class ModelChecks:
    """What has to hold for the models of one configuration, beyond the types of their values."""

    def __init__(self, models: MappingType[ModelId, Model], report: Report) -> None:
        self._models = models
        self._report = report
        self._owners: dict[str, ModelId] = {}

    def check_aliases(self) -> None:
        """Report aliases that stand twice, in one model or in two."""
        for model in self._models.values():
            own: set[str] = set()
            for index, alias in enumerate(model.aliases):
                owner = self._owners.setdefault(alias, model.id)
                path: Path = ("models", model.id, "aliases", index)
                if owner != model.id:
                    message = f"alias {self._report.quote(alias)} of model '{model.id}' is one of '{owner}' already"
                    self._report.error(path, f"{message}: give one of them another name")
                elif alias in own:
                    message = f"alias {self._report.quote(alias)} stands twice in model '{model.id}'"
                    self._report.error(path, f"{message}: remove one")
                own.add(alias)

    def settle(self, config: Config) -> dict[ModelId, Model]:
        """Check each model on its own, and return all with effective values."""
        return {model.id: self._settle(model, config) for model in self._models.values()}

    def _settle(self, model: Model, config: Config) -> Model:
        path: Path = ("models", model.id)
        if model.ttl_s < _INHERIT_TTL:
            message = f"model '{model.id}': {model.ttl_s} is too small: use 0 for never, -1 for globalTTL, or seconds"
            self._report.error((*path, "ttl"), message)
        self._refuse_negative(model, "unloadTimeout", model.unload_timeout_s)
        self._check_capabilities(model)
        generated = self._generated_aliases(model)
        if problem := url_problem(model.proxy):
            shown = self._report.quote(model.proxy)
            self._report.error((*path, "proxy"), f"model '{model.id}': {shown} is no usable URL: {problem}")
        return _effective(replace(model, aliases=(*model.aliases, *generated)), config)

    def _refuse_negative(self, model: Model, key: str, value: int) -> None:
        if value < 0:
            message = f"model '{model.id}': {value} is negative: use 0 or more"
            self._report.error(("models", model.id, *key.split(".")), message)

    def _check_capabilities(self, model: Model) -> None:
        path: Path = ("models", model.id, "capabilities")
        for key, given in (("in", model.capabilities.inputs), ("out", model.capabilities.outputs)):
            for index, modality in enumerate(given):
                if modality not in _MODALITIES:
                    message = (
                        f"model '{model.id}', '{key}': {self._report.quote(modality)} is none of text, audio, image"
                    )
                    self._report.error((*path, key, index), message)
        self._refuse_negative(model, "capabilities.context", model.capabilities.context)

    def _generated_aliases(self, model: Model) -> list[str]:
        """Return the keys of ``setParamsByID`` that become aliases; whoever comes first owns a name."""
        generated = []
        for name in model.filters.set_params_by_id:
            path: Path = ("models", model.id, "filters", "setParamsByID", name)
            owner = self._owners.get(name, model.id)
            if name == model.id:
                continue
            if name in self._models:
                message = f"model '{model.id}': {self._report.quote(name)} is the id of another model"
                self._report.error(path, f"{message}: a key here becomes an alias, so choose another name")
            elif owner != model.id:
                message = f"model '{model.id}': {self._report.quote(name)} is an alias of model '{owner}'"
                self._report.error(path, f"{message}: a key here becomes an alias, so choose another name")
            elif name not in model.aliases:
                generated.append(name)
                self._owners[name] = model.id
        return generated

    def check_own_keys(self) -> None:
        """Check the keys that llama-swap does not have (section 20)."""
        for model in self._models.values():
            self._refuse_negative(model, "evictTimeout", model.evict_timeout_s)
            self._refuse_negative(model, "loadTimeout", model.load_timeout_s)
            self._refuse_negative(model, "loadStallTimeout", model.load_stall_timeout_s)
            self._refuse_negative(model, "queueTimeout", model.queue_timeout_s)
            self._refuse_negative(model, "memory.vram", model.memory.vram_mib or 0)
            self._refuse_negative(model, "memory.ram", model.memory.ram_mib or 0)


def _effective(model: Model, config: Config) -> Model:
    """Hand the global values down to a model."""
    is_comfyui = model.id == _COMFYUI
    concurrency = model.concurrency_limit if model.concurrency_limit > 0 else _DEFAULT_CONCURRENCY
    return replace(
        model,
        ttl_s=config.global_ttl_s if model.ttl_s == _INHERIT_TTL else model.ttl_s,
        unload_timeout_s=model.unload_timeout_s or config.unload_timeout_s,
        concurrency_limit=max(concurrency, _COMFYUI_CONCURRENCY) if is_comfyui else concurrency,
        compat=replace(model.compat, ignore_websockets=model.compat.ignore_websockets or is_comfyui),
        health_check_timeout_s=config.health_check_timeout_s,
        evict_timeout_s=model.evict_timeout_s or config.evict_timeout_s or config.health_check_timeout_s,
        load_timeout_s=model.load_timeout_s or config.health_check_timeout_s,
    )
