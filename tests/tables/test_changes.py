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


def test_contacts_whose_addresses_wait_for_each_other_stand_at_the_end_by_rank(tmp_path: Path) -> None:
    table = ChangeTable(tmp_path / "changes.arrow", [])
    table.append(people([1, 2, 5], [3, 0, 2]), ContactAction.UPDATE, [], tagged(3))
    table.append(people([9], [4]), ContactAction.CREATE, [], [])
    table.append(people([7, 8], [1, 2]), ContactAction.UPDATE, [], tagged(2))
    for _ in range(2):
        found = [row for batch in table.batches() for row in batch.to_pylist()]
        assert [(row["row"], row["rank"]) for row in found] == [(2, 0), (7, 1), (5, 2), (8, 2), (1, 3), (9, 4)]
    assert (table.ranked(ContactAction.CREATE), table.ranked(ContactAction.UPDATE)) == ((1,), ())
    assert table.contacts == 6


def test_more_ranks_than_one_part_holds_come_in_order(tmp_path: Path) -> None:
    table = ChangeTable(tmp_path / "changes.arrow", [])
    rows = 70_000
    for start in range(0, rows, 7_000):
        numbers = list(range(start, start + 7_000))
        table.append(people(numbers, [rows - n for n in numbers]), ContactAction.CREATE, [], [])
    assert [n for batch in table.batches() for n in batch.column("rank").to_pylist()] == list(range(1, rows + 1))
