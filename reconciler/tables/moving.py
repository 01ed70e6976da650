"""Addresses on the move: who takes an address that another contact leaves in the same run, and in which order.

Each address has one taker and one holder at most, so takers form lines and circles. A line whose last holder leaves can
be written, who leaves before who takes: its contacts have *ranks*, from 1 for who only leaves. In a circle nobody can
be the first, and behind an address that stays nobody moves. A contact of rank 0 has nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from reconciler.tables.engine import Engine

CIRCLE = -1
"""The rank of who would have to be written before themselves."""

_STAYS = -1  # in place of a contact's `idx`: the address does not become free


class Moving:
    """One pairing's view of them. Without a linked person whose address is another than the contact's, nothing here
    costs anything."""

    def __init__(self, engine: Engine, writes: bool = False, rewritten: Sequence[str] = ()) -> None:
        """`writes`: whether the plan writes every address that differs. `rewritten`: contacts whose address the CRM
        made of another one that was sent; whether they leave it is not known from hashes, so they do not count as if
        they did."""
        self._engine, self._writes, self._rewritten = engine, writes, rewritten
        self._moves = self._ranked = False

    def among_linked(self) -> None:
        """Of `linked` (see `tables.pairing`): leaves `moved`, whose new address another contact keeps, and `ranks`
        (ord, rank) of the others who take or leave one, and of who stands in a circle."""
        run, value = self._engine.run, self._engine.value
        run("CREATE TABLE moved (ord BIGINT)")
        run("CREATE TABLE ranks (ord BIGINT, rank BIGINT)")
        if not value("SELECT count(*) FROM linked WHERE moves"):
            return
        run(
            "CREATE TABLE takers AS SELECT ord, any_value(linked.idx) AS idx, any_value(t.idx) AS holder,"
            " count(*) AS holders FROM linked JOIN ours USING (ord) JOIN theirs own ON own.idx = linked.idx"
            " JOIN theirs t ON t.m1 = ours.m1 AND t.m2 = ours.m2 AND t.kind = own.kind"
            f" WHERE moves AND t.m1 IS NOT NULL AND {_SEEN} GROUP BY ord"
        )
        self._moves = self._writes
        if not self._writes:
            run("INSERT INTO moved SELECT ord FROM takers")
            return
        self._add_leavers()
        if value("SELECT count(*) FROM takers"):
            self._rank_takers()

    def among_met(self) -> None:
        """Of `met`: leaves `freed` (ord), who have no contact and whose address a contact leaves; and the views `found`
        and `lonely` as they are then."""
        if not self._moves:
            return
        run = self._engine.run
        run(
            "CREATE TABLE freed AS SELECT met.ord, l.ord AS leaver, coalesce(r.rank, 1) + 1 AS rank, may AND asked AS"
            " goes FROM met JOIN leavers l USING (idx) LEFT JOIN ranks r ON r.ord = l.ord"
            f" WHERE l.ord NOT IN (SELECT ord FROM moved) AND met.{_SEEN}"
        )
        if not self._engine.value("SELECT count(*) FROM freed"):
            return
        run(
            "INSERT INTO ranks SELECT leaver, 1 FROM freed WHERE goes AND leaver NOT IN (SELECT ord FROM ranks)"
            " UNION ALL SELECT ord, rank FROM freed WHERE goes"
        )
        run("CREATE OR REPLACE VIEW found AS FROM met WHERE idx IS NOT NULL AND ord NOT IN (SELECT ord FROM freed)")
        run(
            "CREATE OR REPLACE VIEW lonely AS SELECT ord, may, asked FROM met WHERE idx IS NULL"
            " OR ord IN (SELECT ord FROM freed)"
        )

    def ranked(self, people: str) -> str:
        """The rows of a query with `ord`, and the rank of each."""
        if not self._moves:
            return f"SELECT *, 0 AS rank FROM ({people})"
        return f"SELECT p.*, coalesce(r.rank, 0) AS rank FROM ({people}) p LEFT JOIN ranks r USING (ord)"

    def _add_leavers(self) -> None:
        """Leaves `leavers` (ord, idx): whose contact has an address that the plan overwrites."""
        rewritten = pa.table({"id": pa.array(self._rewritten, pa.string())})
        run = self._engine.run
        run("CREATE TABLE rewritten AS SELECT idx FROM theirs SEMI JOIN given USING (id)", given=rewritten)
        run(
            "CREATE VIEW leavers AS SELECT ord, idx FROM linked WHERE leaves AND idx NOT IN (SELECT idx FROM rewritten)"
            f" AND {_SEEN}"
        )

    def _rank_takers(self) -> None:
        """Follow each taker to the end of the line, at each step twice as far as at the one before."""
        run, value = self._engine.run, self._engine.value
        run(
            f"CREATE TABLE line AS SELECT t.ord, t.idx, CASE WHEN holders = 1 THEN coalesce(l.idx, {_STAYS}) ELSE"
            f" {_STAYS} END AS next, 1::BIGINT AS steps FROM takers t LEFT JOIN leavers l ON l.idx = t.holder"
        )
        for _ in range(value("SELECT count(*) FROM line").bit_length() + 1):
            if not value("SELECT count(*) FROM line a JOIN line b ON a.next = b.idx"):
                break
            run(
                "CREATE OR REPLACE TABLE line AS SELECT a.ord, a.idx, coalesce(b.next, a.next) AS next,"
                " a.steps + coalesce(b.steps, 0) AS steps FROM line a LEFT JOIN line b ON a.next = b.idx"
            )
        run("CREATE TABLE circles AS SELECT *, next IN (SELECT idx FROM line) AS circle FROM line")
        run(f"CREATE TABLE ends AS SELECT *, NOT circle AND next <> {_STAYS} AS free FROM circles")
        run("INSERT INTO moved SELECT ord FROM ends WHERE NOT free")
        run(
            f"INSERT INTO ranks SELECT ord, CASE WHEN circle THEN {CIRCLE} ELSE steps + 1 END FROM ends WHERE circle OR"
            " free UNION ALL SELECT ord, 1 FROM leavers WHERE idx IN (SELECT next FROM ends WHERE free)"
        )


_SEEN = "ord NOT IN (SELECT ord FROM aside)"
