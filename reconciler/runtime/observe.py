"""Observing: what planning is given beside the file. Readers are lazy and go through the gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reconciler.adapters.crm import FORMER, ID, TAGS
from reconciler.adapters.errors import NotFound
from reconciler.adapters.source import NamesItsWay, Source
from reconciler.model.addresses import person_digest
from reconciler.model.desired import Desired
from reconciler.model.inventory import Account, Inventory
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Level
from reconciler.planning.bindings import Binding
from reconciler.planning.conversion import Columns, ours_lane
from reconciler.planning.observed import Observed, Remembered
from reconciler.runtime.contacts import ContactsRead
from reconciler.runtime.doors import columns_of, source_problems, why_missing
from reconciler.runtime.failures import doors_said
from reconciler.runtime.gateway import Gateway
from reconciler.tables.lanes import Lane
from reconciler.tables.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to look at, and at which clock. `persons` empty: everybody. `workdir`: for what is read of changes."""

    persons: frozenset[str]
    now: datetime
    workdir: Path | None = None


Reading = Callable[[Inventory], ContactsRead]


def observe(
    desired: Desired,
    source: Source,
    gateway: Gateway,
    account: Account,
    remembered: Remembered,
    wanted: Wanted,
    reading: Reading | None = None,
) -> Observed:
    """The observed state. `reading`: how all contacts are read, where something is kept of them; single persons are
    looked up. Raises Failure when the source lacks a column that the file names."""
    columns = checked_columns(desired, source)
    inventory = gateway.inventory()
    read = reading(inventory) if reading and not wanted.persons else None
    contacts = read.pages if read else gateway.contacts
    if wanted.persons and desired.identity.store is None:
        contacts = _FewContacts(desired, source, gateway, remembered, wanted, columns).page

    def snapshot(keys: Sequence[str]) -> Snapshot | None:
        with doors_said(desired.crm.where):
            return read.snapshot(keys, wanted.workdir) if read and wanted.workdir else None

    return Observed(
        account=account,
        capabilities=gateway.capabilities,
        inventory=inventory,
        people=_people(source, desired),
        contacts=_said(contacts, desired),
        remembered=remembered,
        reads=gateway.calls.reads,
        source_label=source.label(),
        written_how=_written_how(desired, source),
        columns=columns,
        objects=gateway.objects,
        snapshot=snapshot,
        incremental=lambda: read is not None and read.incremental,
    )


def _written_how(desired: Desired, source: Source) -> str:
    pulled = [entry.column or "" for entry in desired.fields.values() if entry.pull]
    return source.written_how(pulled) if pulled and isinstance(source, NamesItsWay) else ""


def checked_columns(desired: Desired, source: Source) -> tuple[str, ...]:
    """The source's columns. Raises Failure with every column that the file names and the source has not."""
    from reconciler.config import check_columns

    with doors_said(desired.source.where):
        columns = columns_of(desired, source)
    found = (*source_problems(desired, source), *check_columns(desired, columns, why_missing(source)))
    problems = [p for p in found if p.level is Level.ERROR]
    if problems:
        raise Failure(problems)
    return columns


