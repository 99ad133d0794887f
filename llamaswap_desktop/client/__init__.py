"""Speaks to the running program: finds it by its run file, and carries out the command line's verbs over HTTP."""

from llamaswap_desktop.client.connection import Connection, NotRunning, Refused
from llamaswap_desktop.client.find import find_instance
from llamaswap_desktop.client.verbs import VERBS, run_verb

__all__ = ["VERBS", "Connection", "NotRunning", "Refused", "find_instance", "run_verb"]
