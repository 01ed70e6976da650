"""The change table: creates first, then by source row."""

from pathlib import Path

import pyarrow as pa

from reconciler.model.plan import ContactAction
from reconciler.tables.changes import ChangeTable, TagChanges


def people(rows: list[int], ranks: list[int] | None = None) -> pa.RecordBatch:
    texts = pa.array([f"p{row}" for row in rows], pa.string())
    return pa.RecordBatch.from_arrays(
        [texts, pa.array(rows, pa.int64()), texts, texts, pa.array(ranks or [0] * len(rows), pa.int64())],
        names=["person", "row", "match", "contact", "rank"],
    )


def tagged(count: int) -> list[TagChanges]:
    at = pa.array(range(count), pa.int64())
    return [TagChanges(at, pa.array(["Customer"] * count), pa.array([1] * count, pa.int8()))]


def test_creates_stand_first_whatever_the_order_of_batches(tmp_path: Path) -> None:
    table = ChangeTable(tmp_path / "changes.arrow", [])
    for creates, updates in (([7], [1, 2]), ([20], [5, 9]), ([], [30])):
        table.append(people(updates), ContactAction.UPDATE, [], tagged(len(updates)))
        table.append(people(creates), ContactAction.CREATE, [], [])
    found = [row for batch in table.batches() for row in batch.to_pylist()]
    assert [row["row"] for row in found] == [7, 20, 1, 2, 5, 9, 30]
    assert [row["tags"] for row in found[2:]] == [[{"tag": "Customer", "action": 1}]] * 5
    assert table.contacts == len(found)
