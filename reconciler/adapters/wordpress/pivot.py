"""Rows of meta data become columns of people, for one range of users."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.adapters.wordpress.names import USER_ID
from reconciler.adapters.wordpress.serialised import Unserialisable, unserialised
from reconciler.model.types import Unreadable
from reconciler.model.types.php import is_stored_list, read_serialised

if TYPE_CHECKING:
    import pyarrow as pa


class Pivot:
    """`take` the rows, then ask for columns. Of a key that somebody has twice the first row counts, as for WordPress's
    own `get_user_meta`; of one in `repeated` all do, as a JSON list."""

    def __init__(self, users: pa.Array, repeated: frozenset[str]) -> None:
        """`users`: their numbers as text, ascending."""
        self._users, self._repeated = users, repeated
        self._columns: dict[str, pa.Array] = {}

    @property
    def first(self) -> int:
        return int(self._users[0].as_py())

    @property
    def last(self) -> int:
        return int(self._users[-1].as_py())

    def repeats(self, keys: Collection[str]) -> bool:
        """Whether the order of rows counts for one of these keys."""
        return not self._repeated.isdisjoint(keys)

    def take(self, rows: pa.RecordBatch, keys: Sequence[str]) -> bool:
        """Columns `user_id`, `key`, `value`, and `row` where order counts. False, and nothing taken, if somebody has a
        key twice and there is no `row`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        ordered = "row" in rows.schema.names
        if ordered:
            rows = rows.take(pc.sort_indices(rows.column("row").cast(pa.uint64())))
        codes = pc.index_in(rows.column("key"), value_set=pa.array(keys, pa.string()))
        for code, key in enumerate(keys):
            mine = rows.filter(pc.equal(codes, code))
            owners, values = mine.column(USER_ID), mine.column("value")
            if ordered:
                owners, values = _grouped(owners, values, key in self._repeated)
            elif pc.count_distinct(owners).as_py() != len(owners):
                return False
            self._columns[key] = values.take(pc.index_in(self._users, value_set=owners))
        return True

    def column(self, key: str) -> pa.Array:
        return self._columns[key]

    def roles(self, key: str, known: frozenset[str] | None) -> pa.Array:
        """The roles in the serialised capabilities as JSON lists; what cannot be read stays as it is stored. `known`:
        the site's roles, each of which counts, switched on or not, as for WordPress. None: whatever is switched on."""
        import pyarrow as pa

        encoded = self._columns[key].dictionary_encode()
        lists = pa.array([_roles(text, known) for text in encoded.dictionary.to_pylist()], pa.string())
        return lists.take(encoded.indices).fill_null("[]")


def _grouped(owners: Any, values: Any, all: bool) -> tuple[pa.Array, pa.Array]:
    """Each owner once, with the first value, or all of them as a JSON list."""
    import pyarrow as pa

    found: dict[str, list[str]] = {}
    for owner, value in zip(owners.to_pylist(), values.to_pylist(), strict=True):
        found.setdefault(owner, []).append(value)
    texts = [_json(some) if all else some[0] for some in found.values()]
    return pa.array(list(found), pa.string()), pa.array(texts, pa.string())


def role_names(option: str) -> frozenset[str] | None:
    """The names in the serialised option that defines a site's roles; None where it defines none."""
    try:
        defined = unserialised(option)
    except Unserialisable:
        return None
    return frozenset(defined) if isinstance(defined, dict) and defined else None


def _roles(text: str, known: frozenset[str] | None) -> str:
    if not is_stored_list(text):
        return "[]"  # as for WordPress
    try:
        value = read_serialised(text)
    except Unreadable:
        return text
    if not isinstance(value, list):
        return text
    if known is not None:
        return _json([str(key) for key, _ in value if str(key) in known])
    return _json([str(key) for key, on in value if on is True or on in ("1", "true")])


def _json(texts: Sequence[str]) -> str:
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
