"""People in a MySQL or MariaDB database: `type: mysql`.

All is read in one transaction that is read-only and sees one moment. The server writes each row as one line of CSV, so
that no client converts a value, and sends them while they are read. What the printing depends on is set in the session.
A `TIMESTAMP` is an instant and has its zone (`Z`), a `DATETIME` has none; a `BIT` is a number; bytes must be UTF-8.

A table is read in the order of its primary key where the server plans no sort for it, else as it lies.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from reconciler.adapters.blocks import QUOTE, batches
from reconciler.adapters.databases import Asked, Server, Url, checked_names, say, server
from reconciler.adapters.errors import SourceAuthFailed, SourceFailed
from reconciler.adapters.statements import MYSQL

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 1_024  # that are Python's at a time
_FAREWELL = 2.0  # seconds, for a last word to a server
_ALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""A server that is gone is noticed within a minute."""

_SETTINGS = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION net_write_timeout = 600",  # it waits while a batch is worked on
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_CHANGING = frozenset({"PAD_CHAR_TO_FULL_LENGTH", "EMPTY_STRING_IS_NULL", "ORACLE"})
"""Modes of a session that change what a value or an empty text is."""

_TIMESTAMP, _BIT, _JSON, _GEOMETRY = 7, 16, 245, 255  # types by their number
_TEXTS = frozenset({15, 247, 248, 249, 250, 251, 252, 253, 254})
_BINARY = 63  # the number of the character set that is none
_PRINTED = {
    _TIMESTAMP: "CONCAT({0}, 'Z')",
    _BIT: "CAST({0} + 0 AS CHAR)",
    _JSON: "CAST({0} AS CHAR CHARACTER SET utf8mb4)",
    _GEOMETRY: "ST_AsText({0})",
}
_TEXT = "CONVERT({0} USING utf8mb4)"
_CELL = f"IF({{0}} IS NULL, '', CONCAT('{QUOTE}', REPLACE({{1}}, '{QUOTE}', '{QUOTE}{QUOTE}'), '{QUOTE}'))"

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
    1213: "E437",
    1153: "E441",
    1301: "E441",
}
"""The server's or the client's number of an error -> ours. Any other is E435."""

