"""Carrying out a plan's changes of people: creations and updates in full batches, then their taggings, read back.

A person's row is settled when its record and all its taggings have an outcome, good or bad. Nothing is kept longer than
until its batch is full, so memory does not grow with the number of people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import partial

from reconciler.adapters.crm import WireRecord
from reconciler.adapters.errors import AdapterError, NotFound
from reconciler.model.addresses import value_digest
from reconciler.model.capabilities import Call
from reconciler.model.desired import Desired
from reconciler.model.plan import Plan
from reconciler.runtime.addresses import Addresses
from reconciler.runtime.applying import Applying, Halted, Why
from reconciler.runtime.inventory import InventoryWriter
from reconciler.runtime.lookagain import LookAgain
from reconciler.runtime.readback import ReadBack
from reconciler.runtime.records import Records, Way
from reconciler.runtime.rows import NOTHING_SEEN, Row, Settling
from reconciler.runtime.taggings import Taggings
from reconciler.runtime.writer import DOWN, Fate, Item
from reconciler.tables.remembered import Move, move


class PeopleWriter:
    """Writes the people of one plan. `rows` says afterwards how far it came."""

    def __init__(
        self,
        applying: Applying,
        plan: Plan,
        desired: Desired,
        inventory: InventoryWriter,
        open: frozenset[bytes],
        left: Set[bytes],
    ) -> None:
        """`open`: people for whom an earlier run began a creation whose outcome is not known. `left`: people who are
        not touched, because their row in the source could not be written."""
        self._applying, self._plan, self._desired, self._inventory = applying, plan, desired, inventory
        self._open, self._left = open, left
        self._two_way = frozenset(key for key, entry in desired.fields.items() if entry.pull)
        self._on_create = frozenset(tag.name for tag in desired.tags.values() if tag.on_create)
        self._ways: Mapping[str, Way] = {}
        self._key = applying.state.key
        self._on_the_way = applying.on_the_way
        self._creates: list[Row] = []
        self._updates: list[Row] = []
        self._read_back = ReadBack(applying, plan, desired)
        self._look_again: LookAgain | None = None
        self._addresses = Addresses(desired)
        self.rows = Settling()
        self._taggings = Taggings(applying, inventory, self._read_back, self.rows)

    def write(self) -> None:
        """Everybody, to the end of the plan. Raises Halted, in good order, when it has to stop before. Whatever ends
        it, calls that are on the way end first, and what they did is written down."""
        try:
            self._write()
        except Exception as error:
            self._on_the_way.end(error)
            raise

    def _write(self) -> None:
        records = Records(self._applying, self._plan, self._desired, self._inventory)
        self._ways = records.ways
        if self._plan.scope == "incremental" or self._plan.undoes:
            live = {key: way.live for key, way in self._ways.items()}
            self._look_again = LookAgain(self._applying, self._read_back, self._addresses, live)
        for row in records.rows(befores=self._look_again is not None):
            if row.digest in self._left:
                self.rows.settled += 1
                continue
            if not self._in_turn(row):
                continue
            records.prepare(row)
            if not row.parts:
                self.rows.settle(row, 0)
            if row.create and row.digest in self._open:
                self._look_first(row)
            elif row.create:
                self._add(self._creates, row, Call.ADD_CONTACTS)
            elif row.values:
                self._add(self._updates, row, Call.UPDATE_CONTACTS)
            else:
                self._tag(row)
        self._flush_all()
        self._taggings.flush()
        self._on_the_way.land()
        self._read_back.flush()
        self._on_the_way.land()

    def _flush_all(self) -> None:
        """All contacts that are waiting, to the end."""
        self._flush(Call.ADD_CONTACTS)
        self._flush(Call.UPDATE_CONTACTS)
        self._on_the_way.land()

    def _in_turn(self, row: Row) -> bool:
        """Whether the row is to be written: of who takes an address that is not free, as its holder could not be
        written, only the rest is, and of somebody new nothing. Rows of one rank end before those of the next begin."""
        if row.rank != self._addresses.rank:
            self._flush_all()
            self._addresses.go_on(row.rank)
        if self._addresses.may_take(row):
            return True
        row.short = True
        if row.create:
            self.rows.settle(row, 1)
            return False
        self._addresses.drop(row)
        return True

    def finish_reading(self) -> None:
        """Read back what was written before a stop that leaves calls for it."""
        self._read_back.flush()
        self._on_the_way.land()

    def _add(self, rows: list[Row], row: Row, kind: Call) -> None:
        """Buffer the row; write the batch when the next row would not fit into it any more."""
        limit = self._applying.gateway.max_bytes(kind)
        if rows and limit is not None and sum(r.bytes for r in rows) + row.bytes > limit:
            self._flush(kind)
        rows.append(row)
        if len(rows) >= self._applying.gateway.batch(kind):
            self._flush(kind)

    def _flush(self, kind: Call) -> None:
        rows = self._creates if kind is Call.ADD_CONTACTS else self._updates
        if not rows:
            return
        again = None if kind is Call.ADD_CONTACTS else self._look_again
        self._applying.before_call(self._read_back.calls_after(len(rows)) + (again is not None), kind)
        batch = rows[:]
        rows.clear()
        if again is None:
            self._send(kind, batch)
        else:
            self._on_the_way.send(partial(again.load, batch), partial(self._looked, again, batch))

    def _looked(self, again: LookAgain, batch: list[Row], loaded: Sequence[WireRecord]) -> None:
        """Contacts of a batch as they are now: what is still to be written is. Of the others only the tags are left."""
        wanted = again.still_wanted(batch, loaded)
        for row in batch:
            if not row.values:
                self.rows.settle(row, 1)
                self._tag(row)
        if wanted:
            self._send(Call.UPDATE_CONTACTS, wanted)

    def _send(self, kind: Call, batch: list[Row]) -> None:
        """One call, its intent on the disk before it goes."""
        applying, create = self._applying, kind is Call.ADD_CONTACTS
        alone = frozenset(row.contact for row in batch if row.contact)
        self._on_the_way.make_room(alone)
        begun = ([row.digest for row in batch], [row.email for row in batch]) if create else ()
        seq = applying.intent(kind, len(batch), *begun)
        if not create and (flights := list(self._flights(batch))):
            applying.state.add_moves(move(flights))
        if owed := [(row.digest, tag) for row in batch if create for tag in row.owed]:
            applying.state.owe(owed)
        applying.writes.sending(batch, create)
        items = [row.item for row in batch]
        write = applying.writer.create if create else applying.writer.update
        self._on_the_way.send(partial(write, items), partial(self._ended, kind, seq, batch), alone)

    def _ended(self, kind: Call, seq: int, batch: list[Row], fates: list[Fate]) -> None:
        """The call came to its end: what it did is remembered, and then what follows from it is done."""
        applying, create = self._applying, kind is Call.ADD_CONTACTS
        moved = [
            (row.digest, fate.contact)
            for row, fate in zip(batch, fates, strict=True)
            if fate.contact and fate.contact != row.contact
        ]
        if moved:
            applying.state.add_created(moved)
        failed = sum(fate.error is not None for fate in fates)
        lost = [row.digest for row, fate in zip(batch, fates, strict=True) if create and fate.uncertain]
        applying.outcome(seq, len(batch) - failed, failed, lost)
        applying.writes.sent(batch, fates, create, lambda key: self._ways[key].overwrites)
        self._after(batch, fates)

    def _flights(self, batch: list[Row]) -> Iterator[Move]:
        """Two-way values that are about to be sent: until they are read back nobody knows what the CRM holds."""
        for row in batch:
            for key in self._two_way.intersection(row.values):
                yield row.digest, key, value_digest(self._key, row.values[key]), None

    def _look_first(self, row: Row) -> None:
        """A creation that an earlier run may have made: look before repeating it."""
        try:
            contact = self._applying.gateway.look_up(row.email) if row.email else None
        except DOWN as error:
            raise Halted(Why.DOWN, error) from None
        if contact is None:
            self._add(self._creates, row, Call.ADD_CONTACTS)
            return
        self._applying.state.owe((row.digest, tag) for tag in row.owed)
        self._applying.state.add_created([(row.digest, contact)])
        self._applying.written.recovered += 1
        row.contact = contact
        row.create = row.made = False
        row.before = None
        row.was = NOTHING_SEEN
        row.item = Item(row.item.record, row.email, contact)
        self._add(self._updates, row, Call.UPDATE_CONTACTS)

    def _after(self, batch: list[Row], fates: list[Fate]) -> None:
        """Each row is counted, also behind one with which the apply stopped."""
        down: AdapterError | None = None
        for row, fate in zip(batch, fates, strict=True):
            if isinstance(fate.error, DOWN):
                down = fate.error
                continue
            down = down or fate.down
            try:
                self._written(row, fate)
            except (Halted, AdapterError) as error:
                self._on_the_way.stop(error)
        self._applying.progress.advance(len(batch))
        if down is not None:
            self._on_the_way.stop(Halted(Why.DOWN, down))
        self._on_the_way.check()

    def _written(self, row: Row, fate: Fate) -> None:
        applying = self._applying
        if fate.reached:
            self._read_back.doubt(fate.reached)
        if fate.error is not None:
            applying.refuse(fate.error)
            if row.create and not fate.uncertain:
                self._pay(row)
            if row.create or isinstance(fate.error, NotFound):
                self.rows.settle(row, row.parts)  # without a contact there is nothing to tag
                return
            self.rows.settle(row, 1)
            self._tag(row)
            return
        written = applying.written
        self._addresses.written(row)
        row.contact = fate.contact
        values = row.values
        if fate.foreign:
            values = {key: after for key, after in values.items() if self._ways[key].overwrites}
            self._drop_tags_of_new_contacts(row)
        if row.create and not fate.recovered:
            written.created += 1
        else:
            written.updated += bool(values)
        written.recovered += fate.recovered
        written.values += len(values)
        sent = {self._ways[k].live: (k, after) for k, after in values.items()}
        self.rows.settle(row, 1)
        self._read_back.add(row, sent)
        self._tag(row)

    def _drop_tags_of_new_contacts(self, row: Row) -> None:
        """The contact was there already: what only contacts made by us get is not for it."""
        kept = [(name, action) for name, action in row.tags if name not in self._on_create]
        self._pay(row)
        self.rows.settle(row, len(row.tags) - len(kept))
        row.tags = kept

    def _pay(self, row: Row) -> None:
        if row.owed:
            self._applying.state.paid([(row.digest, tag) for tag in row.owed])

    def _tag(self, row: Row) -> None:
        for name, action in row.tags:
            self._taggings.add(name, action, row.contact or "", row)
