"""Keeps what the program and its models say: histories, live readers, files."""

from llamaswap_desktop.logs.access import AccessLines
from llamaswap_desktop.logs.files import APP_FILE, LogFiles, model_file_name
from llamaswap_desktop.logs.lines import AppLines, parse_level
from llamaswap_desktop.logs.log import Follower, Log, Sink
from llamaswap_desktop.logs.logs import Logs, LogToStdout, Stdout
from llamaswap_desktop.logs.redact import Redactor
from llamaswap_desktop.logs.ring import HISTORY_BYTES
from llamaswap_desktop.logs.scrub import scrub
from llamaswap_desktop.logs.times import format_time

__all__ = [
    "APP_FILE",
    "HISTORY_BYTES",
    "AccessLines",
    "AppLines",
    "Follower",
    "Log",
    "LogFiles",
    "LogToStdout",
    "Logs",
    "Redactor",
    "Sink",
    "Stdout",
    "format_time",
    "model_file_name",
    "parse_level",
    "scrub",
]
