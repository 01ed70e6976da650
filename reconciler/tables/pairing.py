"""Who is who: people and contacts as keys and hashes, paired in joins, no row at a time.

A person is a 128-bit digest of their id, a match (e-mail) is a pair of 64-bit hashes, a row is a 64-bit hash of its
canonical cells and the sum of its tags. Steps: remembered link, then e-mail, each on what the step before left.
Whoever is ambiguous is set aside with a reason; all others go on. What grows with people lies in files that the engine
reads as often as it needs, so that it never has to hold all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.tables.engine import Engine, parquet, quoted
from reconciler.tables.keys import KeyFile
from reconciler.tables.remembered import RememberedPeople
from reconciler.tables.spool import exactly

KEYS = pa.schema([("m1", pa.uint64()), ("m2", pa.uint64()), ("cells", pa.uint64())])
"""What is compared of one contact, tags apart."""


class Aside(IntEnum):
    """Why a person is left alone."""

    NO_PERSON = 1  # the column that names the person is empty
    SAME_PERSON = 2  # several rows have the same person id
    SAME_MATCH = 3  # several people have the same e-mail
    MANY_CONTACTS = 4  # several contacts have the person's e-mail
    SHARED_CONTACT = 5  # several people are linked to one contact
    GONE = 6  # the linked contact does not exist any more
    TAKEN = 7  # the e-mail belongs to a contact that is linked to somebody else
    NO_MATCH = 8  # not linked, and no e-mail to look up


@dataclass(frozen=True, slots=True)
class Paired:
    """How many people in scope met which fate; `aside` by reason, with the first source rows."""

    pairs: int
    settled: int
    creates: int
    no_contact: int
    aside: dict[Aside, tuple[int, tuple[int, ...]]]


class Open:
    """People whose whole rows are needed, in the order of the source, on disk; a row's *place* is its number here."""

    def __init__(self, engine: Engine, rows: Iterator[pa.RecordBatch], size: int, remembered: pa.Schema) -> None:
        self._engine = engine
        file = KeyFile(engine.workdir / "open.parquet", pa.unify_schemas([OPEN, remembered]))
        for batch in exactly(rows, size):
            file.append(batch)  # one group of rows, which is a part
        self._file, self.rows, self.parts = file.close(), file.rows, file.groups

    def part(self, number: int) -> pa.RecordBatch:
        """Ascending by `ord`, schema OPEN and what is remembered beside it."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._file, pre_buffer=False) as file:
            return file.read_row_group(number).combine_chunks().to_batches()[0]

    def contacts(self, size: int) -> Iterator[pa.RecordBatch]:
        """All contacts among them, ascending by `idx`: idx, place. While they are read, the engine is busy."""
        return self._engine.stream(
            f"SELECT idx, file_row_number::BIGINT AS place FROM read_parquet({quoted(self._file)},"
            " file_row_number = true) WHERE idx IS NOT NULL ORDER BY idx",
            size,
        )


class Pairing:
    """Feed both sides, then `pair`. A person is known by `ord`, the number of the source row from 0; a contact by
    `idx`, its row in what was read of the CRM."""

    def __init__(
        self, engine: Engine, key: bytes, cells: Sequence[str], blocked: Sequence[str], raw: Sequence[str] = ()
    ) -> None:
        """`cells`: columns whose texts make the row hash. `blocked`: boolean columns kept beside the keys. `raw`: the
        columns as the source gives them, the first of which names the person, where a memo is to recognise them (see
        `tables.memo`)."""
        self._engine = engine
        self._key = key.hex()
        self._hash = f"hash({', '.join(cells)})"
        self._blocked = tuple(blocked)
        self._raw = raw_hash(raw) if raw else ""
        folder = engine.workdir
        self._ours = KeyFile(folder / "ours.parquet", ours_schema(blocked, bool(raw)))
        self._theirs = KeyFile(folder / "theirs.parquet", THEIRS)
        engine.run("CREATE TABLE aside (ord BIGINT, reason TINYINT)")

    def add_ours(self, batch: pa.RecordBatch) -> None:
        """Columns: ord, person, match, may, asked, tagset, unsure, the cells, the blocked flags; with a memo also the
        raw columns and `keep`, whether the row may be remembered."""
        more = [*self._blocked, *([self._raw, "keep"] if self._raw else [])]
        self._ours.append(
            self._engine.table(
                f"SELECT {_HALVES}, * EXCLUDE (digest) FROM (SELECT ord, md5_number('{self._key}' || person) AS digest,"
                f" {_MATCHES}, {self._hash} AS cells, tagset, may, asked, unsure"
                f"{''.join(f', {column}' for column in more)} FROM batch)",
                batch=batch,
            )
        )

    def keys_of_theirs(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Columns match, the cells and `n` (row numbers) become the keys of contacts, schema KEYS, in that order."""
        sql = f"SELECT n, {_MATCHES}, {self._hash} AS cells FROM batch"
        found = self._engine.table(sql, batch=batch).sort_by("n").select(KEYS.names).combine_chunks()
        columns = [pa.concat_arrays(column.chunks or [pa.array([], column.type)]) for column in found.columns]
        return pa.RecordBatch.from_arrays(columns, schema=KEYS)

    def add_theirs(self, batch: pa.RecordBatch) -> None:
        """Columns: idx, id, m1, m2, cells, tagset."""
        self._theirs.append(batch)

    def pair(self, recalled: bool = False) -> Paired:
        """Leaves `pairs` (ord, idx, same, tags_same, asked, taken; contact, ours and theirs: hashes a pair is known
        by), `lonely` (ord, may, asked) and `aside`. `recalled`: a memo left the rows of more people (`tables.memo`)."""
        engine = self._engine
        engine.view("converted", [self._ours.close()])
        more = " UNION ALL BY NAME SELECT * EXCLUDE (inside) FROM recalled WHERE inside" if recalled else ""
        engine.run(f"CREATE VIEW ours AS FROM converted{more}")
        engine.run(f"CREATE VIEW theirs AS SELECT *, hash(id) AS contact FROM {parquet(self._theirs.close())}")
        self._set_aside_people()
        self._pair_links()
        self._pair_matches()
        kept = f"SELECT {_PAIR}, {{}} AS taken FROM {{}} {_LEFT}"
        linked, found = kept.format("ord IN (SELECT ord FROM moved)", "linked"), kept.format("false", "found")
        engine.run(f"CREATE VIEW pairs AS {linked} UNION ALL {found}")
        counted = engine.rows("SELECT count(*) FILTER (asked), count(*) FILTER (asked AND same) FROM pairs")[0]
        alone = engine.rows("SELECT count(*) FILTER (may), count(*) FILTER (NOT may) FROM lonely WHERE asked")[0]
        return Paired(counted[0], counted[1], alone[0], alone[1], self._aside())

    def open(self, size: int, remembered: RememberedPeople) -> Open:
        """Everybody whose whole row is needed, in parts of `size`: pairs that differ and are not settled, and people to
        be created; beside them what is remembered."""
        wanted = (
            "SELECT ord, idx, taken, tags_same, contact, ours, theirs FROM pairs"
            " ANTI JOIN recognised USING (ord) WHERE asked AND NOT same"
            " UNION ALL SELECT ord, NULL, false, false, NULL, NULL, NULL FROM lonely WHERE asked AND may"
        )
        rows = self._engine.stream(f"{remembered.beside(wanted)} ORDER BY ord", size)
        return Open(self._engine, rows, size, remembered.opened)

    def blocked(self) -> tuple[int, tuple[int, ...]]:
        """People with a contact, or about to get one, who have a value of a blocked field: anyone, and per field."""
        if not self._blocked:
            return 0, ()
        each = ", ".join(f"count(*) FILTER ({name})" for name in self._blocked)
        row = self._engine.rows(
            f"SELECT count(*) FILTER ({' OR '.join(self._blocked)}), {each} FROM ours WHERE asked AND ord IN"
            " (SELECT ord FROM pairs UNION ALL SELECT ord FROM lonely WHERE may)"
        )[0]
        return row[0], tuple(row[1:])

    def moved_addresses(self) -> pa.Table:
        """Linked people whose contact has another address than theirs: ord, own and its (addresses, as keys), `stays`:
        somebody has its who is not among them. Nobody where no address has two claims. Only asked where addresses are
        pulled."""
        own, its = (f"{side}.m1 || '.' || {side}.m2" for side in "ot")
        self._engine.run(
            f"CREATE TABLE moving AS SELECT o.ord, {own} AS own, {its} AS its, t.m1, t.m2"
            " FROM linked JOIN ours o USING (ord) JOIN theirs t USING (idx) WHERE t.m1 IS NOT NULL"
            " AND (o.m1 IS DISTINCT FROM t.m1 OR o.m2 IS DISTINCT FROM t.m2)"
        )
        holders = "SELECT m1, m2, bool_or(ord NOT IN (SELECT ord FROM moving)) AS stays FROM ours"
        holders += " SEMI JOIN moving USING (m1, m2) GROUP BY m1, m2"
        found = self._engine.table(
            "SELECT ord, own, its, coalesce(stays, false) AS stays, stays IS NOT NULL OR count(*) OVER (PARTITION BY"
            f" its) > 1 AS claimed FROM moving LEFT JOIN ({holders}) USING (m1, m2)"
        )
        return found if found.num_rows and pc.any(found["claimed"]).as_py() else found.slice(0, 0)

    def _set_aside_people(self) -> None:
        run = self._engine.run
        run(f"INSERT INTO aside SELECT ord, {Aside.NO_PERSON:d} FROM ours WHERE high IS NULL")
        run(
            f"INSERT INTO aside SELECT ord, {Aside.SAME_PERSON:d} FROM ours SEMI JOIN (SELECT high, low FROM ours"
            " WHERE high IS NOT NULL GROUP BY high, low HAVING count(*) > 1) USING (high, low)"
        )
        run(
            f"INSERT INTO aside SELECT ord, {Aside.SAME_MATCH:d} FROM ours {_LEFT} SEMI JOIN (SELECT m1, m2 FROM ours"
            f" {_LEFT} WHERE m1 IS NOT NULL GROUP BY m1, m2 HAVING count(*) > 1) USING (m1, m2)"
        )

    def _pair_links(self) -> None:
        """Leaves `linked`: who has a remembered link, with the contact's `idx`, null if it is gone; and `moved`: whose
        address is another than the contact's, and belongs to another contact."""
        run = self._engine.run
        self._engine.keep(
            "linked",
            f"SELECT o.ord, t.idx, {_JUDGED}, o.m1 IS NOT NULL AND (o.m1 IS DISTINCT FROM t.m1 OR o.m2 IS DISTINCT"
            f" FROM t.m2) AS moves FROM (SELECT * FROM ours {_LEFT}) o JOIN links l USING (high, low)"
            " LEFT JOIN theirs t ON t.id = l.contact",
        )
        run(f"INSERT INTO aside SELECT ord, {Aside.GONE:d} FROM linked WHERE idx IS NULL")
        run(
            f"INSERT INTO aside SELECT ord, {Aside.SHARED_CONTACT:d} FROM linked WHERE idx IN"
            " (SELECT idx FROM linked WHERE idx IS NOT NULL GROUP BY idx HAVING count(*) > 1)"
        )
        run("CREATE TABLE moved (ord BIGINT)")
        if self._engine.value("SELECT count(*) FROM linked WHERE moves"):
            run(
                "INSERT INTO moved SELECT ord FROM linked JOIN ours USING (ord)"
                " SEMI JOIN (SELECT m1, m2 FROM theirs WHERE m1 IS NOT NULL) USING (m1, m2) WHERE moves"
            )

    def _pair_matches(self) -> None:
        """Leaves `found`: who has no link, with each contact that has the person's e-mail; and `lonely`: who has
        neither."""
        run = self._engine.run
        run(
            f"INSERT INTO aside SELECT ord, {Aside.NO_MATCH:d} FROM ours {_LEFT} ANTI JOIN linked USING (ord)"
            " WHERE m1 IS NULL"
        )
        people = f"ours {_LEFT} ANTI JOIN linked USING (ord)"
        self._engine.keep(
            "met",
            *(
                f"SELECT o.ord, o.may, t.idx, {_JUDGED} FROM (SELECT * FROM {people} WHERE {part}) o"
                f" LEFT JOIN (SELECT * FROM theirs WHERE {part}) t ON o.m1 = t.m1 AND o.m2 = t.m2"
                for part in self._engine.parts("m1", self._theirs.rows)
            ),
        )
        run("CREATE VIEW found AS FROM met WHERE idx IS NOT NULL")
        run("CREATE VIEW lonely AS SELECT ord, may, asked FROM met WHERE idx IS NULL")
        value = self._engine.value
        if value("SELECT count(*) FROM met") > value(f"SELECT count(*) FROM {people}"):
            # Somebody met several contacts; to look for who that is costs more than to see that there is nobody.
            run(f"INSERT INTO aside SELECT ord, {Aside.MANY_CONTACTS:d} FROM found GROUP BY ord HAVING count(*) > 1")
        run(
            f"INSERT INTO aside SELECT ord, {Aside.TAKEN:d} FROM found {_LEFT}"
            " WHERE idx IN (SELECT idx FROM linked WHERE idx IS NOT NULL)"
        )

    def _aside(self) -> dict[Aside, tuple[int, tuple[int, ...]]]:
        found = self._engine.rows(
            "SELECT reason, count(*), min(ord + 1, 10) FROM aside JOIN ours USING (ord) WHERE asked GROUP BY reason"
        )
        return {Aside(reason): (count, tuple(rows)) for reason, count, rows in found}


