"""Signs of who is who beside the e-mail: a column with the contact's id, remembered links, ids that contacts hold.

Each sign counts for those whom the sign before left. Without a column, stored ids and a policy for contacts that are
gone there is nothing here to do: remembered links alone are joined by `tables.pairing` itself.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from reconciler.model.desired import Gone
from reconciler.tables.aside import Aside
from reconciler.tables.engine import Engine

STORED = "CASE WHEN stored IS NOT NULL THEN hash(stored) END AS s1, hash('~' || stored) AS s2"
"""Two hashes of a stored id, as SQL over the column `stored`."""

_STORED = (("s1", pa.uint64()), ("s2", pa.uint64()))
STORED_KEYS = pa.schema(_STORED)
_LEFT = "ANTI JOIN aside USING (ord)"


class Signs(NamedTuple):
    """By what people find their contacts beside remembered links and the match.

    `link`: people have a column with the contact's id. `stored`: contacts have a field with the person's id. `gone`:
    what becomes of who is led to a contact that is not there.
    """

    link: bool = False
    stored: bool = False
    gone: Gone = Gone.REPORT

    @property
    def any(self) -> bool:
        return self != NO_SIGNS

    @property
    def ours(self) -> list[tuple[str, pa.DataType]]:
        """More columns of the keys of people."""
        return [*([("link", pa.string())] if self.link else []), *self.theirs]

    @property
    def theirs(self) -> list[tuple[str, pa.DataType]]:
        """More columns of the keys of contacts."""
        return list(_STORED) if self.stored else []

    @property
    def read(self) -> str:
        """What people's batches add to their keys, as SQL."""
        return f"{', link' if self.link else ''}{self.hashed}"

    @property
    def hashed(self) -> str:
        """What contacts' batches add to their keys, as SQL."""
        return f", {STORED}" if self.stored else ""


NO_SIGNS = Signs()


