"""Loading a configuration, in the order of the specification's section 3: this file is its table of contents."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from llamaswap_desktop.config import nodes
from llamaswap_desktop.config.anchors import anchored_keys, resolve
from llamaswap_desktop.config.compose import compose
from llamaswap_desktop.config.environment import Environment
from llamaswap_desktop.config.expansion import Expanded, Expansion
from llamaswap_desktop.config.merge import merge
from llamaswap_desktop.config.models import ModelChecks, read_models
from llamaswap_desktop.config.names import Names
from llamaswap_desktop.config.own_keys import OwnKeyChecks, read_desktop
from llamaswap_desktop.config.peers import FullNames, read_peers
from llamaswap_desktop.config.profiles import check_profiles, read_profiles
from llamaswap_desktop.config.read import Reader, keys_of
from llamaswap_desktop.config.report import Report
from llamaswap_desktop.config.routing import fit_together, read_routing, settle_routing
from llamaswap_desktop.config.schema import Config
from llamaswap_desktop.config.selectors import SelectorChecks, read_selectors
from llamaswap_desktop.config.sources import AS_ON_DISK, Sources, SourceText
from llamaswap_desktop.config.top import StoreCheck, TopChecks, store_problem
from llamaswap_desktop.errors import ConfigError
from llamaswap_desktop.types import ModelId

_LEGACY = frozenset({"groups", "matrix"})
KNOWN_KEYS = frozenset(keys_of(Config)) | _LEGACY
_NO_PORTS: Mapping[ModelId, int] = {}


def load_config(
    sources: Sources,
    *,
    environment: Mapping[str, str],
    kept_ports: Mapping[ModelId, int] = _NO_PORTS,
    instead: Mapping[Path, str] = AS_ON_DISK,
) -> Config:
    """Read the sources and return what they say.

    ``environment`` answers ``${env.NAME}``; ``kept_ports`` are the ports of the running configuration on a reload
    (section 19); ``instead`` are texts for files that have not been saved yet.  Raises ``ConfigError`` with every
    problem found, the one llama-swap would name first.
    """
    texts = sources.read(instead)
    return parse_config(texts, environment=environment, kept_ports=kept_ports, check_store=store_problem)


def parse_config(
    texts: Sequence[SourceText],
    *,
    environment: Mapping[str, str],
    kept_ports: Mapping[ModelId, int] = _NO_PORTS,
    check_store: StoreCheck = lambda _: "",
) -> Config:
    """Return what the texts say; touches nothing but what ``check_store`` touches.  Raises ``ConfigError``."""
    report = Report()
    root, templates = _read_tree(texts, Environment(environment, report), report)
    report.root = root
    report.stop_if_errors()
    expanded = Expansion(root, KNOWN_KEYS, report).run(kept_ports, Config().start_port)
    report.root = expanded.root
    report.stop_if_errors()
    return _Loading(expanded, templates, report).run(check_store)


def _read_tree(
    texts: Iterable[SourceText], environment: Environment, report: Report
) -> tuple[nodes.Mapping, frozenset[str]]:
    """Carry out steps 1 and 2; return the tree, and the top-level keys that only hold templates."""
    roots: list[tuple[str, nodes.Node | None]] = []
    for source in texts:
        try:
            roots.append((source.name, compose(environment.expand(source.text, source.name), source.name)))
        except ConfigError as error:
            report.add(error.problems)
    report.stop_if_errors()
    merged = merge(roots, report)
    report.stop_if_errors()
    resolved = resolve(merged, report)
    assert isinstance(resolved, nodes.Mapping)
    return environment.expand_again(resolved), anchored_keys(merged)


class _Loading:
    """Steps 8 to 11, and the checks of our own keys."""

    def __init__(self, expanded: Expanded, templates: frozenset[str], report: Report) -> None:
        self._expanded = expanded
        self._templates = templates
        self._report = report

    def run(self, check_store: StoreCheck) -> Config:
        root, report = self._expanded.root, self._report
        report.hide(_secrets(root))
        reader = Reader(report)
        for key in ("macros", "routing", "desktop"):
            reader.leave_out((key,))

        # 8: read into typed form
        top = reader.block(_without_templates(root, self._templates), Config(), (), also=_LEGACY)
        config = replace(top, macros=self._expanded.macros, desktop=read_desktop(root, reader))
        checks = TopChecks(config, report)
        checks.check_ignored_paths()
        peers = read_peers(root, reader, report)
        models_as_written = read_models(self._expanded, config, reader, report)
        routing = read_routing(root, reader, report)
        selectors = read_selectors(root, reader)
        profiles = read_profiles(root, reader, report)
        report.stop_if_errors()

        # 9: check the top, then each model
        checks.run(check_store)
        model_checks = ModelChecks(models_as_written, report)
        model_checks.check_aliases()
        config = checks.settle()
        models = model_checks.settle(config)
        names = Names(models, peers)

        # 10: routing
        config = replace(config, models=models, peers=peers, routing=settle_routing(routing, models, names, report))

        # 11: preload, keys, names
        hooks = checks.preload(names)
        checks.check_api_keys()
        full_names = FullNames(peers, report)
        full_names.refuse_names_of(models.values(), selectors)
        fits = fit_together(config.routing)
        settled = SelectorChecks(models, names, fits, report).settle(selectors)
        check_profiles(profiles, names, selectors, full_names, report)

        # our own keys come last, so that an error that llama-swap would report is the first here too
        OwnKeyChecks(config, model_checks, report).run()
        report.stop_if_errors()
        return replace(config, hooks=hooks, selectors=settled, profiles=profiles, warnings=report.warnings)


def _without_templates(root: nodes.Mapping, templates: frozenset[str]) -> nodes.Mapping:
    """Leave out the unknown keys that are there for a reason: they hold anchored text, or begin with ``x-``."""
    kept = {
        key: entry
        for key, entry in root.entries.items()
        if key in KNOWN_KEYS or not (key in templates or key.startswith("x-"))
    }
    return nodes.Mapping(root.mark, kept)


def _secrets(root: nodes.Mapping) -> Iterable[str]:
    """Yield every text that opens something, here or at a peer, and what models are told through their environment."""
    places: list[nodes.Node | None] = [root.get("apiKeys")]
    desktop, peers = root.get("desktop"), root.get("peers")
    if isinstance(desktop, nodes.Mapping):
        places.append(desktop.get("adminKeys"))
    if isinstance(peers, nodes.Mapping):
        places.extend(peer.get("apiKey") for _, peer in peers if isinstance(peer, nodes.Mapping))
    models = root.get("models")
    if isinstance(models, nodes.Mapping):
        places.extend(model.get("env") for _, model in models if isinstance(model, nodes.Mapping))
    for place in places:
        for node in place.items if isinstance(place, nodes.Sequence) else (place,):
            if isinstance(node, nodes.Scalar):
                yield node.text