def ours_schema(blocked: Sequence[str], remembered: bool) -> pa.Schema:
    """The keys of people: flags of blocked fields, and what a memo needs where one is to be written."""
    flags = [*(pa.field(name, pa.bool_()) for name in blocked)]
    memo = [("r1", pa.uint64()), ("r2", pa.uint64()), ("keep", pa.bool_())] if remembered else []
    return pa.schema([*_OURS, *flags, *memo])


def raw_hash(columns: Sequence[str]) -> str:
    """Two 64-bit hashes of a row as SQL, of the whole row and of its first column, which names the person: of rows of
    different people both would have to be equal, of two rows of one person the first."""
    return f"hash({', '.join(columns)}) AS r1, hash('~' || {columns[0]}) AS r2"


_OURS = (
    ("ord", pa.int64()),
    ("high", pa.uint64()),  # the two halves of model.addresses.person_digest
    ("low", pa.uint64()),
    ("m1", pa.uint64()),
    ("m2", pa.uint64()),
    ("cells", pa.uint64()),
    ("tagset", pa.int64()),
    ("may", pa.bool_()),
    ("asked", pa.bool_()),
    ("unsure", pa.bool_()),
)
OPEN = pa.schema(
    [
        ("ord", pa.int64()),
        ("idx", pa.int64()),  # null for people to be created
        ("taken", pa.bool_()),
        ("tags_same", pa.bool_()),
        ("contact", pa.uint64()),
        ("ours", pa.uint64()),
        ("theirs", pa.uint64()),
    ]
)
THEIRS = pa.schema([("idx", pa.int64()), ("id", pa.string()), *KEYS, ("tagset", pa.int64())])
_MATCHES = "CASE WHEN match IS NOT NULL THEN hash(match) END AS m1, hash('~' || match) AS m2"
_HALVES = "(digest >> 64)::UBIGINT AS high, (digest & 18446744073709551615::UHUGEINT)::UBIGINT AS low"
_JUDGED = (
    "o.tagset = t.tagset AND NOT o.unsure AS tags_same, o.cells = t.cells AND tags_same AS same, o.asked, t.contact,"
    " o.cells AS ours, t.cells AS theirs"
)
_PAIR = "ord, idx, tags_same, same, asked, contact, ours, theirs"
_LEFT = "ANTI JOIN aside USING (ord)"
