"""Tells the user what cannot be seen otherwise, rarely: at most one message of a kind a minute."""

from llamaswap_desktop.desktop.notify.balloon import BalloonNotifier
from llamaswap_desktop.desktop.notify.notice import Notice, Notifier, NullNotifier, Offer
from llamaswap_desktop.desktop.notify.quiet import QuietNotifier

__all__ = ["BalloonNotifier", "Notice", "Notifier", "NullNotifier", "Offer", "QuietNotifier"]
