"""How long each step of a request to an upstream may take (configuration specification, section 7.8)."""

from typing import Protocol


class Timeouts(Protocol):
    """Seconds for each step; 0 is no limit."""

    @property
    def connect_s(self) -> float:
        """Until the connection stands, TLS left aside."""

    @property
    def tls_handshake_s(self) -> float:
        """Until TLS stands."""

    @property
    def response_header_s(self) -> float:
        """From the last byte of the request to the head of the answer."""

    @property
    def idle_conn_s(self) -> float:
        """How long an unused connection is kept."""

    @property
    def keepalive_s(self) -> int:
        """Between the kernel's signs of life on a silent connection; 0 leaves them to the system."""
