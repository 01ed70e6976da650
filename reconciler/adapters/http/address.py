"""The address of a vendor's API and the credentials that go there, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from reconciler.adapters.errors import AuthFailed, CrmFailed


def usable_address(url: str) -> SplitResult:
    """The vendor's address. Raises CrmFailed for one that must not be used."""
    why = ""
    try:
        parts = urlsplit(url.strip().rstrip("/"))
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https"):
        why = "it does not begin with https://"
    elif not host or not parts.netloc.isascii() or any(c.isspace() for c in url.strip()):
        why = "no server's name is in it"
    elif not _has_usable_port(parts):
        why = "its port is none"
    elif parts.username is not None:
        why = "user and password do not belong into it"
    elif parts.query or parts.fragment:
        why = "nothing may follow its path"
    elif parts.scheme == "http" and not _loopback(host):
        why = "http:// is for this machine only, since everybody on the way could read along"
    if why:
        raise CrmFailed("E323", why)
    return parts


def _has_usable_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def sendable(auth: Mapping[str, str]) -> Mapping[str, str]:
    """Credentials as headers. Raises AuthFailed where they cannot be one; httpx would quote them, or send them and say
    that the connection broke."""
    if not all(value.isascii() and value.isprintable() for value in auth.values()):
        raise AuthFailed("there are characters in the credentials that none can have, such as the end of a line")
    if any(value != value.strip() or "  " in value for value in auth.values()):
        raise AuthFailed("the credentials are empty, or spaces stand around them")
    return auth
