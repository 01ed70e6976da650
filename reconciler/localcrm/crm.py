"""The embedded CRM as one object: every call is counted, may misbehave on purpose, and is one transaction."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.localcrm import contacts as cards
from reconciler.localcrm import converting, inventory, merging
from reconciler.localcrm.contacts import Record, Result, Writer
from reconciler.localcrm.errors import Refused
from reconciler.localcrm.file import CrmFile, mark, microseconds
from reconciler.localcrm.limits import Limits
from reconciler.localcrm.objects import CONTACT, LEAD, OBJECTS, id_of, row_of
from reconciler.localcrm.quirks import Mischief, Quirks
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption, CrmTag

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.localcrm.seed import SeedRow


def _account_id() -> str:
    return secrets.token_hex(4)


class LocalCrm:
    """A CRM in the SQLite file at `path`, made by the first write. `token()` gives the id of a new account.

    Values are JSON on the way in and wire text on the way out. Every call may raise `TooManyCalls` or `Down`, every
    write `AnswerLost`, and all of them `Unusable`. Threads may share it.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        limits: Limits | None = None,
        quirks: Quirks | None = None,
        token: Callable[[], str] = _account_id,
        object: str = CONTACT.name,
    ) -> None:
        """`object`: whose records this is about; see `of`."""
        self.limits = limits or Limits()
        self._clock = clock
        self._file = CrmFile(path, clock, token)
        self._mischief = Mischief(quirks or Quirks())
        self._object = OBJECTS[object]

    def of(self, object: str) -> LocalCrm:
        """The same CRM, for another object: "contact" or "lead". Calls of both are counted together."""
        other = copy(self)
        other._object = OBJECTS[object]
        return other

    def account(self) -> str:
        """The account's id; "" while there is no file."""
        with self._read() as connection:
            return str(connection.execute("SELECT id FROM account").fetchone()[0])

    def fields(self) -> tuple[CrmField, ...]:
        with self._read() as connection:
            return inventory.fields(connection, self._object)

    def add_field(self, field: CrmField) -> CrmField:
        """Raises Taken, Refused."""
        with self._write() as connection:
            return inventory.add_field(connection, field, self.limits, self._object)

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        """Change what is given; `options` is the whole list. Raises Missing, Refused."""
        with self._write() as connection:
            change = partial(inventory.update_field, label=label, group=group, options=options, limits=self.limits)
            change(connection, key, object=self._object)

    def rename_field(self, key: str, new_key: str) -> None:
        """Raises Missing, Taken, Refused."""
        with self._write() as connection:
            inventory.rename_field(connection, key, new_key, self._object)

    def delete_field(self, key: str) -> None:
        """Its values go with it. Raises Missing, Refused."""
        with self._write() as connection:
            inventory.delete_field(connection, key, microseconds(self._clock), self._object)

    def tags(self) -> tuple[CrmTag, ...]:
        with self._read() as connection:
            return inventory.tags(connection)

    def add_tag(self, name: str) -> CrmTag:
        """Raises Taken, Refused."""
        with self._write() as connection:
            return inventory.add_tag(connection, name, self.limits)

    def rename_tag(self, key: str, name: str) -> CrmTag:
        """Raises Missing, Taken, Refused."""
        with self._write() as connection:
            return inventory.rename_tag(connection, key, name, self.limits)

    def delete_tag(self, key: str) -> None:
        """Its taggings go with it. Raises Missing."""
        with self._write() as connection:
            inventory.delete_tag(connection, key, microseconds(self._clock))

    def find(self, email: str) -> str | None:
        """The contact with that address, in any case."""
        with self._read() as connection:
            return cards.find(connection, email, self._object)

    def add(self, items: Sequence[Record], statuses: Sequence[str | None] = ()) -> list[Result]:
        """Create contacts; `statuses` goes with the items, and without one nobody is subscribed."""
        self._check_batch(items)
        asked = [*statuses, *([None] * (len(items) - len(statuses)))]
        with self._writer() as writer:
            return cards.each(items, lambda n: writer.add(items[n], asked[n]))

    def update(self, items: Sequence[tuple[str, Record]]) -> list[Result]:
        self._check_batch(items)
        with self._writer() as writer:
            return cards.each(items, lambda n: writer.update(*items[n]))

    def load(self, ids: Sequence[str], keys: Sequence[str]) -> dict[str, list[str | None]]:
        """Id -> wire texts of those fields, of the contacts that are there. Raises Missing for a field."""
        self._check_batch(ids)
        with self._read() as connection:
            return cards.load(connection, ids, keys, self._object)

    def tags_of(self, contact: str) -> list[str]:
        """Raises Missing."""
        with self._read() as connection:
            return cards.tags_of(connection, contact, self._object)

    def status_of(self, contact: str) -> str:
        """Raises Missing."""
        with self._read() as connection:
            id = cards.known(connection, contact, self._object)
            return str(connection.execute("SELECT status FROM contacts WHERE id = ?", (id,)).fetchone()[0])

    def tag(self, tags: Sequence[str], ids: Sequence[str], *, on: bool) -> list[Result]:
        """Apply tags to contacts, or take them away (`on=False`). Raises Missing for a tag."""
        self._check_batch(ids)
        with self._write() as connection:
            numbers = [inventory.tag_id(connection, tag) for tag in tags]
            return Writer(connection, {}, self._mischief, microseconds(self._clock), self._object).tag(
                ids, numbers, on=on
            )

    def carriers(self, tag: str) -> Iterator[str]:
        """Ids of the contacts that carry the tag. Raises Missing."""
        with self._read() as connection:
            inventory.tag_id(connection, tag)
        return self._carriers(tag)

    def pages(self, keys: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """All contacts as of one moment, or those changed since (that moment included); see `localcrm.pages`.

        Raises Missing for a field, before the first page.
        """
        with self._read() as connection:
            inventory.column_names(connection, keys, self._object)
        return self._pages(keys, None if since is None else round(since.timestamp() * 1_000_000))

    def delete_contact(self, contact: str) -> None:
        """What somebody else may do at any time; nothing of this program does. Raises Missing."""
        with self._write() as connection:
            cards.delete(connection, cards.known(connection, contact, self._object))

    def merge(self, kept: str, lost: str) -> None:
        """What somebody else may do at any time; nothing of this program does: one contact of two. Raises Missing."""
        with self._write() as connection:
            first, second = (cards.known(connection, id, self._object) for id in (kept, lost))
            if first != second:
                merging.merge(connection, first, second, microseconds(self._clock))

    def convert(self, lead: str, keys: Mapping[str, str] | None = None, told: bool = True) -> str:
        """What somebody else may do at any time; nothing of this program does: the id of the contact that a lead
        becomes. See `localcrm.converting`. Raises Missing."""
        with self._write() as connection:
            id = cards.known(connection, lead, LEAD)
            return id_of(converting.convert(connection, id, keys or {}, told, microseconds(self._clock)))

    def former(self, contacts: Sequence[str]) -> dict[str, list[str]]:
        """Of these contacts, ids of those that were merged into them; not counted as a call."""
        with self._file.reading() as connection:
            found = merging.former_of(connection, [row for id in contacts if (row := row_of(id)) is not None])
        return {id_of(contact): ids for contact, ids in found.items()}

    def seed(
        self,
        fields: Sequence[CrmField] = (),
        tags: Sequence[str] = (),
        contacts: Iterable[pa.RecordBatch | SeedRow] = (),
    ) -> None:
        """Fill it without asking its rules and without counting a call; see `localcrm.seed`. All of it or nothing."""
        from reconciler.localcrm.seed import as_batches, insert_contacts

        with self._file.writing() as connection:
            if self._object is LEAD:
                mark(connection)
            for field in fields:
                inventory.add_field(connection, field, self.limits, self._object)
            for tag in tags:
                inventory.add_tag(connection, tag, self.limits)
            try:
                insert_contacts(connection, as_batches(contacts), microseconds(self._clock), self._object)
            except sqlite3.IntegrityError:
                raise Refused("two contacts have the same e-mail address", cards.EMAIL) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Whatever is called meanwhile is one transaction: all of it, or nothing if the body raises. For an emulator,
        which keeps tables of its own beside; not counted as a call, and nothing is rewritten by what is done to the
        connection itself."""
        with self._file.writing() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[sqlite3.Connection]:
        """The same for reading, and without a transaction."""
        with self._file.reading() as connection:
            yield connection

    def close(self) -> None:
        self._file.close()

    def _carriers(self, tag: str) -> Iterator[str]:
        with self._file.snapshot() as connection:
            yield from cards.carriers(connection, tag, self.limits.page, self._object)

    def _pages(self, keys: Sequence[str], since: int | None) -> Iterator[pa.RecordBatch]:
        from reconciler.localcrm.pages import pages

        with self._file.snapshot() as connection:
            yield from pages(connection, keys, since, self.limits.page, self._object)

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        self._mischief.before_call()
        with self._file.reading() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        self._mischief.before_call()
        with self._file.writing() as connection:
            if self._object is LEAD:
                mark(connection)
            yield connection
        self._mischief.after_write()

    @contextmanager
    def _writer(self) -> Iterator[Writer]:
        with self._write() as connection:
            columns = inventory.columns(connection, self.limits, self._object)
            moment = microseconds(self._clock)
            yield Writer(connection, columns, self._mischief, moment, self._object, self.limits.addressless)

    def _check_batch(self, items: Sequence[object]) -> None:
        if len(items) > self.limits.batch:
            raise Refused(f"one call takes at most {self.limits.batch} items")
