"""Columns that come from other tables of a site's database, put beside its users.

A query that says which range of users it is asked for is asked for each; any other one is asked once, and its rows are
kept until everybody is read. All of it is of the moment that the users are of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.wordpress.names import USER_ID
from reconciler.adapters.wordpress.ready_joins import READY, Joined, Kind, Placeholder, Way
from reconciler.adapters.wordpress.tables import literal

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from reconciler.adapters.wordpress.join_options import JoinOptions
    from reconciler.adapters.wordpress.tables import Tables

_NUMBER = r"^(0|[1-9][0-9]*)$"
_PLACEHOLDER = re.compile("|".join(re.escape(one) for one in Placeholder))
_SCALE = Decimal("1e-8")  # that of the totals of orders
_WHY = {
    "E413": "its query has two columns of one name",
    "E414": "a column that it reads is not there",
    "E433": "a table that it reads is not there",
    "E435": "the database cannot carry out its query: a table or a column is not there, or the query is wrong",
}
"""Code of an error of a query -> what is said of the join."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a query's placeholders stand for, and which tables there are."""

    prefix: str
    base_prefix: str
    now: datetime
    tables: Collection[str]


@dataclass(frozen=True, slots=True)
class _Query:
    join: str
    text: str
    columns: tuple[Joined, ...]
    ranged: bool

    @property
    def lists(self) -> bool:
        return self.columns[0].kind is Kind.LIST

    def shown(self, tables: Tables, wanted: Collection[str]) -> dict[str, str]:
        names = (column.name for column in self.columns if column.name in wanted)
        return {USER_ID: tables.number(f"j.{USER_ID}"), **{name: f"j.{_quoted(name)}" for name in names}}

    def rest(self, first: int, last: int) -> str:
        text = self.text.replace(Placeholder.FIRST, str(first)).replace(Placeholder.LAST, str(last))
        return f"FROM (\n{text}\n) j"


class JoinedColumns:
    """The joins of one source, whose tables are open."""

    def __init__(self, joins: Mapping[str, JoinOptions], site: Site, tables: Tables) -> None:
        """Raises SourceFailed E478 where one of them cannot be read."""
        self._tables = tables
        self._queries = [query for name, join in joins.items() for query in _queries(name, join, site, tables)]
        self._kept: dict[tuple[_Query, tuple[str, ...]], pa.RecordBatch] = {}
        for query in self._queries:
            self._rows(query, [column.name for column in query.columns], f"{query.rest(1, 1)} WHERE 1 = 0")

    def cells(self, users: pa.Array, wanted: Collection[str]) -> dict[str, pa.Array]:
        """The wanted ones of the joined columns. `users`: their numbers as text, ascending."""
        found: dict[str, pa.Array] = {}
        first, last = int(users[0].as_py()), int(users[-1].as_py())
        for query in self._queries:
            columns = [column for column in query.columns if column.name in wanted]
            if not columns:
                continue
            rows = self._of(query, tuple(column.name for column in columns), first, last)
            for column in columns:
                found[column.name] = _beside(users, query, column, rows)
        return found

    def _of(self, query: _Query, names: tuple[str, ...], first: int, last: int) -> pa.RecordBatch:
        if query.ranged:
            return self._rows(query, names, query.rest(first, last))
        if (query, names) not in self._kept:
            self._kept[query, names] = self._rows(query, names, query.rest(first, last))
        return self._kept[query, names]

    def _rows(self, query: _Query, names: Sequence[str], rest: str) -> pa.RecordBatch:
        import pyarrow.compute as pc

        try:
            rows = self._tables.read(query.shown(self._tables, names), rest)
        except SourceFailed as failed:
            raise _of_join(query.join, failed) from None
        rows = rows.filter(pc.is_valid(rows.column(USER_ID)))  # guests, and the totals of a GROUP BY
        if not pc.all(pc.match_substring_regex(rows.column(USER_ID), _NUMBER), min_count=0).as_py():
            raise _wrong(
                query.join, f"its `{USER_ID}` is not the number of a user", "let its query give a whole number"
            )
        return rows


def _queries(name: str, join: JoinOptions, site: Site, tables: Tables) -> Iterator[_Query]:
    given = {column.name: column for column in join.given(name)}
    asked = {join.query: tuple(given)} if join.query is not None else _way(name, site, tables).queries
    for text, names in asked.items():
        if columns := tuple(given[one] for one in names if one in given):
            ranged = Placeholder.FIRST in text or Placeholder.LAST in text
            yield _Query(name, _filled(text, site), columns, ranged)


