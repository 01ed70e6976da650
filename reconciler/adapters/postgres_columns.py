"""The columns of people in PostgreSQL, and how the server prints each: what it depends on is set in the transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.adapters.databases import checked_names
from reconciler.adapters.postgres_connection import said

if TYPE_CHECKING:
    import psycopg

_SETTINGS = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "synchronize_seqscans": "off",  # else a scan may begin where another one is
}
_BOOL, _BPCHAR, MONEY, _RECORD = 16, 1042, 790, 2249  # types by their oid
_PRINTED = {_BOOL: "{}::text", _BPCHAR: "{}::text", MONEY: "{}::numeric"}
_BRACKET = "SELECT * FROM (\n"


@dataclass(frozen=True, slots=True)
class Column:
    """`oid`: of its type, that of a domain's base. `nested`: it is a list or a record, and printed as JSON."""

    name: str
    oid: int
    nested: bool = False

    def printed(self) -> str:
        """The value of the row `people` as it is printed."""
        shape = "to_json({})" if self.nested else _PRINTED.get(self.oid, "{}")
        return shape.format(f"people.{quoted(self.name)}")


def begin(connection: psycopg.Connection[Any], transaction: str) -> None:
    """A transaction in which values are printed in the one way."""
    connection.execute(transaction.encode())
    settings = ", ".join(["set_config(%s, %s, true)"] * len(_SETTINGS))
    connection.execute(f"SELECT {settings}".encode(), [word for pair in _SETTINGS.items() for word in pair])


def described(connection: psycopg.Connection[Any], rows: str, of_the_file: bool) -> dict[str, Column]:
    """The columns by name of a statement that selects, without a row; `of_the_file`: it stands there. A statement with
    a parameter goes by a protocol that takes no second one: what passes here is one wherever it is put in brackets."""
    with said(at=len(_BRACKET) if of_the_file else None), connection.cursor() as cursor:
        cursor.execute(f"{_BRACKET}{rows.replace('%', '%%')}\n) AS people LIMIT %s".encode(), (0,))
        found = [(column.name, column.type_code) for column in cursor.description or ()]
    checked_names([name for name, _ in found])
    oids = sorted({oid for _, oid in found})
    lists = connection.execute("SELECT oid FROM pg_type WHERE oid = ANY(%s) AND typcategory IN ('A', 'C')", (oids,))
    nested = {oid for (oid,) in lists} | {_RECORD}
    return {name: Column(name, oid, oid in nested) for name, oid in found}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
