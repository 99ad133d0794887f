"""What the feed of the in-flight list says (HTTP specification, section 19): its values, as they become JSON."""

from collections.abc import Mapping

from msgspec import Struct


class InflightEntry(Struct, frozen=True, omit_defaults=True):
    """One request as it is shown."""

    id: str
    timestamp: str
    model: str
    req_path: str
    method: str
    req_headers: Mapping[str, str]
    remote_ip: str
    resp_headers: Mapping[str, str]
    resp_bytes: int
    elapsed_ms: int
    metadata: Mapping[str, str] = {}


class InflightSnapshot(Struct, frozen=True, omit_defaults=True, tag_field="operation", tag="snapshot"):
    """Everything that is being answered, oldest first; it replaces whatever was known."""

    requests: tuple[InflightEntry, ...] = ()


class InflightUpsert(Struct, frozen=True, tag_field="operation", tag="upsert"):
    """A request has begun or has got on."""

    request: InflightEntry


class InflightRemove(Struct, frozen=True, tag_field="operation", tag="remove"):
    """A request is over."""

    id: str


InflightMessage = InflightSnapshot | InflightUpsert | InflightRemove
