"""Remembers finished requests and answers questions about them; lists those that are not finished yet.

The proxy calls ``ActivityLog.begin`` and tells the ``Observation`` it gets how the answer goes; the web UI asks for
``page``, ``stats`` and ``capture``, and listens to ``subscribe`` and ``inflight.subscribe``.
"""

from llamaswap_desktop.activity.inflight import InflightList
from llamaswap_desktop.activity.inflight_messages import (
    InflightEntry,
    InflightMessage,
    InflightRemove,
    InflightSnapshot,
    InflightUpsert,
)
from llamaswap_desktop.activity.load_watch import LoadWatch
from llamaswap_desktop.activity.loads import LoadEntry, LoadKind, LoadsPage, ShownLoad
from llamaswap_desktop.activity.log import ActivityLog
from llamaswap_desktop.activity.observation import Observation
from llamaswap_desktop.activity.queries import (
    Filter,
    PageQuery,
    parse_page_query,
    parse_rfc3339,
    parse_stats_query,
)
from llamaswap_desktop.activity.records import Capture, Entry, Histogram, Page, Settings, Stats, Tokens

__all__ = [
    "ActivityLog",
    "Capture",
    "Entry",
    "Filter",
    "Histogram",
    "InflightEntry",
    "InflightList",
    "InflightMessage",
    "InflightRemove",
    "InflightSnapshot",
    "InflightUpsert",
    "LoadEntry",
    "LoadKind",
    "LoadWatch",
    "LoadsPage",
    "Observation",
    "Page",
    "PageQuery",
    "Settings",
    "ShownLoad",
    "Stats",
    "Tokens",
    "parse_page_query",
    "parse_rfc3339",
    "parse_stats_query",
]
