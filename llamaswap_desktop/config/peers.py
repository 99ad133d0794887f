"""Peers: other servers that offer models (specification, section 9)."""

from collections.abc import Iterable
from collections.abc import Mapping as MappingType

from llamaswap_desktop.config.names import PeerModel
from llamaswap_desktop.config.nodes import Mapping, Path, is_null
from llamaswap_desktop.config.read import Reader
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.schema import Model, Peer, PeerId
from llamaswap_desktop.config.urls import url_problem


def read_peers(root: Mapping, reader: Reader, report: Report) -> dict[PeerId, Peer]:
    """Read every peer, and check what it needs to have."""
    peers = {}
    for key, value in reader.mapping(root.get("peers"), ("peers",)) or ():
        path: Path = ("peers", key)
        if is_null(value):
            report.warn(path, f"peer '{key}' is empty")
        peer = reader.block(value, Peer(id=PeerId(key)), path)
        _check(peer, path, report)
        peers[peer.id] = peer
    return peers


def _check(peer: Peer, path: Path, report: Report) -> None:
    if not peer.proxy:
        report.error((*path, "proxy"), f"peer '{peer.id}' has no proxy: give the address of the other server")
    elif problem := url_problem(peer.proxy):
        shown = report.quote(peer.proxy)
        report.error((*path, "proxy"), f"peer '{peer.id}': {shown} is no usable URL: {problem}")
    if not peer.models:
        report.error((*path, "models"), f"peer '{peer.id}' has no models: list at least one")


class FullNames:
    """The names ``peerID/model``, which nothing else may have."""

    def __init__(self, peers: MappingType[PeerId, Peer], report: Report) -> None:
        self._report = report
        self._owners: dict[str, PeerModel] = {}
        for peer in peers.values():
            for index, model in enumerate(peer.models):
                self._reserve(PeerModel(peer.id, model), ("peers", peer.id, "models", index))

    def _reserve(self, entry: PeerModel, path: Path) -> None:
        owner = self._owners.setdefault(entry.full_name, entry)
        if owner != entry:
            self._report.error(path, f"'{entry.full_name}' can be read in two ways: {_pair(owner)}, and {_pair(entry)}")

    def refuse_names_of(self, models: Iterable[Model], selectors: Iterable[str]) -> None:
        """Report ids and aliases of models, and ids of selectors, that a peer's model has already."""
        for model in models:
            self.refuse((model.id,), "model id", ("models", model.id))
            self.refuse(model.aliases, f"model '{model.id}': alias", ("models", model.id, "aliases"))
        for selector in selectors:
            self.refuse((selector,), "selector id", ("selectors", selector))

    def refuse(self, names: Iterable[str], what: str, path: Path) -> None:
        """Report those of ``names`` that a peer's model has already; they stand at ``path``."""
        for name in names:
            owner = self._owners.get(name)
            if owner is not None:
                message = f"{what} {self._report.quote(name)} is the full name of {_pair(owner)}: choose another name"
                self._report.error(path, message)


def _pair(entry: PeerModel) -> str:
    return f"model '{entry.model}' of peer '{entry.peer}'"