def _filled(text: str, site: Site) -> str:
    """The query but for its range."""
    day = site.now.replace(hour=0, minute=0, second=0, microsecond=0)
    stands: dict[str, str] = {
        Placeholder.PREFIX: site.prefix,
        Placeholder.BASE_PREFIX: site.base_prefix,
        Placeholder.NOW: literal(f"{day:%Y-%m-%d %H:%M:%S}"),
    }
    return _PLACEHOLDER.sub(lambda found: stands.get(found[0], found[0]), text)


def _way(name: str, site: Site, tables: Tables) -> Way:
    """The first of the ways that the site has."""
    ways = READY[name].ways
    for way in ways:
        if not _missing(way, site) and (way.option is None or _option(way.option[0], site, tables) == way.option[1]):
            return way
    raise _wrong(name, f"there is no table `{_missing(ways[-1], site)[0]}`")


def _missing(way: Way, site: Site) -> list[str]:
    return [table for name in way.tables if (table := f"{site.prefix}{name}") not in site.tables]


def _option(name: str, site: Site, tables: Tables) -> str | None:
    rest = f"FROM `{site.prefix}options` o WHERE o.option_name = {literal(name)}"
    found: list[str | None] = tables.read({"value": "o.option_value"}, rest).column("value").to_pylist()
    return found[0] if found else None


def _of_join(join: str, failed: SourceFailed) -> SourceFailed:
    """The same error, which names the join."""
    if failed.code in _WHY:
        return _wrong(join, _WHY[failed.code])
    failed.detail = f"join `{join}`" + (f": {failed.detail}" if failed.detail else "")
    return failed


def _wrong(join: str, why: str, fix: str = "") -> SourceFailed:
    return SourceFailed("E478", f"join `{join}`: {why}", fix)


def _quoted(name: str) -> str:
    """As both databases take it."""
    return "`" + name.replace("`", "``") + "`"


def _beside(users: pa.Array, query: _Query, column: Joined, rows: pa.RecordBatch) -> pa.Array:
    """The column's value of each user."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = rows.filter(pc.is_in(rows.column(USER_ID), value_set=users))
    owners, values = rows.column(USER_ID), rows.column(column.name)
    if query.lists:
        owners, values = _listed(owners, values)
    elif pc.count_distinct(owners).as_py() != len(owners):
        raise _wrong(query.join, "it gives more than one row of a user", f"end its query with GROUP BY {USER_ID}")
    printed, otherwise = _PRINTED[column.kind]
    encoded = values.dictionary_encode()
    texts = pa.array([printed(text) for text in encoded.dictionary.to_pylist()], pa.string())
    found = texts.take(encoded.indices).take(pc.index_in(users, value_set=owners))
    return found if otherwise is None else found.fill_null(otherwise)


def _listed(owners: pa.Array, values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Each owner once, with the different values in order as a JSON list."""
    import orjson
    import pyarrow as pa

    found: dict[str, set[str]] = {}
    for owner, value in zip(owners.to_pylist(), values.to_pylist(), strict=True):
        if value is not None:
            found.setdefault(owner, set()).add(value)
    lists = [orjson.dumps(sorted(values)).decode() for values in found.values()]
    return pa.array(list(found), pa.string()), pa.array(lists, pa.string())


def _as_it_is(text: str | None) -> str | None:
    return text


def _sum(text: str | None) -> str | None:
    """A sum as both databases have it: MySQL's is exact and has all decimals of its type, SQLite's is a binary one."""
    try:
        number = Decimal(text or "").quantize(_SCALE)
    except InvalidOperation:
        return text
    return f"{number.normalize():f}" if number else "0"


def _moment(text: str | None) -> str | None:
    return None if text is None or text.startswith("0000") else f"{text.replace(' ', 'T')}Z"


def _seconds(text: str | None) -> str | None:
    from datetime import UTC, datetime

    if text is None or not text.isdecimal() or not int(text):
        return None
    return f"{datetime.fromtimestamp(int(text), UTC):%Y-%m-%dT%H:%M:%SZ}"


_PRINTED: Mapping[Kind, tuple[Callable[[str | None], str | None], str | None]] = {
    Kind.TEXT: (_as_it_is, None),
    Kind.COUNT: (_as_it_is, "0"),
    Kind.SUM: (_sum, "0"),
    Kind.MOMENT: (_moment, None),
    Kind.SECONDS: (_seconds, None),
    Kind.LIST: (_as_it_is, "[]"),
}
"""How each distinct text is printed, and what stands where a user has none."""
