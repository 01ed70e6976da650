"""What is remembered of each person, in one file: the contact they are linked to, the row that both sides agreed on,
and of each two-way value the digests of what was last agreed on. No text of a person is here.

*Agreed*: the hash of the person's row in the last apply that left nothing of theirs undone, and what was held in it.
Whoever has that row still, and differs, was moved by somebody else in the CRM, which is drift.
*Sent* and *stored*: keyed digests of what our side held and of what the CRM held when a value was last in sync, 64 bits
each; 0 is empty, null is never. A value whose writing began and has no outcome is *in flight*, into the CRM or into the
source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from reconciler.tables.begun import Begun, add_begun, halves
from reconciler.tables.engine import Engine, parquet
from reconciler.tables.keys import KeyFile

ROW = "hash(o.cells, o.tagset)"
"""One person's row, tags included, as one hash; of `ours` as o."""
MOVES = pa.schema(
    [
        ("high", pa.uint64()),  # the two halves of model.addresses.person_digest
        ("low", pa.uint64()),
        ("field", pa.string()),  # the key in the file
        ("sent", pa.uint64()),  # model.addresses.value_digest; null: in flight into the source
        ("stored", pa.uint64()),  # null: in flight into the CRM
    ]
)
"""What became of two-way values since the file of people was written."""


Move = tuple[bytes, str, int | None, int | None]
"""(digest of the person, field, digest of what is sent, of what is stored): None where it is in flight to"""


