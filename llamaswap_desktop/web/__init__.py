"""Shows and commands over HTTP; answers every route that is not a model's."""

from llamaswap_desktop.web import lean  # noqa: F401 - before anything here imports aiohttp

# isort: split
from llamaswap_desktop.web.api import Api
from llamaswap_desktop.web.borrower import Borrower
from llamaswap_desktop.web.machine import Version

__all__ = ["Api", "Borrower", "Version"]
