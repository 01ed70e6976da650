"""Which kind of object a contact is of, as its id tells: for whole columns, and in SQL."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.objects import ONE, Objects
from reconciler.tables.scalars import whole


class KindOfId:
    """Kinds as numbers, in the order in which people are looked up."""

    def __init__(self, objects: Objects = ONE) -> None:
        self.several = objects.several
        self._begin = objects.by_length if objects.several else []

    def of(self, ids: pa.Array) -> pa.Array:
        """The kind of each, int8."""
        found = pa.repeat(whole(0, pa.int8()), len(ids))
        for begin, number in reversed(self._begin):
            found = pc.if_else(pc.starts_with(ids, begin), whole(number, pa.int8()), found)
        return found

    def sql(self, id: str) -> str:
        """The kind of a column of ids."""
        cases = "".join(f" WHEN starts_with({id}, {_quoted(begin)}) THEN {n}" for begin, n in self._begin)
        return f"(CASE{cases} ELSE 0 END)" if cases else "0"


def _quoted(text: str) -> str:
    """As a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
