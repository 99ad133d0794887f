"""From a requested name to a model, profiles and selectors left aside (configuration specification, section 12)."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from llamaswap_desktop.types import ModelId

if TYPE_CHECKING:
    from llamaswap_desktop.config.schema import Model, Peer, PeerId


class PeerModel(NamedTuple):
    """A model of another server."""

    peer: "PeerId"
    model: str

    @property
    def full_name(self) -> str:
        """The name by which it is always known."""
        return f"{self.peer}/{self.model}"


class Names:
    """Every name of a configuration; asking costs the same whether there are two models or five hundred."""

    def __init__(self, models: "Mapping[ModelId, Model]", peers: "Mapping[PeerId, Peer]") -> None:
        self._models = models
        self._local: dict[str, ModelId] = {alias: model.id for model in models.values() for alias in model.aliases}
        self._local.update({model: model for model in models})
        offered = [PeerModel(peer.id, model) for peer in peers.values() for model in dict.fromkeys(peer.models)]
        by_bare_name = Counter(entry.model for entry in offered)
        self._peer = {entry.model: entry for entry in offered if by_bare_name[entry.model] == 1}
        self._peer.update({entry.full_name: entry for entry in offered})

    def is_model(self, name: str) -> bool:
        """Whether ``name`` is the id of a local model."""
        return name in self._models

    def resolve(self, name: str) -> ModelId | PeerModel | None:
        """Return the model that ``name`` stands for, local ones first."""
        model = self._local.get(name)
        return self._peer.get(name) if model is None else model

    def resolve_local(self, name: str) -> ModelId | None:
        """Return the local model that ``name`` (an id or an alias) stands for."""
        return self._local.get(name)
