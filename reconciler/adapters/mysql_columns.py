"""The columns of people in MySQL, and how the server prints each: what it depends on is set in the session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.adapters.blocks import QUOTE
from reconciler.adapters.databases import checked_names

_CHANGING = frozenset({"PAD_CHAR_TO_FULL_LENGTH", "EMPTY_STRING_IS_NULL", "ORACLE"})
"""Modes of a session that change what a value or an empty text is."""

_UTC = "SET SESSION time_zone = '+00:00'"
TIMESTAMP, BIT, GEOMETRY = 7, 16, 255  # types by their number
_JSON = 245
NUMBERS = frozenset({0, 1, 2, 3, 8, 9, 13, BIT, 246})  # exact ones
INEXACT = frozenset({4, 5, _JSON, GEOMETRY})  # what is printed of them need not be equal to them
_TEXTS = frozenset({15, 247, 248, 249, 250, 251, 252, 253, 254})
_BINARY = 63  # the number of the character set that is none
SNAPSHOT = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION net_write_timeout = 600",  # it waits while a batch is worked on
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
"""What makes all that is read one moment's."""
_CELL = f"IF({{0}} IS NULL, '', CONCAT('{QUOTE}', REPLACE({{1}}, '{QUOTE}', '{QUOTE}{QUOTE}'), '{QUOTE}'))"
_PRINTED = {
    TIMESTAMP: "CONCAT({0}, 'Z')",
    BIT: "CAST({0} + 0 AS CHAR)",
    _JSON: "CAST({0} AS CHAR CHARACTER SET utf8mb4)",
    GEOMETRY: "ST_AsText({0})",
}


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: the number of its type. `binary`: its texts are bytes."""

    name: str
    kind: int
    binary: bool

    def value(self) -> str:
        """The value of the row `people`."""
        return f"people.{quoted(self.name)}"

    def printed(self) -> str:
        """The same as it is printed; null stays null."""
        if self.kind in _TEXTS:
            return self.value() if self.binary else f"CONVERT({self.value()} USING utf8mb4)"
        return _PRINTED.get(self.kind, "CAST({0} AS CHAR)").format(self.value())


def begin(cursor: Any, settings: Sequence[str]) -> None:
    """A session in which values are printed in the one way, then those settings."""
    cursor.execute("SELECT @@SESSION.sql_mode")
    modes = cursor.fetchone()[0].decode().split(",")
    cursor.execute("SET SESSION sql_mode = %s", (",".join(mode for mode in modes if mode not in _CHANGING),))
    for setting in (_UTC, *settings):
        cursor.execute(setting)


def described(cursor: Any, rows: str) -> dict[str, Column]:
    """The columns by name of what stands behind `FROM`, without a row."""
    cursor.execute(f"SELECT * FROM {rows} LIMIT 0")
    fields = cursor._result.fields  # the client gives a column's character set nowhere else
    checked_names([field.name for field in fields])
    return {field.name: Column(field.name, field.type_code, field.charsetnr == _BINARY) for field in fields}


def line_of(cells: Iterable[tuple[str, str]]) -> str:
    """A row as one line for `blocks`. `cells`: each value, and the same as it is printed."""
    line = ", ',', ".join(_CELL.format(value, printed) for value, printed in cells)
    return f"CONCAT({line}, '\n')"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
