"""Values go back into a site's tables: one transaction a batch, each user's rows locked before they are judged.

Of a meta key the row that is read is written, the first one; a user who has none gets one. WordPress does more when a
user changes than to write rows; what of it matters for an account is done here, too: an address that changes ends a
reset of the password that is under way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.adapters.wordpress.names import OF_USERS, REGISTERED, ROLES, USER_ID
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.sessions import mysql_session, sqlite_session
from reconciler.adapters.wordpress.written import (
    ADMINISTRATOR,
    EMAIL,
    cannot_write_column,
    clean,
    gives_rights,
    harmless,
)
from reconciler.adapters.writing_back import Cells, Found, NotTaken, grouped, is_text, written

Row = tuple[str | None, ...]


class Session(Protocol):
    """A transaction that writes. `?` stands for a value in a statement. Raises SourceFailed."""

    locked: str
    """What a SELECT ends with whose rows nobody else may change."""

    def text(self, expression: str) -> str:
        """The expression of a value as it is read."""

    def rows(self, statement: str, values: Sequence[str | int]) -> list[Row]: ...

    def change(self, statement: str, values: Sequence[str | int]) -> None:
        """Raises the client's own error; see `taken`."""

    def taken(self) -> AbstractContextManager[None]:
        """Changes that count together or not at all. Raises NotTaken for what is wrong with a value."""

    def mark(self) -> None:
        """What `undo` goes back to."""

    def undo(self) -> None: ...

    def commit(self) -> None: ...

    def tables(self) -> frozenset[str]: ...

    def check(self, table: str) -> None:
        """Raises SourceFailed if what is written there could not be undone."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is written into, as the file says it."""

    options: WordPressOptions
    base: Path

    def cannot_write(self) -> str:
        return ""

    def named(self, failed: SourceFailed) -> SourceFailed:
        tables = f"`{self.options.table_prefix}users` and `{self.options.table_prefix}usermeta`"
        if failed.code == "E460":
            failed.fix = f"let this user write {tables}: it needs INSERT and UPDATE beside SELECT"
        elif failed.code in ("E433", "E461"):
            failed.detail = ", ".join(part for part in (tables, failed.detail) if part)
            if "source.table`" in failed.fix:
                failed.fix = "let `source.table_prefix` be that of tables, not of views"
        return failed

    def write(self, person: str, edits: Sequence[Edit], same: Same, wait: float) -> Sequence[Wrote]:
        """`Writable.write`. `wait`: seconds for connecting, and for another's lock."""
        return written(self, lambda columns: self._opened(person, columns, wait), edits, same)

    @contextmanager
    def _opened(self, person: str, columns: Sequence[str], wait: float) -> Iterator[SiteRows]:
        if person in (ROLES, REGISTERED):
            raise SourceFailed("E461", f"people cannot be found by `{person}`", "let `identity.person` be `user_id`")
        for name in columns:
            if why := cannot_write_column(self.options, name):
                raise SourceFailed("E461", f"`{name}`: {why}", "let the file pull nothing into it")
        file = self.options.sqlite
        opening = sqlite_session(self.base / file, wait) if file else mysql_session(self.options.database, wait)
        with opening as session:
            yield SiteRows(session, self.options, person, columns)


@dataclass(slots=True)
class _User:
    """`meta`: key -> number of the row that counts, where there is one."""

    number: int
    cells: dict[str, str | None]
    meta: dict[str, int] = field(default_factory=dict)