class Leading:
    """Where each person's signs lead. Reads `ours`, `theirs`, `aside` and the links; call `lead`, then the rest."""

    def __init__(self, engine: Engine, signs: Signs, links: str) -> None:
        """`links`: the name of the table of remembered links."""
        self._engine, self._signs, self._links = engine, signs, links

    def lead(self) -> None:
        """Leaves `led`: who is led by a sign (ord, contact, step), and to a contact that is not there only where no
        other sign leads anywhere; and `parted`: who had a sign."""
        parts: list[str] = []
        for step, sql in enumerate(self._steps()):
            done = f" ANTI JOIN ({' UNION ALL '.join(parts)}) USING (ord)" if parts else ""
            self._engine.keep(f"led{step}", f"SELECT ord, contact, {step} AS step FROM ({sql}){done}")
            parts.append(f"FROM led{step}")
        self._engine.run(f"CREATE VIEW led AS {' UNION ALL '.join(parts)}")
        if self._signs.gone is Gone.UNLINK:
            by_column = " UNION SELECT ord FROM ours WHERE link IS NOT NULL" if self._signs.link else ""
            self._engine.keep("parted", f"SELECT ord FROM ours JOIN {self._links} USING (high, low){by_column}")

    def _steps(self) -> list[str]:
        """Each sign as SQL: ord, contact. A dead id in the column is somebody's mistake and is told; a dead link of
        ours is not where the CRM knows better. Who is set aside is led, too: their contacts are nobody else's."""
        there = " WHERE contact IN (SELECT id FROM theirs)"
        column = "SELECT ord, contact FROM (SELECT ord, link AS contact FROM ours WHERE link IS NOT NULL)"
        linked = f"SELECT ord, contact FROM ours JOIN {self._links} USING (high, low)"
        stored = (
            "SELECT o.ord, t.id AS contact FROM (SELECT ord, s1, s2 FROM ours WHERE s1 IS NOT NULL) o"
            " JOIN theirs t USING (s1, s2)"
        )
        told = self._signs.gone is Gone.REPORT
        steps = [column if told else column + there] if self._signs.link else []
        steps.append(linked if told and not self._signs.stored else linked + there)
        if self._signs.stored:
            steps += [stored, linked] if told else [stored]
        return steps

    def set_aside(self) -> None:
        """Who is led to several contacts, and who is led where somebody else is led, too: the stronger sign wins."""
        run = self._engine.run
        if self._signs.stored:
            many = "SELECT ord FROM led GROUP BY ord HAVING count(*) > 1"
            run(f"INSERT INTO aside SELECT ord, {Aside.MANY_STORED:d} FROM ({many}) {_LEFT}")
        wanted = (
            "SELECT contact, min(step) AS first FROM led WHERE contact IN (SELECT id FROM theirs)"
            " GROUP BY contact HAVING count(*) > 1"
        )
        several = f"SELECT * FROM led JOIN ({wanted}) USING (contact)"
        later = f"SELECT DISTINCT ord FROM ({several}) WHERE step > first"
        run(f"INSERT INTO aside SELECT ord, {Aside.GIVEN_AWAY:d} FROM ({later}) {_LEFT}")
        shared = f"SELECT contact FROM ({several}) WHERE step = first GROUP BY contact HAVING count(*) > 1"
        first = f"SELECT DISTINCT ord FROM ({several}) WHERE step = first AND contact IN ({shared})"
        run(f"INSERT INTO aside SELECT ord, {Aside.SHARED_CONTACT:d} FROM ({first}) {_LEFT}")

    def claim(self, bystanders: str) -> None:
        """Leaves `claimed`: whose contact holds the id of somebody else in the source, and whose id another contact
        holds; and `somebody`: all ids of the source. `bystanders`: a table of those out of scope."""
        self._engine.run(
            "CREATE VIEW somebody AS SELECT s1, s2 FROM ours WHERE s1 IS NOT NULL"
            f" UNION ALL SELECT s1, s2 FROM {bystanders} WHERE s1 IS NOT NULL"
        )
        differ = "(t.s1 IS DISTINCT FROM o.s1 OR t.s2 IS DISTINCT FROM o.s2)"
        self._engine.keep(
            "claimed",
            f"SELECT l.ord FROM linked l JOIN ours o USING (ord) JOIN theirs t USING (idx) SEMI JOIN somebody s"
            f" ON t.s1 = s.s1 AND t.s2 = s.s2 WHERE {differ} UNION"
            " SELECT l.ord FROM linked l JOIN ours o USING (ord) JOIN theirs t ON t.s1 = o.s1 AND t.s2 = o.s2"
            " WHERE t.idx <> l.idx",
        )

    def set_aside_found(self) -> None:
        """Who is found by e-mail in a contact that a sign gives to somebody else, set aside or not."""
        given = "SELECT idx FROM theirs WHERE id IN (SELECT contact FROM led)"
        if self._signs.stored:
            given += " UNION ALL SELECT idx FROM theirs SEMI JOIN somebody USING (s1, s2)"
        self._engine.run(f"INSERT INTO aside SELECT ord, {Aside.TAKEN:d} FROM found {_LEFT} WHERE idx IN ({given})")

    def parted(self) -> tuple[int, tuple[int, ...]]:
        """Whose contact is gone and who is not created anew, where that is the file's wish."""
        if self._signs.gone is not Gone.UNLINK:
            return 0, ()
        return self._some("SELECT ord FROM lonely JOIN parted USING (ord) WHERE asked")

    def differing(self) -> tuple[int, tuple[int, ...]]:
        """Whose column names another contact than their remembered link: how many, and their first rows."""
        if not self._signs.link:
            return 0, ()
        people = f"(SELECT ord, high, low, link FROM ours {_LEFT} WHERE asked AND link IS NOT NULL)"
        return self._some(f"SELECT ord FROM {people} JOIN {self._links} USING (high, low) WHERE link <> contact")

    def _some(self, people: str) -> tuple[int, tuple[int, ...]]:
        count, rows = self._engine.rows(f"SELECT count(*), min(ord + 1, 10) FROM ({people})")[0]
        return count, tuple(rows or ())
