"""A connection to MySQL or MariaDB: what its address asks for, that it is had in time, and its errors in our words."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from reconciler.adapters.databases import Server, Url, server
from reconciler.adapters.errors import SourceAuthFailed, SourceFailed

_ALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""A server that is gone is noticed within a minute."""

_OF_NUMBER: dict[int, str] = {
    1044: "E434",
    1045: "E430",
    1698: "E430",
    1820: "E430",
    1862: "E430",
    1142: "E434",
    1143: "E434",
    1227: "E434",
    1370: "E434",
    1356: "E434",
    1046: "E432",
    1049: "E432",
    1146: "E433",
    1054: "E414",
    1060: "E413",
    1052: "E413",
    1792: "E440",
    1290: "E440",
    1969: "E436",
    3024: "E436",
    1205: "E436",
    1040: "E431",
    1129: "E431",
    1130: "E430",
    1203: "E431",
    2003: "E431",
    2026: "E439",
    3159: "E439",
    2006: "E437",
    2013: "E437",
    2014: "E437",
    2055: "E437",
    1053: "E437",
    1158: "E437",
    1159: "E437",
    1160: "E437",
    1161: "E437",
    1152: "E437",
    1184: "E437",
    1317: "E437",
    1927: "E437",
    1213: "E436",
    1153: "E441",
    1301: "E441",
}
"""The server's or the client's number of an error -> ours. Any other is E435."""

_PARAMETERS = frozenset({"ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "unix-socket", "charset"})
_MODES = ("disabled", "preferred", "required", "verify-ca", "verify-identity")


def refusal(url: Url) -> str | None:
    """What is wrong with the address, without a word of it."""
    parts = server(url)
    if parts is None or parts.scheme not in ("mysql", "mariadb"):
        return "the address of a MySQL database begins with mysql:// or mariadb://"
    parameters = dict(parts.parameters)
    if not parameters.keys() <= _PARAMETERS:
        return f"after the `?` of the address may stand {', '.join(sorted(_PARAMETERS))}"
    if _mode(parameters) not in _MODES:
        return f"`ssl-mode` is one of {', '.join(_MODES)}"
    return None


def _mode(parameters: dict[str, str]) -> str:
    return parameters.get("ssl-mode", "verify-ca" if "ssl-ca" in parameters else "preferred").lower().replace("_", "-")


def connected(url: Url, wait: float) -> Any:
    try:
        import pymysql
    except ImportError:
        raise SourceFailed("E438", "`mysql` needs PyMySQL", "pip install 'crm-reconciler[mysql]'") from None
    from pymysql.converters import encoders

    parts = server(url) or Server("", "")
    parameters = dict(parts.parameters)
    connection = pymysql.connect(
        user=parts.user,
        password=parts.password,
        host=parts.host or "localhost",
        port=parts.port or 3306,
        database=parts.database or None,
        charset="utf8mb4",
        use_unicode=False,
        conv=encoders,
        defer_connect=True,
        **_secured(parameters),
    )
    found = _socket(parts, parameters.get("unix-socket"), wait)
    try:
        with said({"E437": "E431"}), _in_time(found, wait):
            connection.connect(found)
    except RuntimeError:  # a password that goes only through TLS, or by a package that is not wanted here
        raise SourceFailed("E439", "the server wants the password encrypted", "add `ssl-mode=required`") from None
    finally:
        if not connection.open:
            found.close()
    return connection


@contextmanager
def _in_time(found: socket.socket, wait: float) -> Iterator[None]:
    """Whoever answers at the other end has so long to become a connection; the client itself would wait for ever."""
    guard = found.dup()
    timer = threading.Timer(wait, guard.shutdown, (socket.SHUT_RDWR,))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        guard.close()


def _secured(parameters: dict[str, str]) -> dict[str, Any]:
    """The client's words for what the address says of TLS. Its own words for it mean less than they say."""
    mode, files = _mode(parameters), [parameters.get(f"ssl-{name}") for name in ("ca", "cert", "key")]
    if mode == "disabled":
        return {"ssl_disabled": True}
    if mode == "preferred" and not any(files):
        return {}
    ca, cert, key = files
    try:
        context = ssl.create_default_context(cafile=ca)
        context.check_hostname = mode == "verify-identity"
        if not ca and not mode.startswith("verify"):
            context.verify_mode = ssl.CERT_NONE
        if cert or key:
            context.load_cert_chain(cert or "", key)
    except OSError:
        raise SourceFailed("E439", "a file of `ssl-ca`, `ssl-cert` or `ssl-key` cannot be used") from None
    return {"ssl": context}


def _socket(parts: Server, path: str | None, wait: float) -> socket.socket:
    try:
        if path:
            found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            found.settimeout(wait)
            found.connect(path)
        else:
            found = socket.create_connection((parts.host or "localhost", parts.port or 3306), wait)
    except OSError:
        raise SourceFailed("E431") from None
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _ALIVE:
        if not path and hasattr(socket, name):
            found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return found


@contextmanager
def said(instead: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """The server's errors in our words: its own quote data. `instead`: what a code means here."""
    import pymysql

    try:
        yield
    except pymysql.MySQLError as error:
        number = number_of(error)
        code = code_of(number)
        if isinstance(getattr(error, "original_exception", None), ssl.SSLError):
            code, number = "E439", 0
        code = instead.get(code, code)
        kind = SourceAuthFailed if code in ("E430", "E434") else SourceFailed
        raise kind(code, f"the server's code is {number}" if number else "") from None


def number_of(error: Exception) -> int:
    """The server's or the client's number of it, 0 if it has none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def code_of(number: int) -> str:
    return _OF_NUMBER.get(number, "E435" if number else "E437")
