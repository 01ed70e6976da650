"""Who is who: people and contacts as keys and hashes, paired in joins, no row at a time.

A person is a 128-bit digest of their id, a match (e-mail) is a pair of 64-bit hashes, a row is a 64-bit hash of its
canonical cells and the sum of its tags. Steps: remembered link, then e-mail, each on what the step before left.
Whoever is ambiguous is set aside with a reason; all others go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import pyarrow as pa

from reconciler.tables.engine import Engine, quoted

LINKS = pa.schema(
    [
        pa.field("person_high", pa.uint64(), nullable=False),  # the two halves of model.addresses.person_digest
        pa.field("person_low", pa.uint64(), nullable=False),
        pa.field("contact", pa.string(), nullable=False),
    ]
)


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


class Pairing:
    """Feed both sides, then `pair`. A person is known by `ord`, the number of the source row from 0; a contact by
    `idx`, its row in what was read of the CRM."""

    def __init__(
        self, engine: Engine, key: bytes, cells: Sequence[str], blocked: Sequence[str], raw: Sequence[str] = ()
    ) -> None:
        """`cells`: columns whose texts make the row hash. `blocked`: boolean columns kept beside the keys. `raw`: the
        columns as the source gives them, where a memo is to recognise them (see `tables.memo`)."""
        self._engine = engine
        self._key = key.hex()
        self._hash = f"hash({', '.join(cells)})"
        self._blocked = tuple(blocked)
        self._raw = raw_hash(raw) if raw else ""
        flags = "".join(f", {name} BOOLEAN" for name in self._blocked)
        remembered = ", r1 UBIGINT, r2 UBIGINT, keep BOOLEAN" if raw else ""
        engine.run(
            "CREATE TABLE ours (ord BIGINT, person UHUGEINT, m1 UBIGINT, m2 UBIGINT, cells UBIGINT, tagset BIGINT,"
            f" may BOOLEAN, asked BOOLEAN, unsure BOOLEAN{flags}{remembered})"
        )
        engine.run("CREATE TABLE theirs (idx BIGINT, id VARCHAR, m1 UBIGINT, m2 UBIGINT, cells UBIGINT, tagset BIGINT)")
        engine.run("CREATE TABLE aside (ord BIGINT, reason TINYINT)")
        engine.run("CREATE TABLE links (person UHUGEINT, contact VARCHAR)")
        engine.run("CREATE TABLE agreed (person UHUGEINT, ours UBIGINT, pattern VARCHAR)")

    def add_ours(self, batch: pa.RecordBatch) -> None:
        """Columns: ord, person, match, may, asked, tagset, unsure, the cells, the blocked flags; with a memo also the
        raw columns and `keep`, whether the row may be remembered."""
        more = [*self._blocked, *([self._raw, "keep"] if self._raw else [])]
        self._engine.run(
            f"INSERT INTO ours SELECT ord, md5_number('{self._key}' || person), {_MATCH}, {self._hash}, tagset,"
            f" may, asked, unsure{''.join(f', {column}' for column in more)} FROM batch",
            batch=batch,
        )

    def keys_of_theirs(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Columns match, the cells and `n` (row numbers) become the keys of contacts, schema KEYS, in that order."""
        m1, m2 = _MATCHES
        sql = f"SELECT n, {m1} AS m1, {m2} AS m2, {self._hash} AS cells FROM batch"
        found = self._engine.table(sql, batch=batch).sort_by("n").select(KEYS.names).combine_chunks()
        columns = [pa.concat_arrays(column.chunks or [pa.array([], column.type)]) for column in found.columns]
        return pa.RecordBatch.from_arrays(columns, schema=KEYS)

    def add_theirs(self, batch: pa.RecordBatch) -> None:
        """Columns: idx, id, m1, m2, cells, tagset."""
        self._engine.run("INSERT INTO theirs SELECT idx, id, m1, m2, cells, tagset FROM batch", batch=batch)

    def add_links(self, file: Path | None, created: Sequence[tuple[bytes, str]]) -> None:
        """`file`: Parquet of schema LINKS. `created`: newer links, which win."""
        newer = pa.table(
            {
                # The engine reads the digest's sixteen bytes as one little-endian number.
                "person_high": pa.array([int.from_bytes(d[8:], "little") for d, _ in created], pa.uint64()),
                "person_low": pa.array([int.from_bytes(d[:8], "little") for d, _ in created], pa.uint64()),
                "contact": pa.array([contact for _, contact in created], pa.string()),
            }
        )
        self._engine.run(f"INSERT INTO links SELECT DISTINCT ON (1) {_PERSON}, contact FROM newer", newer=newer)
        if file is not None:
            self._engine.run(
                f"INSERT INTO links SELECT older.* FROM (SELECT {_PERSON} AS person, contact"
                f" FROM read_parquet({quoted(file)})) older ANTI JOIN links USING (person)"
            )

    def add_agreed(self, file: Path) -> bool:
        """What both sides agreed on in the last apply (see `tables.settled`); False if the file cannot be read."""
        return self._engine.can(f"INSERT INTO agreed SELECT {_PERSON}, ours, pattern FROM read_parquet({quoted(file)})")

    def pair(self) -> Paired:
        """Leaves the tables `pairs` (ord, idx, same, tags_same, asked, taken), `lonely` and `aside`."""
        run, value = self._engine.run, self._engine.value
        self._set_aside_people()
        self._pair_links()
        self._pair_matches()
        moved = (
            "o.m1 IS NOT NULL AND (o.m1 IS DISTINCT FROM t.m1 OR o.m2 IS DISTINCT FROM t.m2)"
            " AND (o.m1, o.m2) IN (SELECT (m1, m2) FROM theirs WHERE m1 IS NOT NULL)"
        )
        run(
            "CREATE TABLE pairs AS SELECT p.ord, p.idx, o.tagset = t.tagset AND NOT o.unsure AS tags_same,"
            " o.cells = t.cells AND tags_same AS same, false AS settled, o.asked,"
            f" {moved if value(_MOVED) else 'false'} AS taken"
            " FROM paired p JOIN ours o USING (ord) JOIN theirs t USING (idx)"
        )
        run(f"CREATE TABLE lonely AS SELECT ord, may, asked FROM ours o WHERE {_LEFT}")
        counted = self._engine.rows("SELECT count(*) FILTER (asked), count(*) FILTER (asked AND same) FROM pairs")[0]
        alone = self._engine.rows("SELECT count(*) FILTER (may), count(*) FILTER (NOT may) FROM lonely WHERE asked")[0]
        return Paired(counted[0], counted[1], alone[0], alone[1], self._aside())

    def differing(self) -> pa.Table:
        """Pairs that have to be looked at, ascending by `ord`: ord, idx, taken, tags_same; `unmoved`: our side is as it
        was agreed on, and `agreed` the pattern of then."""
        return self._engine.table(
            "SELECT ord, idx, taken, tags_same,"
            f" coalesce(a.ours = {ROW} AND NOT o.unsure, false) AS unmoved, a.pattern AS agreed"
            " FROM (SELECT * FROM pairs WHERE asked AND NOT same AND NOT settled) p"
            " JOIN ours o USING (ord) LEFT JOIN agreed a USING (person) ORDER BY ord"
        )

    def creates(self) -> pa.Array:
        """Ordinals of people to be created, ascending."""
        return self._engine.table("SELECT ord FROM lonely WHERE asked AND may ORDER BY ord").column(0).combine_chunks()

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

    def write_links(self, path: Path) -> None:
        """Every link known now: those of this pairing, and remembered ones of people who were not seen."""
        self._engine.run(
            f"COPY (SELECT {HALVES}, id AS contact FROM pairs JOIN ours USING (ord) JOIN theirs USING (idx)"
            f" UNION ALL SELECT {HALVES}, contact FROM links"
            " ANTI JOIN (SELECT person FROM pairs JOIN ours USING (ord)) USING (person))"
            f" TO {quoted(path)} (FORMAT parquet)"
        )

    def _set_aside_people(self) -> None:
        run = self._engine.run
        run(f"INSERT INTO aside SELECT ord, {Aside.NO_PERSON:d} FROM ours WHERE person IS NULL")
        run(
            f"INSERT INTO aside SELECT ord, {Aside.SAME_PERSON:d} FROM ours WHERE person IN"
            " (SELECT person FROM ours WHERE person IS NOT NULL GROUP BY person HAVING count(*) > 1)"
        )
        run(
            f"INSERT INTO aside SELECT ord, {Aside.SAME_MATCH:d} FROM (SELECT ord, m1, m2 FROM ours ANTI JOIN aside"
            " USING (ord)) WHERE m1 IS NOT NULL AND (m1, m2) IN (SELECT (m1, m2) FROM ours ANTI JOIN aside USING (ord)"
            " WHERE m1 IS NOT NULL GROUP BY m1, m2 HAVING count(*) > 1)"
        )

    def _pair_links(self) -> None:
        run = self._engine.run
        run(
            "CREATE TABLE linked AS SELECT o.ord, t.idx FROM (SELECT * FROM ours ANTI JOIN aside USING (ord)) o"
            " JOIN links l USING (person) LEFT JOIN theirs t ON t.id = l.contact"
        )
        run(f"INSERT INTO aside SELECT ord, {Aside.GONE:d} FROM linked WHERE idx IS NULL")
        run(
            f"INSERT INTO aside SELECT ord, {Aside.SHARED_CONTACT:d} FROM linked WHERE idx IN"
            " (SELECT idx FROM linked WHERE idx IS NOT NULL GROUP BY idx HAVING count(*) > 1)"
        )
        run("CREATE TABLE paired AS SELECT ord, idx FROM linked ANTI JOIN aside USING (ord)")

    def _pair_matches(self) -> None:
        run = self._engine.run
        run(f"INSERT INTO aside SELECT ord, {Aside.NO_MATCH:d} FROM ours o WHERE m1 IS NULL AND {_LEFT}")
        run(
            "CREATE TABLE found AS SELECT o.ord, t.idx,"
            " t.idx IN (SELECT idx FROM linked WHERE idx IS NOT NULL) AS taken"
            f" FROM ours o JOIN theirs t ON o.m1 = t.m1 AND o.m2 = t.m2 WHERE {_LEFT}"
        )
        run(f"INSERT INTO aside SELECT ord, {Aside.MANY_CONTACTS:d} FROM found GROUP BY ord HAVING count(*) > 1")
        run(f"INSERT INTO aside SELECT ord, {Aside.TAKEN:d} FROM found ANTI JOIN aside USING (ord) WHERE taken")
        run("INSERT INTO paired SELECT ord, idx FROM found ANTI JOIN aside USING (ord)")

    def _aside(self) -> dict[Aside, tuple[int, tuple[int, ...]]]:
        found = self._engine.rows(
            "SELECT reason, count(*), min(ord + 1, 10) FROM aside JOIN ours USING (ord) WHERE asked GROUP BY reason"
        )
        return {Aside(reason): (count, tuple(rows)) for reason, count, rows in found}


def raw_hash(columns: Sequence[str]) -> str:
    """Two 64-bit hashes of a whole row, as SQL: enough for a row to be known by them among a thousand million."""
    listed = ", ".join(columns)
    return f"hash({listed}), hash({listed}, 1)"


_MATCHES = tuple(f"CASE WHEN match IS NULL THEN NULL ELSE {hashed} END" for hashed in ("hash(match)", "hash(match, 1)"))
_MATCH = ", ".join(_MATCHES)
_PERSON = "(person_high::UHUGEINT << 64) | person_low::UHUGEINT"
ROW = "hash(o.cells, o.tagset)"
"""One person's row, tags included, as one hash; of the table `ours` as o."""

HALVES = "(person >> 64)::UBIGINT AS person_high, (person & 18446744073709551615::UHUGEINT)::UBIGINT AS person_low"
_LEFT = "ord NOT IN (SELECT ord FROM paired) AND ord NOT IN (SELECT ord FROM aside)"
_MOVED = (
    "SELECT count(*) FROM linked JOIN ours o USING (ord) JOIN theirs t USING (idx)"
    " WHERE o.m1 IS DISTINCT FROM t.m1 OR o.m2 IS DISTINCT FROM t.m2"
)
