"""Requests over the network, by httpx, which is imported here alone: what comes back is an answer or why there is none.

No exception of httpx leaves this module, since they hold addresses, and with them people's e-mails and tokens.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler.adapters.errors import CrmFailed
from reconciler.adapters.http.answers import Answer, Broken
from reconciler.model.clock import Clock

_CONNECT = 10.0  # seconds
_LONGEST = 5  # times the timeout: an answer that trickles in for longer is given up
_LARGEST = 64 * 2**20  # bytes
# Servers close a connection that was idle for five seconds or longer; a creation sent into that moment would be lost.
_LIMITS = httpx.Limits(max_connections=40, max_keepalive_connections=40, keepalive_expiry=4.0)

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)  # they write addresses, and so people's e-mails


class Connection:
    """Connections to one server, kept open. Proxies and certificates of authorities are those of the environment, as
    httpx has them, but no proxy for http://, which is for this machine only: credentials would leave it in the clear.
    Redirects are not followed; certificates are always checked. Threads may share it.

    `proxied`: whether the environment names a proxy for this server."""

    def __init__(self, url: str, headers: Mapping[str, str], clock: Clock, timeout: float, transport: Any) -> None:
        """`timeout`: seconds between two pieces of an answer. `transport`: instead of the network. Raises CrmFailed for
        an environment that cannot be used."""
        self._clock, self._longest = clock, _LONGEST * timeout
        leaves = url.startswith("https:") and transport is None
        self.proxied = leaves and _proxied(url)
        settings: dict[str, Any] = {
            "base_url": url,
            "headers": dict(headers),
            "timeout": httpx.Timeout(timeout, connect=min(timeout, _CONNECT)),
            "limits": _LIMITS,
            "transport": transport,
            "trust_env": leaves,
            "follow_redirects": False,
        }
        made = _made(settings)
        if isinstance(made, str):
            raise CrmFailed("E328", made)
        self._client = made

    def close(self) -> None:
        self._client.close()

    def exchange(
        self, method: str, path: str, query: Sequence[tuple[str, str]], content: bytes | None
    ) -> Answer | Broken:
        """One request. `path` is below the address."""
        headers = {} if content is None else {"Content-Type": "application/json"}
        parameters = tuple(query) or None
        try:
            with self._client.stream(method, path, params=parameters, content=content, headers=headers) as answer:
                read = self._read(answer)
                return Broken.TOO_LONG if read is None else Answer(answer.status_code, answer.headers, read)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return _unconnected(error)
        except httpx.PoolTimeout:
            return Broken.NOT_SENT
        except httpx.InvalidURL:  # of an id as long as a book, or with signs that cannot be seen
            return Broken.NO_PLACE
        except httpx.ProxyError:
            return Broken.PROXY
        except (httpx.HTTPError, httpx.StreamError):
            return Broken.LOST

    def _read(self, answer: httpx.Response) -> bytes | None:
        """All of it; None: more, or for longer, than any answer of a CRM."""
        until = self._clock.monotonic() + self._longest
        read = bytearray()
        for part in answer.iter_bytes():
            read += part
            if len(read) > _LARGEST or self._clock.monotonic() > until:
                return None
        return bytes(read)


def _made(settings: dict[str, Any]) -> httpx.Client | str:
    """The client, or what of the environment keeps it from being made."""
    try:
        return httpx.Client(**settings)
    except OSError:
        return "SSL_CERT_FILE or SSL_CERT_DIR names no certificates that can be read"
    except (ValueError, ImportError, httpx.InvalidURL):
        return "HTTPS_PROXY, ALL_PROXY or NO_PROXY has no address of the form http://NAME:PORT"


def _proxied(url: str) -> bool:
    named = getproxies()
    return bool(named.get("https") or named.get("all")) and not proxy_bypass(urlsplit(url).hostname or "")


def _unconnected(error: BaseException) -> Broken:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Broken.UNTRUSTED
        if isinstance(cause, ssl.SSLError):
            return Broken.NO_TLS
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return Broken.NO_HOST
    return Broken.NOT_SENT


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
