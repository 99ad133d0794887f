"""Owns all that changes: carries out effects and commands, publishes events and snapshots."""

from llamaswap_desktop.core.footprints import Footprints
from llamaswap_desktop.core.lease import Lease, Settled, Waiting
from llamaswap_desktop.core.plans import PolicyPlan
from llamaswap_desktop.core.preload import preload
from llamaswap_desktop.core.reload import Reloader
from llamaswap_desktop.core.resolving import Target
from llamaswap_desktop.core.shell import Core
from llamaswap_desktop.core.waking import Waker

__all__ = ["Core", "Footprints", "Lease", "PolicyPlan", "Reloader", "Settled", "Target", "Waiting", "Waker", "preload"]