_PARAMETERS = frozenset({"ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "unix-socket", "charset"})
_MODES = ("disabled", "preferred", "required", "verify-ca", "verify-identity")


class MysqlOptions(Asked):
    """Options of `type: mysql`."""

    dialect = MYSQL

    url: Url = Field(description="the database: mysql://USER:PASSWORD@HOST/DATABASE, the password from outside")

    @field_validator("url")
    @classmethod
    def _of_mysql(cls, url: Url) -> Url:
        parts = server(url)
        if parts is None or parts.scheme not in ("mysql", "mariadb"):
            raise say("the address of a MySQL database begins with mysql:// or mariadb://")
        parameters = dict(parts.parameters)
        if not parameters.keys() <= _PARAMETERS:
            raise say(f"after the `?` of the address may stand {', '.join(sorted(_PARAMETERS))}")
        if _mode(parameters) not in _MODES:
            raise say(f"`ssl-mode` is one of {', '.join(_MODES)}")
        return url


def _mode(parameters: dict[str, str]) -> str:
    return parameters.get("ssl-mode", "verify-ca" if "ssl-ca" in parameters else "preferred").lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class _Column:
    """`kind`: the number of its type. `binary`: its texts are bytes."""

    name: str
    kind: int
    binary: bool

    def cell(self) -> str:
        """The value as a cell of CSV."""
        name = f"people.{_quoted(self.name)}"
        if self.kind in _TEXTS:
            shown = name if self.binary else _TEXT.format(name)
        else:
            shown = _PRINTED.get(self.kind, "CAST({0} AS CHAR)").format(name)
        return _CELL.format(name, shown)


class MysqlSource:
    """A `Source` over one table, view or query."""

    def __init__(self, options: MysqlOptions, wait: float = 10.0) -> None:
        """`wait`: seconds that the server may take to become a connection."""
        self._options = options
        self._wait = wait
        self._connection: Any = None
        self._columns: tuple[_Column, ...] = ()

    def label(self) -> str:
        return self._options.label()

    def columns(self) -> Sequence[str]:
        self._opened()
        return [column.name for column in self._columns]

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        connection = self._opened()
        wanted = list(columns)
        checked_names([column.name for column in self._columns], wanted)
        rows = 0
        try:
            for batch in batches(self._lines(connection, wanted), wanted):
                rows += batch.num_rows
                yield batch
        except SourceFailed:
            self.close()  # what is left of it would have to be read before anything else could be asked
            raise
        except BaseException:
            self.close()
            self._stop(connection.thread_id())
            raise
        if not rows:
            raise SourceFailed("E410", "there is no row")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.open:
            connection.close()

    def _stop(self, thread: int) -> None:
        """Tell the server that nobody waits for the rest: else it goes on until it has something to send."""
        with suppress(SourceFailed), _said():
            other = _connected(self._options.url, _FAREWELL)
            with other, other.cursor() as cursor:
                cursor.execute("KILL %s", (thread,))

    def _opened(self) -> Any:
        if self._connection is None:
            self._connection = _connected(self._options.url, self._wait)
            try:
                with _said():
                    self._begin(self._connection)
            except SourceFailed as failed:
                self.close()
                raise self._options.named(failed) from None
            except BaseException:
                self.close()
                raise
        return self._connection

    def _begin(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@SESSION.sql_mode")
            modes = cursor.fetchone()[0].decode().split(",")
            cursor.execute("SET SESSION sql_mode = %s", (",".join(mode for mode in modes if mode not in _CHANGING),))
            for setting in _SETTINGS:
                cursor.execute(setting)
            cursor.execute(f"SELECT * FROM {self._rows()} LIMIT 0")
            fields = cursor._result.fields  # the client gives a column's character set nowhere else
            self._columns = tuple(_Column(field.name, field.type_code, field.charsetnr == _BINARY) for field in fields)
        checked_names([column.name for column in self._columns])

    def _rows(self) -> str:
        if self._options.query is not None:
            return f"(\n{self._options.query}\n) AS people"
        return f"{'.'.join(map(_quoted, self._options.name()))} AS people"

    def _statement(self, connection: Any, wanted: Sequence[str]) -> str:
        """The rows' wanted columns as lines, in an order that costs nothing."""
        known = {column.name: column for column in self._columns}
        line = ", ',', ".join(known[name].cell() for name in wanted)
        plain = f"SELECT CONCAT({line}, '\n') FROM {self._rows()}"
        if self._options.query is not None:
            return plain
        *schema, table = self._options.name()
        with connection.cursor() as cursor:
            cursor.execute(_PRIMARY_KEY, (schema[0] if schema else None, table))
            keys = [f"people.{_quoted(name.decode())}" for (name,) in cursor.fetchall()]
            ordered = f"{plain} ORDER BY {', '.join(keys)}"
            return ordered if keys and not _sorts(cursor, ordered) else plain

    def _lines(self, connection: Any, wanted: Sequence[str]) -> Iterator[bytes]:
        """Every row as a line of CSV. The client raises unless the server says that these were all."""
        from pymysql.cursors import SSCursor

        with _said():
            statement = self._statement(connection, wanted)
            cursor = connection.cursor(SSCursor)
            try:
                cursor.execute(statement)
                rows = 0
                while part := cursor.fetchmany(_ROWS):
                    for (line,) in part:
                        rows += 1
                        if line is None:
                            raise SourceFailed("E441", row=rows)
                        yield line
            finally:
                _abandon(cursor)


_PRIMARY_KEY = """
SELECT column_name FROM information_schema.key_column_usage
WHERE constraint_name = 'PRIMARY' AND table_schema = COALESCE(%s, DATABASE()) AND table_name = %s
ORDER BY ordinal_position
"""


def _sorts(cursor: Any, statement: str) -> bool:
    cursor.execute(f"EXPLAIN {statement}")
    return any(isinstance(cell, bytes) and b"filesort" in cell for row in cursor.fetchall() for cell in row)


def _abandon(cursor: Any) -> None:
    """Let go of it: it would read to the end of its rows before it goes, perhaps from a connection that is closed."""
    if cursor._result is not None:
        cursor._result.unbuffered_active = False
    cursor.connection = None


def _connected(url: Url, wait: float) -> Any:
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
        with _said({"E437": "E431"}), _in_time(found, wait):
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
def _said(instead: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
    """The server's errors in our words: its own quote data. `instead`: what a code means here."""
    import pymysql

    try:
        yield
    except pymysql.MySQLError as error:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        code = _OF_NUMBER.get(number, "E435" if number else "E437")
        if isinstance(getattr(error, "original_exception", None), ssl.SSLError):
            code, number = "E439", 0
        code = instead.get(code, code)
        kind = SourceAuthFailed if code in ("E430", "E434") else SourceFailed
        raise kind(code, f"the server's code is {number}" if number else "") from None


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class _Adapter:
    Options = MysqlOptions

    def open(self, options: MysqlOptions, base: Path) -> MysqlSource:  # noqa: ARG002 - nothing of it is a file
        return MysqlSource(options)


ADAPTER = _Adapter()
