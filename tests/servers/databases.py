"""An empty database on a private server, one a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymysql

from servers import PASSWORD, Server

_NUMBERS = count(1)
MARKS = {"postgres": '"', "mysql": "`", "sqlite": '"'}


@dataclass(frozen=True, slots=True)
class Database:
    """`kind`: the source's type. `url`: as its administrator."""

    kind: str
    server: Server
    name: str

    @property
    def url(self) -> str:
        return self.server.address(self.name)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Carry them out, each for itself; the rows of the last one."""
        with closing(self.connected()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def fill(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]], key: str = "") -> None:
        """A table of texts with these rows; `key`: its primary key, one of the columns."""
        text = "text" if self.kind == "postgres" else "longtext"
        keyed = "text PRIMARY KEY" if self.kind == "postgres" else "varchar(190) COLLATE utf8mb4_bin PRIMARY KEY"
        kinds = ", ".join(f"{quoted(self.kind, name)} {keyed if name == key else text}" for name in columns)
        marks = ", ".join(["%s"] * len(columns))
        with closing(self.connected()) as connection, closing(connection.cursor()) as cursor:
            name = quoted(self.kind, table)
            cursor.execute(f"CREATE TABLE {name} ({kinds})")
            for start in range(0, len(rows), 500):
                cursor.executemany(f"INSERT INTO {name.replace('%', '%%')} VALUES ({marks})", rows[start : start + 500])

    def user(self, name: str, *grants: str) -> str:
        """The address for a new user who may do what these grants say (`SELECT ON people`)."""
        if self.kind == "postgres":
            made = f"CREATE USER {name}_{self.name} PASSWORD '{PASSWORD}'"
            self.run(made, *(f"GRANT {grant} TO {name}_{self.name}" for grant in grants))
        else:
            made = f"CREATE USER {name}_{self.name}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'"
            self.run(made, *(f"GRANT {grant} TO {name}_{self.name}@'127.0.0.1'" for grant in grants))
        return self.server.address(self.name, user=f"{name}_{self.name}")

    def connected(self) -> Any:
        if self.kind == "postgres":
            return psycopg.connect(self.url, autocommit=True)
        parts = urlsplit(self.url)
        return pymysql.connect(
            host=parts.hostname,
            port=parts.port or 0,
            user=parts.username,
            password=parts.password or "",
            database=self.name,
            charset="utf8mb4",
            autocommit=True,
        )


@contextmanager
def database(kind: str, server: Server) -> Iterator[Database]:
    """A new one, dropped afterwards together with whoever is still connected."""
    made = Database(kind, server, f"crm{next(_NUMBERS)}")
    first = Database(kind, server, "postgres" if kind == "postgres" else "mysql")
    first.run(f"CREATE DATABASE {made.name}" + ("" if kind == "postgres" else " CHARACTER SET utf8mb4"))
    try:
        yield made
    finally:
        if kind == "mysql":
            still = first.run(f"SELECT id FROM information_schema.processlist WHERE db = '{made.name}'")
            for (number,) in still:
                with suppress(pymysql.MySQLError):  # it may just have gone
                    first.run(f"KILL {number}")
        first.run(f"DROP DATABASE {made.name}" + (" WITH (FORCE)" if kind == "postgres" else ""))


def quoted(kind: str, name: str) -> str:
    mark = MARKS[kind]
    return mark + name.replace(mark, mark * 2) + mark
