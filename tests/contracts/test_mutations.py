"""The checker itself: of messages with one key dropped, retyped or renamed, how many does it catch?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reconciler.testing.contracts import Side, laid_over
from reconciler.testing.contracts.hubspot import changes
from reconciler.testing.contracts.mutations import Mutation, mutated
from tests.contracts.messages import good

FLOORS = {Mutation.RENAME: 1.0, Mutation.RETYPE: 0.93}


@pytest.fixture(scope="session")
def used() -> Sequence[str]:
    return sorted({message.operation for message in good()})


@pytest.mark.parametrize("side", Side)
def test_renamed_and_retyped_keys_are_caught(side: Side, document: dict[str, Any], used: Sequence[str]) -> None:
    """A dropped key is caught where the document demands it, which is told (`pytest -rP`) and has no floor."""
    caught = mutated(laid_over(document, changes()), used, side)
    told = ", ".join(f"{m} {caught[m].refused}/{caught[m].made}" for m in Mutation)
    print(f"caught in a {side}: {told}")
    assert all(c.made > 20 for c in caught.values()), told
    assert all(caught[mutation].share >= floor for mutation, floor in FLOORS.items()), told


def test_the_floors_notice_a_checker_that_is_not_closed(document: dict[str, Any], used: Sequence[str]) -> None:
    """The same with every object opened: renamed keys pass, and the floor is not reached."""
    opened = laid_over(document, changes())
    for schema in opened["components"]["schemas"].values():
        schema["x-open"] = True
    caught = mutated(opened, used, Side.RESPONSE)
    assert caught[Mutation.RENAME].share < FLOORS[Mutation.RENAME]
