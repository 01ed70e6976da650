"""Creations that were begun and whose outcome nobody knows: which contact each led to, if it led to one.

All that is known is the address that the contact was to have. Who has no link is led to the one contact with that
address, as a remembered link would lead them: their own address may be another one by now, and the old one somebody
else's.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from reconciler.tables.engine import Engine
from reconciler.tables.keys import MATCHES
from reconciler.tables.signs import Signs

Begun = tuple[bytes, str]
"""(digest of the person, the address that the contact was to have)"""


def halves(digests: Sequence[bytes]) -> dict[str, pa.Array]:
    """The columns `high` and `low` of digests. The engine reads the sixteen bytes as one little-endian number."""
    return {
        "high": pa.array([int.from_bytes(digest[8:], "little") for digest in digests], pa.uint64()),
        "low": pa.array([int.from_bytes(digest[:8], "little") for digest in digests], pa.uint64()),
    }


def add_begun(engine: Engine, begun: Sequence[Begun]) -> None:
    """Leaves `begun` (high, low, m1, m2), of each address who was the last: when theirs was begun, no contact had it.
    `begun`: the oldest first."""
    last = {address: digest for digest, address in begun}
    people = pa.table({**halves([*last.values()]), "match": pa.array([*last], pa.string())})
    engine.run(f"CREATE TABLE begun AS SELECT high, low, {MATCHES} FROM people", people=people)


def link_begun(engine: Engine, links: str, signs: Signs) -> None:
    """Adds to `linked_since` (see `tables.remembered`) who has no link and was begun under an address that one contact
    has, and whose that contact can be. `links`: the name of the links; `signs`: what else pairs people."""
    if not engine.value("SELECT count(*) FROM begun"):
        return
    free = [f"id NOT IN (SELECT contact FROM {links})"]
    free += ["id NOT IN (SELECT link FROM ours WHERE link IS NOT NULL)"] if signs.link else []
    free += ["s1 IS NULL"] if signs.stored else []  # with an id in it, the id says whose it is
    one = "SELECT * FROM theirs SEMI JOIN begun USING (m1, m2) QUALIFY count(*) OVER (PARTITION BY m1, m2) = 1"
    engine.run(
        "CREATE TABLE led_begun AS SELECT high, low, any_value(id) AS contact FROM begun"
        f" JOIN (SELECT * FROM ({one}) WHERE {' AND '.join(free)}) USING (m1, m2)"
        f" WHERE (high, low) NOT IN (SELECT (high, low) FROM {links}) GROUP BY high, low HAVING count(*) = 1"
    )
    engine.run("INSERT INTO linked_since SELECT high, low, contact FROM led_begun")
