"""Who is who: people and contacts as keys and hashes, paired in joins, no row at a time.

A person is a 128-bit digest of their id, a match (e-mail) is a pair of 64-bit hashes, a row is a 64-bit hash of its
canonical cells and the sum of its tags. Steps: remembered link (and what else the file asks for: `tables.signs`), then
e-mail, each on what the step before left.
Whoever is ambiguous is set aside with a reason; all others go on. What grows with people lies in files that the engine
reads as often as it needs, so that it never has to hold all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.desired import Gone
from reconciler.tables.aside import Aside
from reconciler.tables.begun import link_begun
from reconciler.tables.engine import Engine, parquet, quoted
from reconciler.tables.keys import MATCHES, KeyFile
from reconciler.tables.kinds import KindOfId
from reconciler.tables.moving import Moving
from reconciler.tables.remembered import RememberedPeople
from reconciler.tables.signs import NO_SIGNS, STORED, STORED_KEYS, Leading, Signs
from reconciler.tables.spool import exactly

KEYS = pa.schema([("m1", pa.uint64()), ("m2", pa.uint64()), ("cells", pa.uint64())])
"""What is compared of one contact, tags apart."""


Some = tuple[int, tuple[int, ...]]
"""How many people, and the first of their source rows."""


@dataclass(frozen=True, slots=True)
class Paired:
    """How many people in scope met which fate; `aside` by reason, with the first source rows. `differing`: whose column
    names another contact than their remembered link. `parted`: whose contact is gone, without being created anew."""

    pairs: int
    settled: int
    creates: int
    no_contact: int
    aside: dict[Aside, Some]
    differing: Some = (0, ())
    parted: Some = (0, ())


class Open:
    """People whose whole rows are needed, in the order of the source, on disk; a row's *place* is its number here."""

    def __init__(self, engine: Engine, rows: Iterator[pa.RecordBatch], size: int, more: pa.Schema) -> None:
        self._engine = engine
        file = KeyFile(engine.workdir / "open.parquet", pa.unify_schemas([OPEN, more]))
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
        self,
        engine: Engine,
        key: bytes,
        cells: Sequence[str],
        blocked: Sequence[str],
        raw: Sequence[str] = (),
        signs: Signs = NO_SIGNS,
    ) -> None:
        """`cells`: columns whose texts make the row hash. `blocked`: boolean columns kept beside the keys. `raw`: the
        columns as the source gives them, the first of which names the person, where a memo is to recognise them (see
        `tables.memo`). `signs`: what else pairs them."""
        self._engine = engine
        self._key = key.hex()
        self._hash = f"hash({', '.join(cells)})"
        self._blocked = tuple(blocked)
        self._raw = raw_hash(raw) if raw else ""
        self._signs = signs
        self._keys = [*KEYS, *(pa.field(*column) for column in signs.theirs)]
        folder = engine.workdir
        self._ours = KeyFile(folder / "ours.parquet", ours_schema(blocked, bool(raw), signs))
        self._theirs = KeyFile(folder / "theirs.parquet", pa.schema([*THEIRS, *self._keys[len(KEYS) :]]))
        self._bystanders = KeyFile(folder / "bystanders.parquet", STORED_KEYS) if signs.stored else None
        self.opens_all = False  # who is in sync is opened, too
        self.objects = KindOfId()
        """The kinds of objects, where contacts are of several."""
        self.links = "links"
        self._former: Mapping[str, str] = {}
        self._leading: Leading | None = None
        engine.run("CREATE TABLE aside (ord BIGINT, reason TINYINT)")

    def add_ours(self, batch: pa.RecordBatch) -> None:
        """Columns: ord, person, match, may, asked, tagset, unsure, the cells, the blocked flags; with a memo also the
        raw columns and `keep`, whether the row may be remembered; with signs the contact's id as `link` and the
        person's own as `stored`."""
        more = [*self._blocked, *([self._raw, "keep"] if self._raw else [])]
        self._ours.append(
            self._engine.table(
                f"SELECT {_HALVES}, * EXCLUDE (digest) FROM (SELECT ord, md5_number('{self._key}' || person) AS digest,"
                f" {MATCHES}, {self._hash} AS cells, tagset, may, asked, unsure{self._signs.read}"
                f"{''.join(f', {column}' for column in more)} FROM batch)",
                batch=batch,
            )
        )

    def add_bystanders(self, batch: pa.RecordBatch) -> None:
        """Ids (`stored`) of people who are in the source and out of scope: contacts that hold them are not free."""
        if self._bystanders is not None:
            self._bystanders.append(self._engine.table(f"SELECT {STORED} FROM batch", batch=batch))

    def keys_of_theirs(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Columns match, the cells and `n` (row numbers), with signs also `stored`, become the keys of contacts, schema
        KEYS and what signs add, in that order."""
        sql, schema = (
            f"SELECT n, {MATCHES}, {self._hash} AS cells{self._signs.hashed} FROM batch",
            pa.schema(self._keys),
        )
        found = self._engine.table(sql, batch=batch).sort_by("n").select(schema.names).combine_chunks()
        columns = [pa.concat_arrays(column.chunks or [pa.array([], column.type)]) for column in found.columns]
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    def add_theirs(self, batch: pa.RecordBatch) -> None:
        """Columns: idx, id, those of `keys_of_theirs`, tagset."""
        self._theirs.append(batch)

    def add_former(self, former: Mapping[str, str]) -> None:
        """Ids of contacts that went into others -> the id of who is left; links to them are followed."""
        self._former = former

    def pair(self, recalled: bool = False, moving: Moving | None = None) -> Paired:
        """Leaves `pairs` (ord, idx, same, tags_same, asked, taken; contact, ours and theirs: hashes a pair is known
        by), `lonely` (ord, may, asked) and `aside`. `recalled`: a memo left the rows of more people (`tables.memo`).
        `moving`: what becomes of addresses that other contacts have."""
        engine = self._engine
        self._moving = moving or Moving(engine)
        engine.view("converted", [self._ours.close()])
        more = " UNION ALL BY NAME SELECT * EXCLUDE (inside) FROM recalled WHERE inside" if recalled else ""
        kind = f", {self.objects.sql('id')} AS kind"
        engine.run(f"CREATE VIEW theirs AS SELECT *, hash(id) AS contact{kind} FROM {parquet(self._theirs.close())}")
        engine.run(f"CREATE VIEW ours AS {self._follow(f'FROM converted{more}')}")
        link_begun(engine, self.links, self._signs)
        if self.objects.several:
            self._forget_converted()
        self._set_aside_people()
        self._pair_links()
        self._pair_matches()
        kept = f"SELECT {_PAIR}, {{}} AS taken FROM {{}} {_LEFT}"
        linked, found = kept.format("ord IN (SELECT ord FROM moved)", "linked"), kept.format("false", "found")
        engine.run(f"CREATE VIEW pairs AS {linked} UNION ALL {found}")
        counted = engine.rows("SELECT count(*) FILTER (asked), count(*) FILTER (asked AND same) FROM pairs")[0]
        alone = engine.rows("SELECT count(*) FILTER (may), count(*) FILTER (NOT may) FROM lonely WHERE asked")[0]
        differing, parted = (self._leading.differing(), self._leading.parted()) if self._leading else (_NOBODY, _NOBODY)
        return Paired(counted[0], counted[1], alone[0], alone[1], self._aside(), differing, parted)

    def open(self, size: int, remembered: RememberedPeople) -> Open:
        """Everybody whose whole row is needed, in parts of `size`: pairs that differ and are not settled, and people to
        be created; beside them what is remembered."""
        wanted = (
            "SELECT ord, idx, taken, tags_same, contact, ours, theirs FROM pairs"
            f" ANTI JOIN recognised USING (ord) WHERE asked{'' if self.opens_all else ' AND NOT same'}"
            " UNION ALL SELECT ord, NULL, false, false, NULL, NULL, NULL FROM lonely WHERE asked AND may"
        )
        known, more = remembered.beside(self._moving.ranked(wanted)), remembered.opened
        if self._signs.stored:
            known = f"SELECT *, ord IN (SELECT ord FROM claimed) AS claimed FROM ({known})"
            more = more.append(CLAIMED)
        return Open(self._engine, self._engine.stream(f"{known} ORDER BY ord", size), size, more)

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

    def _follow(self, ours: str) -> str:
        """Links, and ids in people's columns, lead to who is left of contacts that were merged. `ours`: people, SQL."""
        if not self._former:
            return ours
        ids = pa.table({"former": list(self._former), "id": list(self._former.values())})
        run, follow = self._engine.run, "LEFT JOIN former f ON former ="
        run("CREATE TABLE former AS SELECT * FROM merged WHERE former NOT IN (SELECT id FROM theirs)", merged=ids)
        run(f"CREATE VIEW followed AS SELECT high, low, coalesce(f.id, contact) AS contact FROM links {follow} contact")
        self.links = "followed"
        if not self._signs.link:
            return ours
        return f"SELECT o.* REPLACE (coalesce(f.id, link) AS link) FROM ({ours}) o {follow} link"

    def _forget_converted(self) -> None:
        """Links to what is not there any more, of people whose address something of a kind before has: it became that.
        They are found by their e-mail as if they had never been linked."""
        links, kind = self.links, self.objects.sql("l.contact")
        self._engine.keep(
            "unconverted",
            f"SELECT * FROM {links} WHERE (high, low) NOT IN (SELECT (l.high, l.low) FROM {links} l"
            " ANTI JOIN theirs t ON t.id = l.contact JOIN ours o USING (high, low)"
            f" JOIN theirs n ON n.m1 = o.m1 AND n.m2 = o.m2 WHERE n.kind < {kind})",
        )
        self.links = "unconverted"

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
        """Leaves `linked`: who has a remembered link, with the contact's `idx`, null if it is gone, whether their
        address is another than the contact's, and whether the contact has one then that it leaves; and what
        `tables.moving` makes of addresses that other contacts have."""
        run = self._engine.run
        links = f"{self.links} l USING (high, low)"
        if self._signs.any:
            self._leading = Leading(self._engine, self._signs, self.links)
            self._leading.lead()
            links = "led l USING (ord)"
        self._engine.keep(
            "linked",
            f"SELECT o.ord, t.idx, {_JUDGED}, o.m1 IS NOT NULL AND (o.m1 IS DISTINCT FROM t.m1 OR o.m2 IS DISTINCT"
            " FROM t.m2) AS moves, moves AND o.asked AND t.m1 IS NOT NULL AS leaves"
            f" FROM (SELECT * FROM ours {_LEFT}) o JOIN {links}"
            " LEFT JOIN theirs t ON t.id = l.contact",
        )
        run(f"INSERT INTO aside SELECT ord, {Aside.GONE:d} FROM linked WHERE idx IS NULL")
        if self._leading is not None:
            self._leading.set_aside()
        else:
            run(
                f"INSERT INTO aside SELECT ord, {Aside.SHARED_CONTACT:d} FROM linked WHERE idx IN"
                " (SELECT idx FROM linked WHERE idx IS NOT NULL GROUP BY idx HAVING count(*) > 1)"
            )
        if self._leading is not None and self._bystanders is not None:
            self._leading.claim(parquet(self._bystanders.close()))
        self._moving.among_linked()

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
            "encounters" if self.objects.several else "met",
            *(
                f"SELECT o.ord, o.may, t.idx, {_JUDGED} FROM (SELECT * FROM {people} WHERE {part}) o"
                f" LEFT JOIN (SELECT * FROM theirs WHERE {part}) t ON o.m1 = t.m1 AND o.m2 = t.m2"
                for part in self._engine.parts("m1", self._theirs.rows)
            ),
        )
        if self.objects.several:
            self._prefer_first()
        run("CREATE VIEW found AS FROM met WHERE idx IS NOT NULL")
        lonely = "SELECT ord, may, asked FROM met WHERE idx IS NULL"
        if self._signs.gone is Gone.UNLINK:
            lonely = f"SELECT ord, may AND p.ord IS NULL AS may, asked FROM ({lonely}) LEFT JOIN parted p USING (ord)"
        run(f"CREATE VIEW lonely AS {lonely}")
        value = self._engine.value
        if value("SELECT count(*) FROM met") > value(f"SELECT count(*) FROM {people}"):
            # Somebody met several contacts; to look for who that is costs more than to see that there is nobody.
            run(f"INSERT INTO aside SELECT ord, {Aside.MANY_CONTACTS:d} FROM found GROUP BY ord HAVING count(*) > 1")
        self._moving.among_met()
        if value(f"SELECT count(*) FROM (FROM {self.links} LIMIT 1)") and value(f"SELECT count(*) FROM found {_LEFT}"):
            # A link of somebody who is not there any more counts: who has their address now may be somebody else.
            links = self.links if self._leading is None else f"({self.links} ANTI JOIN ours USING (high, low))"
            run(
                f"INSERT INTO aside SELECT DISTINCT ord, {Aside.TAKEN:d} FROM (FROM found {_LEFT}) JOIN theirs USING"
                f" (idx) SEMI JOIN (SELECT contact FROM {links}) l ON l.contact = theirs.id"
            )
        if self._leading is not None:
            self._leading.set_aside_found()

    def _prefer_first(self) -> None:
        """Of what a person met in several kinds only that of the first of these counts."""
        self._engine.keep(
            "met",
            "SELECT e.* FROM encounters e LEFT JOIN theirs t ON t.idx = e.idx"
            " QUALIFY t.kind IS NULL OR t.kind = min(t.kind) OVER (PARTITION BY e.ord)",
        )

    def _aside(self) -> dict[Aside, tuple[int, tuple[int, ...]]]:
        found = self._engine.rows(
            "SELECT reason, count(*), min(ord + 1, 10) FROM aside JOIN ours USING (ord) WHERE asked GROUP BY reason"
        )
        return {Aside(reason): (count, tuple(rows)) for reason, count, rows in found}