def move(moves: Sequence[Move]) -> pa.RecordBatch:
    """Schema MOVES. The engine reads the digest's sixteen bytes as one little-endian number."""
    columns = (
        [int.from_bytes(person[8:], "little") for person, *_ in moves],
        [int.from_bytes(person[:8], "little") for person, *_ in moves],
        [field for _, field, *_ in moves],
        [sent for *_, sent, _ in moves],
        [stored for *_, stored in moves],
    )
    arrays = [pa.array(column, field.type) for column, field in zip(columns, MOVES, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=MOVES)


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier applies left. `file`: Parquet, or None. `created`: newer links (digest of the person, contact).
    `begun`: creations whose outcome is not known, the oldest first; pairing makes links of them (`tables.begun`).
    `moves`: batches of schema MOVES, oldest first. `true`: rows and patterns are those of this file of ours. `clean`:
    the apply that wrote it left nothing undone."""

    file: Path | None = None
    created: Sequence[tuple[bytes, str]] = ()
    moves: Callable[[], Iterator[pa.RecordBatch]] = lambda: iter(())
    true: bool = False
    clean: bool = False
    begun: Sequence[Begun] = ()


@dataclass(frozen=True, slots=True)
class TwoWay:
    """A field that is pulled, too: `name` of its columns in a comparison, its key and its former key."""

    name: str
    key: str
    former: str | None = None

    @property
    def sent(self) -> str:
        return f"sent_{self.name}"

    @property
    def stored(self) -> str:
        return f"stored_{self.name}"

    @property
    def flight(self) -> str:
        return f"flight_{self.name}"

    @property
    def landing(self) -> str:
        return f"landing_{self.name}"

    @property
    def columns(self) -> tuple[str, str, str, str]:
        """Sent, stored, in flight into the CRM, in flight into the source."""
        return self.sent, self.stored, self.flight, self.landing


class RememberedPeople:
    """Leaves the views `links` (high, low, contact) and `remembered`: high, low, contact, ours, pattern, exact, and of
    each two-way field what was sent, stored and is in flight."""

    def __init__(self, engine: Engine, before: Before, fields: Sequence[TwoWay]) -> None:
        self._engine, self._before, self._fields = engine, before, tuple(fields)
        names = pq.read_schema(before.file).names if before.file else []
        self._held = frozenset(names)
        keys = {key for field in fields for key in (field.key, field.former)}
        values = [name.partition(".") for name in names]
        self._others = tuple("".join(n) for n in values if n[0] in ("sent", "stored") and n[2] and n[2] not in keys)
        moved = self._add_moves()
        self.knows_rows = before.true and "ours" in self._held
        self.knows_values = moved or any(_of(f, self._held) for f in self._fields)
        self._add_newer(moved)
        self._add_remembered(moved)
        self._digested = [KeyFile(engine.workdir / "digested-0.parquet", self._schema())]

    # -- what was

    def _add_moves(self) -> bool:
        """Leaves `moves`, the last one of each value, if there are any."""
        file = KeyFile(self._engine.workdir / "moves.parquet", MOVES.append(pa.field("seq", pa.int64())))
        for batch in self._before.moves() if self._fields else ():
            file.append(batch.append_column("seq", pa.arange(file.rows, file.rows + batch.num_rows)))
        path = file.close()
        if not file.rows:
            return False
        last = ", ".join(
            f"arg_max({{'sent': sent, 'stored': stored}}, seq) FILTER (field IN ({_texts(f.key, f.former)}))"
            f" AS {f.name}"
            for f in self._fields
        )
        self._engine.run(f"CREATE VIEW moves AS SELECT high, low, {last} FROM {parquet(path)} GROUP BY high, low")
        return True

    def _add_newer(self, moved: bool) -> None:
        """Leaves `newer`: links and moves since the file, and `begun`."""
        created = self._before.created
        contacts = pa.array([contact for _, contact in created], pa.string())
        table = pa.table({**halves([digest for digest, _ in created]), "contact": contacts})
        self._engine.run("CREATE TABLE linked_since AS SELECT DISTINCT ON (high, low) * FROM created", created=table)
        rows = "linked_since FULL JOIN moves USING (high, low)" if moved else "linked_since"
        self._engine.run(f"CREATE VIEW newer AS FROM {rows}")
        add_begun(self._engine, self._before.begun)
        self._has_newer = moved or bool(created) or bool(self._before.begun)

    def _add_remembered(self, moved: bool) -> None:
        engine, file = self._engine, self._before.file
        if file is not None:
            columns = [*self._row(), *(c for field in self._fields for c in self._agreed(field))]
            columns += map(_quoted, self._others)
            engine.run(
                "CREATE VIEW filed AS SELECT person_high AS high, person_low AS low, contact,"
                f" {', '.join(columns)} FROM {parquet(file)}"
            )
        else:
            values = "".join(f", {_NUMBER} AS {c}" for f in self._fields for c in (f.sent, f.stored))
            engine.run(
                f"CREATE VIEW filed AS SELECT {_NUMBER} AS high, {_NUMBER} AS low, NULL::VARCHAR AS contact, {_NUMBER}"
                f" AS ours, NULL::VARCHAR AS pattern, false AS exact{values} LIMIT 0"
            )
        if self._has_newer:
            engine.run(
                f"CREATE VIEW remembered AS SELECT {', '.join(self._brought_up_to_date(moved))}"
                " FROM filed f FULL JOIN newer n USING (high, low)"
            )
        else:
            flights = "".join(f", {_NUMBER} AS {c}" for f in self._fields for c in (f.flight, f.landing))
            engine.run(f"CREATE VIEW remembered AS SELECT *{flights} FROM filed")
        engine.run("CREATE VIEW links AS SELECT high, low, contact FROM remembered WHERE contact IS NOT NULL")

    def _row(self) -> tuple[str, str, str]:
        if not self.knows_rows:
            return f"{_NUMBER} AS ours", "NULL::VARCHAR AS pattern", "false AS exact"
        sure = "true" if self._before.clean else "NOT pending"
        return f"CASE WHEN {sure} THEN ours END AS ours", "pattern", "exact AND NOT pending AS exact"

    def _agreed(self, field: TwoWay) -> tuple[str, str]:
        key = _of(field, self._held)
        if key is None:
            return f"{_NUMBER} AS {field.sent}", f"{_NUMBER} AS {field.stored}"
        return f"{_quoted(f'sent.{key}')} AS {field.sent}", f"{_quoted(f'stored.{key}')} AS {field.stored}"

    def _brought_up_to_date(self, moved: bool) -> Iterator[str]:
        """What was agreed on holds for the contact that it was agreed on with. What is in flight keeps what was agreed
        on before."""
        same = "(n.contact IS NULL OR f.contact IS NULL OR n.contact = f.contact)"
        yield from ("high", "low", "coalesce(n.contact, f.contact) AS contact")
        yield from (
            f"CASE WHEN {same} THEN f.ours END AS ours",
            "f.pattern",
            f"coalesce(f.exact AND {same}, false) AS exact",
        )
        for field in self._fields:
            sent, stored = (f"CASE WHEN {same} THEN f.{c} END" for c in (field.sent, field.stored))
            last = f"n.{field.name}"
            if moved:
                known = f"{last}.sent IS NOT NULL AND {last}.stored IS NOT NULL"
                yield f"CASE WHEN {known} THEN {last}.sent ELSE {sent} END AS {field.sent}"
                yield f"CASE WHEN {known} THEN {last}.stored ELSE {stored} END AS {field.stored}"
                yield f"CASE WHEN {last}.stored IS NULL THEN {last}.sent END AS {field.flight}"
                yield f"CASE WHEN {last}.sent IS NULL THEN {last}.stored END AS {field.landing}"
            else:
                yield from (f"{sent} AS {field.sent}", f"{stored} AS {field.stored}")
                yield from (f"{_NUMBER} AS {field.flight}", f"{_NUMBER} AS {field.landing}")
        yield from (f"f.{_quoted(name)}" for name in self._others)

    @property
    def opened(self) -> pa.Schema:
        """What `beside` adds: whether our side is as both sides agreed on, the pattern of then, and the values."""
        values = [(name, pa.uint64()) for f in self._fields for name in f.columns]
        return pa.schema([("unmoved", pa.bool_()), ("agreed", pa.string()), *values])

    def beside(self, people: str) -> str:
        """The rows of a query (ord, contact and more), with what is remembered of them."""
        names = [name for f in self._fields for name in f.columns]
        if not (self.knows_rows or self.knows_values):
            values = "".join(f", {_NUMBER} AS {name}" for name in names)
            return f"SELECT *, false AS unmoved, NULL::VARCHAR AS agreed{values} FROM ({people})"
        values = "".join(f", CASE WHEN p.contact = hash(b.contact) THEN b.{name} END AS {name}" for name in names)
        return (
            f"SELECT p.*, coalesce(b.ours = {ROW} AND NOT o.unsure, false) AS unmoved, b.pattern AS agreed{values}"
            f" FROM ({people}) p JOIN ours o USING (ord) LEFT JOIN remembered b USING (high, low)"
        )

    # -- what is now

    def _schema(self) -> pa.Schema:
        columns = [(name, pa.uint64()) for field in self._fields for name in (field.sent, field.stored)]
        return pa.schema([("ord", pa.int64()), ("exact", pa.bool_()), *columns])

    def add(self, batch: pa.RecordBatch, key: bytes) -> None:
        """What pairs agree on. Columns: ord; for each two-way field by name `in_` (both sides are in sync), `ours_` and
        `theirs_` (texts), and sent and stored, which hold where they are not in sync."""
        columns = [f"({' AND '.join(f'in_{f.name}' for f in self._fields)}) AS exact"]
        for f in self._fields:
            for name, text in ((f.sent, f"ours_{f.name}"), (f.stored, f"theirs_{f.name}")):
                digest = f"CASE WHEN {text} IS NULL THEN 0 ELSE md5_number_lower('{key.hex()}' || {text}) END"
                columns.append(f"CASE WHEN in_{f.name} THEN {digest} ELSE {name} END AS {name}")
        self._digested[-1].append(self._engine.table(f"SELECT ord, {', '.join(columns)} FROM batch", batch=batch))

    def unknown(self, size: int) -> Iterator[pa.Array]:
        """Once everybody who was looked at is added: `ord` of each pair in sync whose digests are not those of its row,
        ascending. They are to be added, too."""
        if not self._fields:
            return
        engine = self._engine
        engine.view("looked_at", [self._digested[-1].close()])
        sql = (
            f"SELECT ord FROM pairs p ANTI JOIN looked_at USING (ord) JOIN ours o USING (ord) LEFT JOIN remembered b"
            f" USING (high, low) WHERE p.asked AND NOT coalesce(b.exact AND b.ours = {ROW} AND"
            " p.contact = hash(b.contact), false) ORDER BY ord"
        )
        file = KeyFile(engine.workdir / "undigested.parquet", pa.schema([("ord", pa.int64())]))
        for batch in engine.stream(sql, size):
            file.append(batch)
        self._digested.append(KeyFile(engine.workdir / "digested-1.parquet", self._schema()))
        with pq.ParquetFile(file.close()) as found:
            for batch in found.iter_batches(size):
                yield batch.column("ord")

    def write(self, path: Path, whole: bool, links: str = "links") -> None:
        """Everybody known now: those of this pairing, and people who were not seen. `whole`: everybody and everything
        was compared, so that rows are agreed on once the plan is carried out; `still` is what `tables.settled` left.
        `links`: the name of the links, followed to who is left of merged contacts."""
        engine = self._engine
        engine.run(
            "CREATE VIEW now AS SELECT o.high, o.low, o.ord, t.id AS contact, o.cells, o.tagset, false AS created"
            " FROM pairs JOIN ours o USING (ord) JOIN theirs t USING (idx) UNION ALL"
            " SELECT o.high, o.low, o.ord, NULL, o.cells, o.tagset, true FROM lonely l JOIN ours o USING (ord)"
            " WHERE l.may"
        )
        if whole:
            row = (
                f"{ROW} AS ours, coalesce(s.pattern, '') AS pattern, o.created OR coalesce(s.writes, false) AS pending",
                "coalesce(d.exact, b.exact, false) AS exact" if self._fields else "true AS exact",
            )
        else:
            row = ("b.ours, b.pattern, false AS pending", "false AS exact")
        joins = "LEFT JOIN still s USING (ord) " if whole else ""
        if self._fields:
            engine.view("digested", [file.close() for file in self._digested])
            joins += "LEFT JOIN digested d USING (ord) "
        seen = (
            "high AS person_high, low AS person_low, coalesce(o.contact, b.contact) AS contact",
            *row,
            *self._values_now(whole),
        )
        others = ("high AS person_high, low AS person_low, contact, ours, pattern, false AS pending, exact",)
        engine.write(
            path,
            f"SELECT {', '.join(seen)} FROM now o {joins}LEFT JOIN remembered b USING (high, low)"
            f" UNION ALL BY NAME SELECT {', '.join((*others, *self._values_before(whole)))}"
            f" FROM {self._followed(links)} ANTI JOIN now USING (high, low)",
            dense=True,
        )

    def _followed(self, links: str) -> str:
        """What is remembered, linked to who is left of contacts that were merged; with those nothing was agreed on."""
        if links == "links":
            return "remembered"
        values = [name for f in self._fields for name in (f.sent, f.stored)] + [*map(_quoted, self._others)]
        same = "l.contact IS NOT DISTINCT FROM r.contact"
        agreed = "".join(f", CASE WHEN {same} THEN r.{name} END AS {name}" for name in values)
        row = f"CASE WHEN {same} THEN ours END AS ours, exact AND {same} AS exact{agreed}"
        return (
            f"(SELECT r.* REPLACE (coalesce(l.contact, r.contact) AS contact, {row}) FROM remembered r"
            f" LEFT JOIN {links} l USING (high, low))"
        )

    def fold(self, path: Path) -> None:
        """What is remembered, brought up to date."""
        columns = ("high AS person_high, low AS person_low, contact, ours, pattern, false AS pending, exact",)
        values = self._values_before(whole=False)
        self._engine.write(path, f"SELECT {', '.join((*columns, *values))} FROM remembered", dense=True)

    def _values_now(self, whole: bool) -> Iterator[str]:
        """What was agreed on holds for the contact that it was agreed on with."""
        same = "o.contact IS NOT DISTINCT FROM b.contact"
        for f in self._fields:
            for name, column in ((f"sent.{f.key}", f.sent), (f"stored.{f.key}", f.stored)):
                yield f"CASE WHEN d.ord IS NOT NULL THEN d.{column} WHEN {same} THEN b.{column} END AS {_quoted(name)}"
        for name in () if whole else self._others:
            yield f"CASE WHEN {same} THEN b.{_quoted(name)} END AS {_quoted(name)}"

    def _values_before(self, whole: bool) -> Iterator[str]:
        for f in self._fields:
            for name, column in ((f"sent.{f.key}", f.sent), (f"stored.{f.key}", f.stored)):
                yield f"{column} AS {_quoted(name)}"
        yield from map(_quoted, () if whole else self._others)


_NUMBER = "NULL::UBIGINT"


def readable(file: Path) -> bool:
    """Whether the file of people can be read to its end. Reads all of it."""
    try:
        with pq.ParquetFile(file) as rows:
            for _ in rows.iter_batches():
                pass
    except (OSError, pa.ArrowException):
        return False
    return True


def all_fields(file: Path | None) -> list[TwoWay]:
    """Every two-way field of a file of people."""
    names = pq.read_schema(file).names if file else []
    keys = [name.removeprefix("sent.") for name in names if name.startswith("sent.")]
    return [TwoWay(f"v{number}", key) for number, key in enumerate(keys)]


def _of(field: TwoWay, held: frozenset[str]) -> str | None:
    """The key under which the file holds the field, if it does."""
    return next((key for key in (field.key, field.former) if key and f"sent.{key}" in held), None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _texts(*texts: str | None) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts if text is not None)