def _people(source: Source, desired: Desired) -> Callable[[Sequence[str]], Iterator[pa.RecordBatch]]:
    def people(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows, also for single persons: row numbers and people who share something with them stay right."""
        rows = 0
        with doors_said(desired.source.where):
            for batch in source.read(columns):
                rows += batch.num_rows
                yield batch
        if not rows:
            raise Failure(problem("E410", source.label(), desired.source.where))

    return people


def _said(
    contacts: Callable[[Sequence[str]], Iterator[pa.RecordBatch]], desired: Desired
) -> Callable[[Sequence[str]], Iterator[pa.RecordBatch]]:
    def pages(keys: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with doors_said(desired.crm.where):
            yield from contacts(keys)

    return pages


@dataclass(frozen=True, slots=True)
class _FewContacts:
    """The contacts of single persons: those that a column names, those they are linked to, and those that have their
    e-mail, or had to have it when they were to be created. Who else holds their ids only all contacts tell."""

    desired: Desired
    source: Source
    gateway: Gateway
    remembered: Remembered
    wanted: Wanted
    columns: tuple[str, ...]

    def page(self, keys: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All of them as one page."""
        emails, named = self._signs()
        digests = {person_digest(self.remembered.key, person) for person in self.wanted.persons}
        emails |= {address for digest, address in self.remembered.begun if digest in digests}
        found = dict.fromkeys([*named, *self._linked(digests)])
        for email in sorted(emails):
            if (contact := self.gateway.look_up(email)) is not None:
                found[contact] = None
        loaded = self.gateway.load(tuple(found), keys) if found else []
        records = {record[ID]: record for record in loaded}.values()  # a former id and its survivor's are one contact
        rows: list[dict[str, Any]] = []
        for record in records:
            try:
                tags = list(dict.fromkeys(self.gateway.tags_of(record[ID] or "")))
            except NotFound:
                continue  # deleted between the two calls
            former = json.loads(record.get(FORMER) or "[]")
            rows.append({ID: record[ID], TAGS: tags, FORMER: former, **{key: record.get(key) for key in keys}})
        lists = [pa.field(name, pa.list_(pa.string())) for name in (TAGS, FORMER)]
        schema = pa.schema([pa.field(ID, pa.string()), *lists, *(pa.field(key, pa.string()) for key in keys)])
        yield pa.RecordBatch.from_pylist(rows, schema=schema)

    def _linked(self, digests: set[bytes]) -> list[str]:
        created = {digest: contact for digest, contact in self.remembered.created if digest in digests}
        older = _links(self.remembered, digests - set(created))
        return [*created.values(), *older]

    def _signs(self) -> tuple[set[str], list[str]]:
        """The canonical e-mails of the persons, as planning reads them, and the contacts that a column names."""
        person, link = self.desired.identity.person, self.desired.identity.link
        lane = self._match_lane()
        emails: set[str] = set()
        named: dict[str, None] = {}
        columns = [person, *lane.inputs, *([link] if link is not None else [])]
        with doors_said(self.desired.source.where):
            for batch in self.source.read(tuple(dict.fromkeys(columns))):
                asked = batch.filter(pc.is_in(batch.column(person), pa.array(sorted(self.wanted.persons), pa.string())))
                if asked.num_rows:
                    emails |= {e for e in lane.run(asked).to_pylist() if e and "@" in e}
                    ids = asked.column(link).to_pylist() if link is not None else []
                    named |= dict.fromkeys(found for id in ids if id and (found := id.strip()))
        return emails, list(named)

    def _match_lane(self) -> Lane:
        desired, source = self.desired, self.desired.source
        entry = desired.fields.get(desired.identity.match)
        if entry is None or entry.origin is None:
            raise Failure(problem("E522", f"`{desired.identity.match}`", desired.identity.where))
        kind = entry.type or "email"
        binding = Binding(entry, kind, self.gateway.capabilities.wires[kind], None, None)
        columns = Columns(self.columns, source.types, source.timezone, source.region)
        return ours_lane("match", binding, columns, desired.scores, self.wanted.now)


def _links(remembered: Remembered, digests: set[bytes]) -> list[str]:
    """Contacts that these people are linked to, from the file of people; read in batches."""
    if remembered.people is None or not digests:
        return []
    wanted = {(int.from_bytes(d[8:], "little"), int.from_bytes(d[:8], "little")) for d in digests}
    highs = pa.array([high for high, _ in wanted], pa.uint64())
    found: list[str] = []
    with pq.ParquetFile(remembered.people) as file:
        for batch in file.iter_batches(columns=["person_high", "person_low", "contact"]):
            near = batch.filter(pc.is_in(batch.column("person_high"), value_set=highs))
            for row in near.to_pylist():
                if row["contact"] and (row["person_high"], row["person_low"]) in wanted:
                    found.append(row["contact"])
    return found
