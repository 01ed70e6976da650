"""A state in three tables of a PostgreSQL database. Time is the database's clock; an append is one statement."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.adapters.states.store import Lease, StoreAuthFailed, StoreFailed
from reconciler.model.shared import PostgresPlace

if TYPE_CHECKING:
    import psycopg

_TABLES = (
    "CREATE TABLE IF NOT EXISTS {t} (name text PRIMARY KEY, version bigint NOT NULL DEFAULT 0,"
    " fence bigint NOT NULL DEFAULT 0, holder bytea NOT NULL DEFAULT '', renewed timestamptz NOT NULL DEFAULT now(),"
    " seconds double precision NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS {t}_entries (name text, number bigint, content bytea NOT NULL,"
    " PRIMARY KEY (name, number))",
    "CREATE TABLE IF NOT EXISTS {t}_blobs (name text, blob text, content bytea NOT NULL, PRIMARY KEY (name, blob))",
)
_TAKE = (
    "UPDATE {t} SET fence = fence + 1, holder = %(holder)s, seconds = %(seconds)s, renewed = clock_timestamp()"
    " WHERE name = %(name)s AND (holder = '' OR holder = %(holder)s OR %(force)s"
    " OR renewed + make_interval(secs => seconds) < clock_timestamp()) RETURNING fence"
)
_APPEND = (
    "WITH head AS (UPDATE {t} SET version = %(number)s"
    " WHERE name = %(name)s AND version = %(number)s - 1 AND fence = %(fence)s RETURNING name)"
    " INSERT INTO {t}_entries SELECT name, %(number)s, %(content)s FROM head RETURNING number"
)

_CONNECT = {
    "fallback_application_name": "reconciler",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_OF_STATE: Mapping[str, str] = {
    "28": "E582",
    "42501": "E582",
    "25006": "E582",
    "3D000": "E583",
    "3F000": "E583",
    "08": "E581",
    "57": "E581",
    "53": "E581",
    "40": "E581",
}
"""Beginning of the server's code of an error -> ours; any other is E591."""
_REFUSED = ("password", "authentication", "pg_hba", 'role "')  # words for a refused connection, which has no code
_EXISTS = ("23505", "42P07", "42710")  # somebody else made the table at the same moment
_UNDEFINED_TABLE = "42P01"


