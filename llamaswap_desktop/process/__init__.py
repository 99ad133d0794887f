"""Owns each child from command line to last exit, on both platforms."""

from llamaswap_desktop.process.environment import user_environment
from llamaswap_desktop.process.launcher import Launcher
from llamaswap_desktop.process.lifecycle import Process
from llamaswap_desktop.process.ports import holder_of_port
from llamaswap_desktop.process.run_file import Instance, Kind, living_instances
from llamaswap_desktop.process.win32 import send_ctrl_c

__all__ = [
    "Instance",
    "Kind",
    "Launcher",
    "Process",
    "holder_of_port",
    "living_instances",
    "send_ctrl_c",
    "user_environment",
]
