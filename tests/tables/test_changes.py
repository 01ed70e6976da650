"""The change table: what comes in any order stands in the plan's order."""

from pathlib import Path

import pyarrow as pa
import pytest

from reconciler.model.plan import ContactAction
from reconciler.tables.changes import ChangeTable, TagChanges
from reconciler.tables.engine import Engine


def people(rows: list[int]) -> pa.RecordBatch:
    texts = pa.array([f"p{row}" for row in rows], pa.string())
    return pa.RecordBatch.from_arrays(
        [texts, pa.array(rows, pa.int64()), texts, texts], names=["person", "row", "match", "contact"]
    )


def tagged(count: int) -> list[TagChanges]:
    at = pa.array(range(count), pa.int64())
    return [TagChanges(at, pa.array(["Customer"] * count), pa.array([1] * count, pa.int8()))]


@pytest.mark.parametrize(
    "batches",
    [
        [[1, 2], [5, 9]],
        [[5, 9], [1, 2]],
        [[3, 8], [1, 5]],
        [[4]],
        [],
    ],
)
def test_contacts_stand_by_source_row_whatever_the_order_of_batches(tmp_path: Path, batches: list[list[int]]) -> None:
    table, engine = ChangeTable(tmp_path / "changes", []), Engine(tmp_path, "200MB")
    table.append(people([7, 20]), ContactAction.CREATE, [], [])
    for rows in batches:
        table.append(people(rows), ContactAction.UPDATE, [], tagged(len(rows)))
    table.order(engine)
    engine.close()
    found = [row for batch in table.batches() for row in batch.to_pylist()]
    assert [row["row"] for row in found] == [7, 20, *sorted(row for rows in batches for row in rows)]
    assert [row["tags"] for row in found[2:]] == [[{"tag": "Customer", "action": 1}]] * (len(found) - 2)
    assert table.contacts == len(found)