class PostgresStore:
    """A `Store`. One connection, made when it is needed and made anew when it is lost."""

    def __init__(self, place: PostgresPlace, name: str) -> None:
        self._place, self._name = place, name
        schema = f"{_quoted(place.schema)}." if place.schema else ""
        self._table = f"{schema}reconciler_state"
        self._connection: psycopg.Connection[Any] | None = None
        self._alone = threading.RLock()

    def lease(self) -> Lease | None:
        rows = self._read(
            "SELECT fence, holder, extract(epoch FROM clock_timestamp() - renewed)::float8, seconds FROM {t}"
            " WHERE name = %(name)s AND fence > 0"
        )
        return next((Lease(int(f), bytes(h), float(age), float(s)) for f, h, age, s in rows), None)

    def take(self, holder: bytes, seconds: float, force: bool = False) -> int | None:
        self._make_tables()
        self._run("INSERT INTO {t} (name) VALUES (%(name)s) ON CONFLICT DO NOTHING")
        rows = self._run(_TAKE, holder=holder, seconds=seconds, force=force)
        return int(rows[0][0]) if rows else None

    def renew(self, fence: int, holder: bytes, seconds: float) -> bool:
        return bool(
            self._run(
                "UPDATE {t} SET renewed = clock_timestamp(), seconds = %(seconds)s"
                " WHERE name = %(name)s AND fence = %(fence)s AND holder = %(holder)s RETURNING 1",
                fence=fence,
                holder=holder,
                seconds=seconds,
            )
        )

    def release(self, fence: int, holder: bytes) -> None:
        self._run(
            "UPDATE {t} SET holder = '' WHERE name = %(name)s AND fence = %(fence)s AND holder = %(holder)s",
            fence=fence,
            holder=holder,
        )

    def numbers(self) -> Sequence[int]:
        rows = self._read("SELECT number FROM {t}_entries WHERE name = %(name)s ORDER BY number")
        return [int(number) for (number,) in rows]

    def entry(self, number: int) -> bytes | None:
        rows = self._read(
            "SELECT content FROM {t}_entries WHERE name = %(name)s AND number = %(number)s", number=number
        )
        return bytes(rows[0][0]) if rows else None

    def append(self, number: int, content: bytes, fence: int) -> bool:
        return bool(self._run(_APPEND, number=number, content=content, fence=fence))

    def put(self, name: str, content: bytes) -> None:
        self._run(
            "INSERT INTO {t}_blobs VALUES (%(name)s, %(blob)s, %(content)s)"
            " ON CONFLICT (name, blob) DO UPDATE SET content = excluded.content",
            blob=name,
            content=content,
        )

    def get(self, name: str) -> bytes | None:
        rows = self._read("SELECT content FROM {t}_blobs WHERE name = %(name)s AND blob = %(blob)s", blob=name)
        return bytes(rows[0][0]) if rows else None

    def names(self) -> Collection[str]:
        return [str(blob) for (blob,) in self._read("SELECT blob FROM {t}_blobs WHERE name = %(name)s")]

    def sweep(self, entries: Collection[int], blobs: Collection[str]) -> None:
        if entries:
            self._run("DELETE FROM {t}_entries WHERE name = %(name)s AND number = ANY(%(all)s)", all=list(entries))
        if blobs:
            self._run("DELETE FROM {t}_blobs WHERE name = %(name)s AND blob = ANY(%(all)s)", all=list(blobs))

    def states(self) -> Collection[str]:
        return [str(name) for (name,) in self._read("SELECT name FROM {t} WHERE fence > 0")]

    def close(self) -> None:
        with self._alone:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _make_tables(self) -> None:
        """Where they are missing: who may not make tables can use those that somebody else made."""
        names = [self._table, f"{self._table}_entries", f"{self._table}_blobs"]
        found = self._run("SELECT count(to_regclass(n)) FROM unnest(%(names)s::text[]) AS n", names=names)
        if found[0][0] == len(names):
            return
        for statement in _TABLES:
            self._run(statement, passing=_EXISTS)

    def _read(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows; none where the tables were not made yet."""
        return self._run(statement, passing=(_UNDEFINED_TABLE,), **values)

    def _run(self, statement: str, *, passing: Sequence[str] = (), **values: Any) -> list[tuple[Any, ...]]:
        """One statement, which is one transaction; repeated once, where the connection was lost. `passing`: codes of
        the server for which there is nothing to say."""
        import psycopg

        text = statement.format(t=self._table.replace("%", "%%"))
        with self._alone:
            for again in (True, False):
                try:
                    cursor = self._connected().execute(text, {"name": self._name, **values})
                    return cursor.fetchall() if cursor.description else []
                except psycopg.Error as error:
                    if error.sqlstate in passing:
                        return []
                    lost = self._connection is None or self._connection.closed
                    if lost:
                        self.close()
                    if lost and again:
                        continue
                    raise _failed(error) from None
        raise AssertionError("the second attempt returns or raises")

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = _connected(self._place.url)
        return self._connection


def _connected(url: str) -> psycopg.Connection[Any]:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        given = conninfo_to_dict(url)
        more = {name: value for name, value in _CONNECT.items() if name not in given}
        return psycopg.connect(make_conninfo(url, **more), autocommit=True)
    except psycopg.ProgrammingError:
        raise StoreFailed("E581", "the address is no address of a PostgreSQL database", "correct `state.url`") from None
    except psycopg.Error as error:
        raise _of_connecting(error) from None


def _of_connecting(error: psycopg.Error) -> StoreFailed:
    """The client has words and no code for a connection that failed; they are looked at and never shown."""
    words = str(error)
    if 'database "' in words and "does not exist" in words:
        return StoreFailed("E583", "the database does not exist")
    refused = any(word in words for word in _REFUSED)
    return StoreAuthFailed("E582") if refused else StoreFailed("E581")


def _failed(error: psycopg.Error) -> StoreFailed:
    state = error.sqlstate or "08"
    code = next((_OF_STATE[state[:size]] for size in range(len(state), 1, -1) if state[:size] in _OF_STATE), "E591")
    shown = f"the server's code is {state}" if len(state) == 5 and state.isalnum() and state.isascii() else ""
    return (StoreAuthFailed if code == "E582" else StoreFailed)(code, shown)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def open_store(place: PostgresPlace, name: str) -> PostgresStore:
    """Nothing is asked of the database yet. Raises StoreFailed without the extra `postgres`."""
    try:
        import psycopg  # noqa: F401, only whether it is there
    except ImportError:
        raise StoreFailed("E588", "`postgres` needs psycopg", "pip install 'crm-reconciler[postgres]'") from None
    return PostgresStore(place, name)
