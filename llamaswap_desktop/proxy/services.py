"""What every forward shares: the core, the peers, and what is prepared once per configuration."""

from pathlib import Path

from llamaswap_desktop.config import Config, IgnoredPaths
from llamaswap_desktop.core import Core
from llamaswap_desktop.http1 import Keys
from llamaswap_desktop.proxy.observe import Observer
from llamaswap_desktop.proxy.peers import Peers
from llamaswap_desktop.proxy.treatment import Treatments


class Services:
    """Large bodies are spooled in ``spool_folder`` (None: the system's); ``own_token`` is that of our run file."""

    def __init__(self, core: Core, observer: Observer, *, spool_folder: Path | None, own_token: str) -> None:
        self.core = core
        self.observer = observer
        self.spool_folder = spool_folder
        self.peers = Peers()
        core.on_wake(self.peers.begin_anew)
        self.treatments = Treatments()
        self._own_token = own_token
        self._prepared: Config | None = None
        self._keys = Keys()
        self._ignored_paths = IgnoredPaths(())

    @property
    def config(self) -> Config:
        """The configuration as of now."""
        return self.core.config

    @property
    def keys(self) -> Keys:
        """The keys as of now."""
        if self._prepared is not self.core.config:
            self._prepare(self.core.config)
        return self._keys

    @property
    def ignored_paths(self) -> IgnoredPaths:
        """The paths below ``/upstream/<model>`` that start nothing, as of now."""
        if self._prepared is not self.core.config:
            self._prepare(self.core.config)
        return self._ignored_paths

    def _prepare(self, config: Config) -> None:
        self._prepared = config
        self._keys = Keys(api=config.api_keys, admin=config.desktop.admin_keys, own_token=self._own_token)
        self._ignored_paths = IgnoredPaths(config.upstream.ignore_paths)