def ours_schema(blocked: Sequence[str], remembered: bool, signs: Signs) -> pa.Schema:
    """The keys of people: what signs need, flags of blocked fields, what a memo needs where one is to be written."""
    flags = [*(pa.field(name, pa.bool_()) for name in blocked)]
    memo = [("r1", pa.uint64()), ("r2", pa.uint64()), ("keep", pa.bool_())] if remembered else []
    return pa.schema([*_OURS, *signs.ours, *flags, *memo])


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
        ("rank", pa.int64()),  # see tables.moving
    ]
)
CLAIMED = pa.field("claimed", pa.bool_())
"""A column of OPEN where ids are stored: the person's may not be (see `signs.Leading.claim`)."""

THEIRS = pa.schema([("idx", pa.int64()), ("id", pa.string()), *KEYS, ("tagset", pa.int64())])
_HALVES = "(digest >> 64)::UBIGINT AS high, (digest & 18446744073709551615::UHUGEINT)::UBIGINT AS low"
_JUDGED = (
    "o.tagset = t.tagset AND NOT o.unsure AS tags_same, o.cells = t.cells AND tags_same AS same, o.asked, t.contact,"
    " o.cells AS ours, t.cells AS theirs"
)
_PAIR = "ord, idx, tags_same, same, asked, contact, ours, theirs"
_LEFT = "ANTI JOIN aside USING (ord)"
_NOBODY: Some = (0, ())
