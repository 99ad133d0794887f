"""The loose check of URLs in a configuration (specification, section 7.1)."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_BAD_HOST = re.compile(r"[ {}|\\^`]")
_BAD_HOST_ESCAPE = re.compile(r"%(?!25|[89a-fA-F])")
_BAD_USER = re.compile(r"[^A-Za-z0-9._:~!$&'()*+,;=%@-]")


def url_problem(url: str) -> str:
    """Say what makes ``url`` unusable; empty if nothing does.  Much is let through, a missing scheme among it."""
    if _CONTROL.search(url):
        return "it holds a control character"
    before_query = url.partition("#")[0].partition("?")[0]
    head, colon, tail = before_query.partition(":")
    if colon and not head:
        return "its scheme is missing: write http:// or https:// in front"
    has_scheme = bool(colon and _SCHEME.match(head))
    rest = tail if has_scheme else before_query
    if has_scheme and not rest.startswith("/"):
        return ""  # such as localhost:8080, whose scheme is "localhost"
    if not has_scheme and ":" in rest.partition("/")[0]:
        return "it has a colon but no scheme: write http:// or https:// in front"
    if rest.startswith("//") and (has_scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        return _authority_problem(authority) or _path_problem(slash + path)
    return _path_problem(rest)


def _path_problem(path: str) -> str:
    return "a % in its path is not followed by two hexadecimal digits" if _BAD_ESCAPE.search(path) else ""


def _authority_problem(authority: str) -> str:
    user, at, host = authority.rpartition("@")
    if at and _BAD_USER.search(user):
        return "its user name or password holds a character that must be written as %XX"
    if host.startswith("["):
        host, bracket, port = host.rpartition("]")
        if not bracket:
            return "its '[' has no ']'"
        if port and not re.fullmatch(r":[0-9]*", port):
            return "its port is no number"
        host = host[1:]
    else:
        host, _, port = host.partition(":")
        if ":" in port:
            return "its host holds several colons: an IPv6 address needs brackets, as in http://[::1]:8080"
        if port and not re.fullmatch(r"[0-9]+", port):
            return "its port is no number"
    if _BAD_HOST.search(host):
        return "its host holds a space or another character that no host has"
    if _BAD_ESCAPE.search(host) or _BAD_HOST_ESCAPE.search(host):
        return "a % in its host starts no valid escape"
    return ""
