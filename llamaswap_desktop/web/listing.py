"""The list of everything that may be asked for: one pure function (HTTP specification, section 13)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from llamaswap_desktop.config import Capabilities, Config, Model, PeerModel, ProfileId, Selector, SelectorId, Strategy
from llamaswap_desktop.types import ModelId, ProcessState
from llamaswap_desktop.web.capabilities import Architecture, Flags, architecture_of, flags_of

_LOADED = {ProcessState.STARTING, ProcessState.READY, ProcessState.STOPPING}
_COMING = {ProcessState.STARTING, ProcessState.READY}

_SAID_BY_CAPABILITIES = {"architecture", "capabilities", "supported_parameters", "context_length"}


class Status(Struct, frozen=True):
    """Whether a listed model is in memory."""

    value: str


class Meta(Struct, frozen=True):
    """What llama-swap knows beyond the OpenAI API; ``llamaswap`` holds the user's own metadata too."""

    llamaswap: Mapping[str, Any]
    n_ctx: int | UnsetType = UNSET


class ListedModel(Struct, frozen=True, kw_only=True):
    """One record of ``/v1/models``."""

    id: str
    object: str = "model"
    created: int
    owned_by: str = "llama-swap"
    status: Status
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    architecture: Architecture | UnsetType = UNSET
    capabilities: Flags | UnsetType = UNSET
    supported_parameters: Sequence[str] | UnsetType = UNSET
    context_length: int | UnsetType = UNSET
    meta: Meta


class ModelList(Struct, frozen=True):
    """The body of ``/v1/models``."""

    data: Sequence[ListedModel]
    object: str = "list"


def list_models(config: Config, profile: str | None, states: Mapping[ModelId, ProcessState], created: int) -> ModelList:
    """Return the list; ``profile`` is the active one, ``created`` the time of this request."""
    return ModelList(sorted(_Listing(config, states, created).records(profile), key=lambda record: record.id))


class _Listing:
    def __init__(self, config: Config, states: Mapping[ModelId, ProcessState], created: int) -> None:
        self._config = config
        self._states = states
        self._created = created

    def records(self, profile: str | None) -> Iterator[ListedModel]:
        for model in self._config.models.values():
            if not model.unlisted:
                yield self._model(model, model.id, {"type": "model", **_if_any("aliases", model.aliases)})
                if self._config.include_aliases_in_list:
                    for alias in model.aliases:
                        yield self._model(model, alias, {"type": "alias", "modelID": model.id})
        for peer in self._config.peers.values():
            for name in dict.fromkeys(peer.models):
                full_name = PeerModel(peer.id, name).full_name
                yield self._record(full_name, {"type": "peer", "peerID": peer.id}, name=f"{peer.id}: {name}")
        for selector in self._config.selectors.values():
            if not selector.unlisted:
                yield self._selector(selector)
        if profile is not None:
            for pin, target in self._config.profiles[ProfileId(profile)].pins.items():
                if target and self._config.resolve(pin) is None and SelectorId(pin) not in self._config.selectors:
                    yield self._record(pin, {"type": "profile"})

    def _model(self, model: Model, name: str, about: Mapping[str, Any]) -> ListedModel:
        metadata = model.metadata
        if model.capabilities:
            metadata = {key: value for key, value in metadata.items() if key not in _SAID_BY_CAPABILITIES}
        return self._record(
            name,
            {**metadata, **about},
            name=model.name,
            description=model.description,
            is_loaded=self._states[model.id] in _LOADED,
            capabilities=model.capabilities,
        )

    def _selector(self, selector: Selector) -> ListedModel:
        about: dict[str, Any] = {"type": "selector", "strategy": selector.strategy, "targets": selector.targets}
        if selector.strategy is Strategy.SPILLOVER:
            about["spillover"] = selector.settings.spillover
        watched = selector.targets[:1] if selector.strategy is Strategy.PIN else selector.targets
        models = [self._config.resolve_local(target) for target in watched]
        return self._record(
            selector.id,
            {**selector.metadata, **about},
            name=selector.name,
            description=selector.description,
            is_loaded=any(self._states[model] in _COMING for model in models if model is not None),
        )

    def _record(
        self,
        id_: str,
        about: Mapping[str, Any],
        *,
        name: str = "",
        description: str = "",
        is_loaded: bool = False,
        capabilities: Capabilities | None = None,
    ) -> ListedModel:
        can = capabilities or Capabilities()
        context = can.context if can.context > 0 else UNSET
        return ListedModel(
            id=id_,
            created=self._created,
            status=Status("loaded" if is_loaded else "unloaded"),
            name=name.strip() or UNSET,
            description=description.strip() or UNSET,
            architecture=architecture_of(can),
            capabilities=flags_of(can),
            supported_parameters=("tools", "tool_choice") if can.tools else UNSET,
            context_length=context,
            meta=Meta(about, context),
        )


def _if_any(key: str, values: Sequence[str]) -> Mapping[str, Sequence[str]]:
    return {key: values} if values else {}
