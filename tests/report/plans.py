"""Plans made by hand for the tests of `report` and `cli`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from reconciler.model.plan import (
    CAUSES,
    CHANGES,
    Action,
    Cause,
    ContactAction,
    ContactCount,
    Cost,
    Delta,
    EndpointCost,
    FieldCount,
    Finding,
    Guard,
    InventoryChange,
    Plan,
    TagCount,
    Verdict,
)
from reconciler.model.problems import Level, Place

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = "reconciler.yaml"


@dataclass(frozen=True)
class People:
    """Changes of people held in memory."""

    rows: tuple[dict[str, Any], ...] = ()
    keys: tuple[str, ...] = ("email", "birthday")

    @property
    def contacts(self) -> int:
        return len(self.rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(self.rows), 2):
            yield pa.RecordBatch.from_pylist(list(self.rows[start : start + 2]), schema=CHANGES)


def created(row: int, values: int = 4) -> dict[str, Any]:
    return _person(row, None, ContactAction.CREATE, values)


def updated(row: int, values: int = 1) -> dict[str, Any]:
    return _person(row, f"c{row}", ContactAction.UPDATE, values)


def _person(row: int, contact: str | None, action: ContactAction, values: int) -> dict[str, Any]:
    value = {
        "field": 0,
        "verdict": int(Verdict.SET),
        "cause": CAUSES.index(Cause.SOURCE),
        "before": None,
        "after": "secret-value",
    }
    return {
        "person": f"u{row}",
        "row": row,
        "match": f"u{row}@example.com",
        "contact": contact,
        "action": int(action),
        "values": [value] * values,
        "tags": [],
        "rank": 0,
    }


def at(line: int, file: str = FILE, column: int = 3) -> Place:
    return Place(file, line, column)


def ways(limit: str, observed: int) -> tuple[str, ...]:
    """As a limit that stands in line 44 of the file says them."""
    entry = f"{{limit: {limit}, up_to: {observed}, reason: WHY, until: DATE}}"
    return f"raise limits.{limit} ({FILE}:44)", f"--allow {limit}={observed}", f"add to allow: {entry}"


EMPTY = Plan(
    id="5b1c",
    now=NOW,
    file=FILE,
    config="blake2b:aa",
    crm="local",
    object="contact",
    account="3f9c",
    source_label="people.csv",
    source_rows=1000,
    scope="full",
    inventory=(),
    contacts=ContactCount(in_sync=1000, people=1000, contacts=1000, linked=1000),
    fields=(),
    tags=(),
    guards=(Guard("update_percent", 30, 0, False),),
    findings=(),
    cost=Cost(reads=11, rate=19.0, seconds=0.6),
    people=People(),
)

FULL = replace(
    EMPTY,
    inventory=(
        InventoryChange(
            "field.rank",
            "field",
            "rank",
            Action.BLOCKED,
            at(33),
            reason="number wanted, text there",
            by_hand="Change the field's type to number in the CRM, or declare type: text.",
            waiting=12,
        ),
        InventoryChange(
            "field.membership_level",
            "field",
            "membership_level",
            Action.CREATE,
            at(31),
            (Delta("type", None, "select"), Delta("options.free.label", None, "Free")),
            summary="select, 2 options",
        ),
    ),
    contacts=ContactCount(create=3, update=40, in_sync=957, held=5, blocked=12, people=1000, contacts=1010, linked=997),
    fields=(
        FieldCount("tier", at(30), Cause.SOURCE, set=12, created=3),
        FieldCount("birthday", at(28), Cause.CONFIG, set=43, created=3),
        FieldCount("notes", at(29), Cause.SOURCE, held=5),
        FieldCount("email", at(27), Cause.SOURCE, set=6, created=6),
    ),
    tags=(TagCount("Customer", at(36), Cause.SOURCE, apply=12, remove=4),),
    guards=(
        Guard("create", 1000, 3, False),
        Guard("update_percent", 30, 34, True, where=at(44), ways=ways("update_percent", 34)),
    ),
    findings=(
        Finding(
            "R204",
            Level.WARNING,
            "Values cannot be read",
            3,
            detail="3 values of `born` unreadable (2 day or month unclear, 1 text)",
            fix="Say how the dates are written: format: DD/MM/YYYY",
            where=at(28),
            rows=(17, 203, 511),
        ),
    ),
    cost=Cost(11, 3, 0.8, 19.0, (EndpointCost("contacts/batch/update", 1, True), EndpointCost("contacts", 11, False))),
    people=People((*(created(row) for row in (1, 2, 3)), *(updated(row) for row in range(4, 44)))),
)
