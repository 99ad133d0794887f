"""What lender and borrower of a connection agree on; ``proxy`` lends, ``web`` borrows."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LoanEnd:
    """What the borrower reports: the answer's status and body size, and whether another request may follow."""

    status: int
    body_bytes: int
    reusable: bool


class BuildBorrower(Protocol):
    """Builds a protocol that answers one request and then calls ``finished``."""

    def __call__(self, finished: Callable[[LoanEnd], None]) -> asyncio.Protocol:
        """Return a protocol that has not been connected yet."""
