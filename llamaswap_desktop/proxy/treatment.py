"""What a configuration wants done to the requests of one target, ready for use (HTTP specification, section 9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from llamaswap_desktop.config import CleanFilters, Config, Filters, PeerModel, clean_filters
from llamaswap_desktop.types import ModelId

Settings = Mapping[str, bytes]
"""Values by key, each as JSON text."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """``use_model_name`` replaces the model's name if it is not empty; the filters are those of the configuration."""

    use_model_name: str = ""
    strip: tuple[str, ...] = ()
    settings: Settings = field(default_factory=dict)
    settings_by_name: Mapping[str, Settings] = field(default_factory=dict)

    def is_idle_for(self, requested: str) -> bool:
        """Whether nothing is done to a request for ``requested``."""
        return not (self.use_model_name or self.strip or self.settings or requested in self.settings_by_name)

    def settings_for(self, requested: str) -> Iterator[tuple[str, bytes]]:
        """Yield what is set, in order: later ones win."""
        yield from self.settings.items()
        yield from self.settings_by_name.get(requested, {}).items()


class Treatments:
    """Prepares each target's treatment once per configuration."""

    def __init__(self) -> None:
        self._config: Config | None = None
        self._prepared: dict[ModelId | PeerModel, Treatment] = {}

    def of(self, target: ModelId | PeerModel, config: Config) -> Treatment:
        """Return what is done to requests that go to ``target``."""
        if config is not self._config:
            self._config = config
            self._prepared.clear()
        treatment = self._prepared.get(target)
        if treatment is None:
            treatment = self._prepared[target] = _prepare(target, config)
        return treatment


def _prepare(target: ModelId | PeerModel, config: Config) -> Treatment:
    if isinstance(target, PeerModel):
        return _treatment("", config.peers[target.peer].filters)
    model = config.models[target]
    return _treatment(model.use_model_name, model.filters)


def _treatment(use_model_name: str, filters: Filters) -> Treatment:
    clean: CleanFilters = clean_filters(filters)
    return Treatment(
        use_model_name=use_model_name,
        strip=clean.strip,
        settings=_encoded(clean.set),
        settings_by_name={name: _encoded(values) for name, values in clean.set_by_id.items()},
    )


def _encoded(values: Mapping[str, object]) -> Settings:
    return {key: msgspec.json.encode(value) for key, value in values.items()}
