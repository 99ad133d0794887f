"""Owns all that changes: carries out effects and commands, publishes events and snapshots."""

from llamaswap_desktop.core.lease import Lease, Settled, Waiting
from llamaswap_desktop.core.shell import Core

__all__ = ["Core", "Lease", "Settled", "Waiting"]