class SiteRows:
    """`Rows` of a site's users: one for each person, whose cells lie in two tables."""

    def __init__(self, session: Session, options: WordPressOptions, person: str, columns: Sequence[str]) -> None:
        self._session, self._person, self._columns = session, person, list(columns)
        self._prefix = options.table_prefix
        self._users, self._meta = f"{self._prefix}users", f"{self._prefix}usermeta"
        there = session.tables()
        if missing := [table for table in (self._users, self._meta) if table not in there]:
            raise SourceFailed("E475", f"there is no table `{missing[0]}`")
        for table in (self._users, self._meta):
            session.check(table)
        self._site_admins = f"{self._prefix}sitemeta" if f"{self._prefix}sitemeta" in there else ""
        network = options.site > 1 or f"{self._prefix}blogs" in there
        self._capabilities = options.capabilities if network else ""
        self._found: Mapping[str, _User] = {}
        self._guarded: frozenset[int] = frozenset()

    @property
    def nulls(self) -> Mapping[str, bool]:
        """WordPress stores no null: what is emptied is an empty text."""
        return dict.fromkeys(self._columns, False)

    def lock(self, people: Sequence[str]) -> Found:
        users = self._looked_up(people)
        if EMAIL in self._columns:
            self._guarded = self._administrators([user.number for user in users])
        self._found = {user.cells[self._person] or "": user for user in users}
        self._session.mark()
        return self._by_person(people, users)

    def again(self, people: Sequence[str]) -> Found:
        return self._by_person(people, self._looked_up(people))

    def put(self, person: str, cells: Cells) -> None:
        user = self._found[person]
        changed = {name: text or "" for name, text in cells.items() if (text or "") != (user.cells[name] or "")}
        if not all(clean(name, text) for name, text in changed.items()):
            raise NotTaken
        with self._session.taken():
            if EMAIL in changed:
                self._check_address(user, changed[EMAIL])
            if own := {OF_USERS[name]: text for name, text in changed.items() if name in OF_USERS}:
                self._update(user, own)
            for key, text in changed.items():
                if key not in OF_USERS:
                    self._put_meta(user, key, text)

    def undo(self) -> None:
        self._session.undo()

    def commit(self) -> None:
        self._session.commit()

    def _check_address(self, user: _User, address: str) -> None:
        """Raises NotTaken where a change of the address would give an account away or make two of one address."""
        if not address or user.number in self._guarded:
            raise NotTaken
        taken = f"SELECT 1 FROM {self._users} u WHERE u.user_email = ? AND u.ID <> ? LIMIT 1{self._session.locked}"
        if self._session.rows(taken, [address, user.number]):
            raise NotTaken

    def _update(self, user: _User, cells: dict[str, str]) -> None:
        if OF_USERS[EMAIL] in cells:
            cells = {**cells, "user_activation_key": ""}
        sets = ", ".join(f"{column} = ?" for column in cells)
        self._session.change(f"UPDATE {self._users} SET {sets} WHERE ID = ?", [*cells.values(), user.number])

    def _put_meta(self, user: _User, key: str, text: str) -> None:
        if not harmless(text):
            raise NotTaken
        if key in user.meta:
            change = f"UPDATE {self._meta} SET meta_value = ? WHERE umeta_id = ?"
            self._session.change(change, [text, user.meta[key]])
        else:
            insert = f"INSERT INTO {self._meta} (user_id, meta_key, meta_value) VALUES (?, ?, ?)"
            self._session.change(insert, [user.number, key, text])

    def _by_person(self, people: Sequence[str], users: Sequence[_User]) -> Found:
        rows = [[user.cells[self._person], *(user.cells[name] for name in self._columns)] for user in users]
        return grouped(people, self._columns, rows)

    def _looked_up(self, people: Sequence[str]) -> list[_User]:
        """Everybody who may be one of these people, as they are last, with all cells; locked."""
        numbers = self._numbers([person for person in people if is_text(person)])
        if not numbers:
            return []
        named = list(dict.fromkeys([self._person, *self._columns]))
        own = [name for name in named if name in OF_USERS]
        shown = ", ".join(self._session.text(f"u.{OF_USERS[name]}") for name in (USER_ID, *own))
        members, values = "", list[str | int](numbers)
        if self._capabilities:
            members = f" AND EXISTS (SELECT 1 FROM {self._meta} m WHERE m.user_id = u.ID AND m.meta_key = ?)"
            values.append(self._capabilities)
        statement = f"SELECT {shown} FROM {self._users} u WHERE u.ID IN ({_marks(numbers)}){members}"
        found = self._session.rows(f"{statement}{self._session.locked}", values)
        users = {
            int(number or 0): _User(int(number or 0), dict(zip(own, cells, strict=True))) for number, *cells in found
        }
        self._read_meta(users, [name for name in named if name not in OF_USERS])
        return list(users.values())

    def _numbers(self, people: Sequence[str]) -> list[int]:
        if self._person == USER_ID:
            return [int(text) for text in people if text.isascii() and text.isdigit() and len(text) < 19]
        if not people:
            return []
        if self._person in OF_USERS:
            asked = f"SELECT {{}} FROM {self._users} u WHERE u.{OF_USERS[self._person]} IN ({_marks(people)})"
            values: list[str | int] = [*people]
        else:
            asked = f"SELECT {{}} FROM {self._meta} u WHERE u.meta_key = ? AND u.meta_value IN ({_marks(people)})"
            values = [self._person, *people]
        number = self._session.text("u.ID" if self._person in OF_USERS else "u.user_id")
        return sorted({int(found or 0) for (found,) in self._session.rows(asked.format(number), values)})

    def _read_meta(self, users: Mapping[int, _User], keys: Sequence[str]) -> None:
        """Of several rows of one key the first that is not null counts, as for whoever reads them."""
        for user in users.values():
            user.cells.update(dict.fromkeys(keys))
        if not keys or not users:
            return
        number, owner, key, value = map(self._session.text, ("m.umeta_id", "m.user_id", "m.meta_key", "m.meta_value"))
        statement = (
            f"SELECT {number}, {owner}, {key}, {value} FROM {self._meta} m "
            f"WHERE m.user_id IN ({_marks(users)}) AND m.meta_key IN ({_marks(keys)}){self._session.locked}"
        )
        rows: dict[tuple[int, str], list[tuple[bool, int, str | None]]] = defaultdict(list)
        for row, of, name, text in self._session.rows(statement, [*users, *keys]):
            rows[int(of or 0), name or ""].append((text is None, int(row or 0), text))
        for (owned, name), some in rows.items():
            if name in keys:  # a collation calls more names equal than are
                user = users[owned]
                _, user.meta[name], user.cells[name] = min(some, key=lambda one: one[:2])

    def _administrators(self, numbers: Sequence[int]) -> frozenset[int]:
        """Who of them is one on any site, or of the whole network."""
        if not numbers:
            return frozenset()
        owner, key, value = map(self._session.text, ("m.user_id", "m.meta_key", "m.meta_value"))
        statement = f"SELECT {owner}, {key}, {value} FROM {self._meta} m WHERE m.user_id IN ({_marks(numbers)}) "
        some = self._session.rows(f"{statement}AND m.meta_key LIKE '%capabilities'{self._session.locked}", numbers)
        found = {of for of, name, text in some if gives_rights(name or "") and ADMINISTRATOR in (text or "").lower()}
        return frozenset(int(number or 0) for number in found) | self._network_administrators(numbers)

    def _network_administrators(self, numbers: Sequence[int]) -> frozenset[int]:
        if not self._site_admins:
            return frozenset()
        value = self._session.text("s.meta_value")
        asked = f"SELECT {value} FROM {self._site_admins} s WHERE s.meta_key = 'site_admins'"
        lists = "".join(text or "" for (text,) in self._session.rows(asked, [])).lower()
        shown = ", ".join(map(self._session.text, ("u.ID", "u.user_login")))
        statement = f"SELECT {shown} FROM {self._users} u WHERE u.ID IN ({_marks(numbers)})"
        found = self._session.rows(statement, numbers)
        return frozenset(int(number or 0) for number, login in found if f'"{(login or "").lower()}"' in lists)


def _marks(values: Sequence[object] | Mapping[int, object]) -> str:
    return ", ".join("?" * len(values))
