"""Who may take the address that their contact has now."""

from __future__ import annotations

import pyarrow as pa
import pytest

from reconciler.planning.ahead import crowded

Moved = dict[int, tuple[str | None, str]]


@pytest.mark.parametrize(
    ("moved", "stays", "pulled", "stuck"),
    [
        pytest.param({1: ("a", "x")}, set(), {1}, set(), id="nobody has it"),
        pytest.param({1: ("a", "x")}, {1}, {1}, {1}, id="somebody keeps it"),
        pytest.param({1: ("a", "x")}, set(), set(), {1}, id="it is not pulled anyway"),
        pytest.param({1: ("a", "b"), 2: ("b", "c")}, set(), {1, 2}, set(), id="who has it leaves it"),
        pytest.param({1: ("a", "b"), 2: ("b", "c")}, set(), {1}, {1, 2}, id="who has it does not pull"),
        pytest.param({1: ("a", "b"), 2: ("b", "c")}, {2}, {1, 2}, {1, 2}, id="who has it cannot leave"),
        pytest.param({1: ("a", "b"), 2: ("b", "c"), 3: ("c", "d")}, {3}, {1, 2, 3}, {1, 2, 3}, id="a chain is stuck"),
        pytest.param({1: ("a", "b"), 2: ("b", "a")}, set(), {1, 2}, set(), id="a swap"),
        pytest.param({1: ("a", "b"), 2: ("b", "a")}, set(), {1}, {1, 2}, id="half of a swap"),
        pytest.param({1: ("a", "x"), 2: ("b", "x")}, set(), {1, 2}, {1, 2}, id="two come to one"),
        pytest.param(
            {1: (None, "b"), 2: ("b", "c")}, set(), {1, 2}, set(), id="who had none comes to one that is left"
        ),
    ],
)
def test_no_two_people_come_to_have_one_address(
    moved: Moved, stays: set[int], pulled: set[int], stuck: set[int]
) -> None:
    rows = [{"ord": n, "own": own, "its": its, "stays": n in stays} for n, (own, its) in moved.items()]
    assert set(crowded(pa.Table.from_pylist(rows), pulled).to_pylist()) == stuck
