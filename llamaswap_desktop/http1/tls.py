"""TLS on both sides: to clients with the user's certificate, to peers with the system's trust."""

import functools
import ssl
from pathlib import Path

from llamaswap_desktop.errors import ListenFailed


@functools.cache
def client_context() -> ssl.SSLContext:
    """Return the settings for connections to upstreams: certificates are checked, HTTP/1.1 is spoken."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def load_server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Read the certificate chain and its key (PEM files) to serve with; raises ``ListenFailed`` naming the files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or str(error)
        raise ListenFailed(f"cannot serve with the certificate {certificate} and the key {key}: {why}") from error
    return context
