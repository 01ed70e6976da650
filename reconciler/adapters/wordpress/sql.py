"""A site's users out of its database: ranges of users, and the meta rows of each range pivoted here.

One row of a person is many rows of meta data. The server is asked for them as they lie, by the index of `user_id`, and
PyArrow puts them beside each other: pivoting there costs the server more than everything else together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.adapters.databases import checked_names
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.opening import Opening
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.adapters.wordpress.join_options import joined, taken
from reconciler.adapters.wordpress.joins import JoinedColumns, Site
from reconciler.adapters.wordpress.names import COLUMNS, OF_USERS, OPENS, REGISTERED, ROLES, USER_ID, secret
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.pivot import Pivot, role_names
from reconciler.adapters.wordpress.ready_joins import ready_column
from reconciler.adapters.wordpress.tables import Tables, literal, opened
from reconciler.adapters.wordpress.written import cannot_write_column
from reconciler.adapters.writing_back import AT_ONCE, is_text

if TYPE_CHECKING:
    import pyarrow as pa

_USERS = 2_000  # in one range
WAIT = 10.0


class SqlSource:
    """A `Source` over the users of one site, which is `Writable`."""

    at_once = AT_ONCE

    def __init__(self, options: WordPressOptions, opening: Opening, users: int = _USERS, wait: float = WAIT) -> None:
        """`users`: in one range. `wait`: seconds that are waited for somebody else while values are written."""
        self._options, self._base, self._range, self._wait = options, opening.base, users, wait
        self._clock = opening.clock
        self._tables: Tables | None = None
        self._network = False
        self._keys: Sequence[str] = ()
        self._also: tuple[str, ...] = ()
        self._roles: frozenset[str] | None = None
        self._joins: JoinedColumns | None = None
        self._joined = joined(options.joins)

    def label(self) -> str:
        return self._users

    def columns(self) -> Sequence[str]:
        self._opened()
        return (*COLUMNS, *self._keys, *self._joined)

    def join_of(self, column: str) -> str:
        return self._joined.get(column, "")

    def also(self, names: Sequence[str]) -> Sequence[str]:
        tables, known = self._opened(), self.columns()
        more = [name for name in names if name not in known and _readable(name)]
        found = tuple(name for name in more if tables.has(self._meta, "meta_key", name))
        self._keys, self._also = (*self._keys, *found), (*self._also, *found)
        return found

    def why_missing(self, column: str) -> str:
        return OPENS if secret(column) else ready_column(column)

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        tables, wanted = self._opened(), list(columns)
        checked_names(list(self.columns()), wanted)
        after, rows = "0", 0
        try:
            while (users := self._next(tables, wanted, after)).num_rows:
                after = users.column(USER_ID)[-1].as_py()
                yield self._with_meta(tables, users, wanted)
                rows += users.num_rows
        except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
            self.close()
            raise
        if not rows:
            raise self._nobody()

    def close(self) -> None:
        tables, self._tables, self._joins = self._tables, None, None
        if tables is not None:
            tables.close()

    def cannot_write(self) -> str:
        return ""

    def cannot_write_column(self, name: str) -> str:
        return cannot_write_column(self._options, name)

    def written_how(self, columns: Sequence[str]) -> str:
        own = [self._users] if any(name in OF_USERS for name in columns) else []
        meta = [self._meta] if any(name not in OF_USERS for name in columns) else []
        return f"into {' and '.join([*own, *meta])} by SQL"

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        from reconciler.adapters.wordpress.sql_writing import Target

        return Target(self._options, self._base).write(person, edits, same, self._wait)

    @property
    def _users(self) -> str:
        return f"{self._options.table_prefix}users"

    @property
    def _meta(self) -> str:
        return f"{self._options.table_prefix}usermeta"

    def _opened(self) -> Tables:
        if self._tables is None:
            file = self._options.sqlite
            self._tables = opened(self._options.database, self._base / file if file else None)
            try:
                self._look_around(self._tables)
            except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
                self.close()
                raise
        return self._tables

    def _look_around(self, tables: Tables) -> None:
        there = frozenset(tables.tables(""))
        if self._users not in there:
            raise _no_site(self._users, sorted(there))
        if self._meta not in there:
            fix = "let this database user read it: it needs SELECT on both tables of users"
            raise SourceFailed("E475", f"`{self._users}` is there, and no `{self._meta}` that may be read", fix)
        self._network = self._options.site > 1 or f"{self._options.table_prefix}blogs" in there
        known = dict.fromkeys(COLUMNS)
        if f"{self._options.own_prefix}options" in there:
            self._roles = self._of_options(tables)
        keys = tables.distinct(self._meta, "meta_key")
        named = dict.fromkeys((*self._also, *self._options.repeated))
        also = [name for name in named if name not in keys and tables.has(self._meta, "meta_key", name)]
        self._keys = tuple(key for key in (*keys, *also) if key not in known and _readable(key))
        if missing := [key for key in self._options.repeated if key not in self._keys]:
            fix = "correct the key in `source.repeated`, or leave it out"
            raise SourceFailed("E414", f"no user has a meta key `{missing[0]}`", fix)
        if clashes := taken(self._options.joins, self._keys):
            raise clashes
        site = Site(self._options.own_prefix, self._options.table_prefix, self._clock.now(), there)
        self._joins = JoinedColumns(self._options.joins, site, tables)

    def _nobody(self) -> SourceFailed:
        if not self._network:
            return SourceFailed("E410", "the site has no user", "look at `source.url` and `source.table_prefix`")
        site, prefix = self._options.site, self._options.own_prefix
        fix = f"correct `source.site`: the tables of that site begin with `{prefix}`"
        return SourceFailed("E410", f"nobody is a member of site {site} of the network", fix)

    def _of_options(self, tables: Tables) -> frozenset[str] | None:
        """The roles that the site has: a capability may stand beside them in what somebody may do."""
        name = literal(f"{self._options.own_prefix}user_roles")
        found = tables.read(
            {"roles": "o.option_value"}, f"FROM {self._options.own_prefix}options o WHERE o.option_name = {name}"
        )
        return role_names(found.column("roles")[0].as_py() or "") if found.num_rows else None

    def _next(self, tables: Tables, wanted: Sequence[str], after: str) -> pa.RecordBatch:
        """The next range of users: their number, and what is wanted of their own row, by ascending number."""
        import pyarrow as pa
        import pyarrow.compute as pc

        shown = {USER_ID: tables.number("u.ID")}
        shown |= {name: f"u.{column}" for name, column in OF_USERS.items() if name in wanted and name not in shown}
        if REGISTERED in wanted:
            shown[REGISTERED] = tables.instant("u.user_registered")
        members = ""
        if self._network:
            key = literal(self._options.capabilities)
            members = f" AND EXISTS (SELECT 1 FROM {self._meta} m WHERE m.user_id = u.ID AND m.meta_key = {key})"
        rows = f"SELECT * FROM {self._users} u WHERE u.ID > {int(after)}{members} ORDER BY u.ID LIMIT {self._range}"
        users = tables.read(shown, f"FROM ({rows}) u")
        numbers = users.column(USER_ID).cast(pa.uint64())
        return users.take(pc.sort_indices(numbers))

    def _with_meta(self, tables: Tables, users: pa.RecordBatch, wanted: Sequence[str]) -> pa.RecordBatch:
        import pyarrow as pa

        others = (*OF_USERS, *self._joined)
        named = {name: self._options.capabilities if name == ROLES else name for name in wanted if name not in others}
        pivot = Pivot(users.column(USER_ID), frozenset(self._options.repeated))
        if named:
            self._fill(tables, pivot, sorted(set(named.values())))
        cells = {name: pivot.column(key) for name, key in named.items()}
        if ROLES in cells:
            cells[ROLES] = pivot.roles(self._options.capabilities, self._roles)
        cells |= {name: users.column(name) for name in wanted if name in OF_USERS}
        cells |= self._joins.cells(users.column(USER_ID), wanted) if self._joins else {}
        return pa.RecordBatch.from_arrays([cells[name] for name in wanted], names=list(wanted))

    def _fill(self, tables: Tables, pivot: Pivot, keys: Sequence[str]) -> None:
        """Order does not count unless somebody has a key twice; the rows are asked for once more then."""
        chosen = f"m.user_id BETWEEN {pivot.first} AND {pivot.last} AND m.meta_key IN ({', '.join(map(literal, keys))})"
        rest = f"FROM {self._meta} m WHERE {chosen} AND m.meta_value IS NOT NULL"
        shown = {USER_ID: tables.number("m.user_id"), "key": "m.meta_key", "value": "m.meta_value"}
        if pivot.repeats(keys) or not pivot.take(tables.read(shown, rest), keys):
            pivot.take(tables.read({**shown, "row": tables.number("m.umeta_id")}, rest), keys)


def _readable(key: str) -> bool:
    """Whether a meta key may be a column. One with a backslash has no form that all databases take, see `literal`."""
    return bool(key.strip()) and is_text(key) and "\\" not in key and "\0" not in key and not secret(key)


def _no_site(users: str, there: Sequence[str]) -> SourceFailed:
    prefixes = [name.removesuffix("usermeta") for name in there if name.endswith("usermeta")]
    found = [f"`{prefix}`" for prefix in prefixes if f"{prefix}users" in there]
    way_out = f"write `table_prefix: {found[0].strip('`')}`" if len(found) == 1 else ""
    named = f"; there are sites with the prefixes {', '.join(found)}" if len(found) > 1 else ""
    return SourceFailed("E475", f"there is no table `{users}`{named}", way_out)
