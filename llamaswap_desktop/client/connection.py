"""HTTP to a running instance, with the standard library alone: a command line has to start fast."""

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

from llamaswap_desktop.errors import LlamaSwapError

_TIMEOUT_S = 10.0


class NotRunning(LlamaSwapError):
    """There is no instance to speak to, or it does not answer."""


class Refused(LlamaSwapError):
    """The instance has answered with an error; ``answered`` is HTTP's status, the text is the instance's own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.answered = status


class Connection:
    """Requests to the instance at ``address``, one connection each; ``token`` may be empty."""

    def __init__(self, address: str, token: str, *, timeout_s: float = _TIMEOUT_S) -> None:
        self.address = address
        self._token = token
        self._timeout_s = timeout_s

    def get(self, path: str) -> Any:
        """Return the JSON at ``path``.  Raises ``NotRunning`` and ``Refused``."""
        return msgspec.json.decode(self._ask("GET", path))

    def post(self, path: str, body: object) -> Any:
        """Send JSON, return the JSON of the answer.  Raises as ``get``."""
        return msgspec.json.decode(self._ask("POST", path, body))

    def put(self, path: str, body: object) -> Any:
        """Send JSON, return the JSON of the answer.  Raises as ``get``."""
        return msgspec.json.decode(self._ask("PUT", path, body))

    def stream(self, path: str, *, waits: bool) -> Iterator[bytes]:
        """Yield what comes from ``path`` as it comes, without end if ``waits``.  Raises as ``get``."""
        connection = self._open(None if waits else self._timeout_s)
        try:
            answer = self._send(connection, "GET", path, None)
            while data := answer.read1(64 * 1024):
                yield data
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from error
        finally:
            connection.close()

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        connection = self._open(self._timeout_s)
        try:
            return self._send(connection, method, path, body).read()
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from error
        finally:
            connection.close()

    def _silent(self, error: Exception) -> NotRunning:
        return NotRunning(f"{self.address} does not answer ({error or type(error).__name__})")

    def _open(self, timeout_s: float | None) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(parts.hostname or "127.0.0.1", parts.port, timeout=timeout_s)

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: object
    ) -> http.client.HTTPResponse:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = msgspec.json.encode(body)
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        if answer.status >= 400:
            raise Refused(answer.status, _message_in(answer.read()) or f"{answer.status} {answer.reason}")
        return answer


def _message_in(body: bytes) -> str:
    """Return the message of our error envelope, else the text itself."""
    try:
        error = msgspec.json.decode(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (msgspec.DecodeError, KeyError, TypeError):
        return body.decode("utf-8", "replace").strip()
