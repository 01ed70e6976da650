"""What is remembered, as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.status import LastRun, Status
from reconciler.report.status import size, status_text

STATUS = Status(
    file="north.yaml",
    state=".reconciler/north",
    known=True,
    account="3f9c",
    plan=LastRun("p-2", "2026-11-22T10:00:00Z", "blake2b:aa", "changes"),
    apply=LastRun("a-1", "2026-11-21T10:00:00Z", "blake2b:aa", "applied"),
    lock="process 4711",
    unfinished=LastRun("a-2", "2026-11-22T10:05:00Z", "blake2b:aa"),
    open_creates=2,
    kept_plan=True,
    kept_runs=3,
    next_full_read="2026-12-06T10:00:00Z",
    counts={"links": 12345, "rewrites": 0, "marks": 3},
    sizes={"state.db": 40960, "links.parquet": 3 * 2**20},
)


def test_a_status_says_what_is_remembered_and_what_is_unfinished(golden: Callable[[str, str], None]) -> None:
    golden("status.txt", status_text(STATUS))


def test_nothing_remembered_is_said_with_the_next_step() -> None:
    text = status_text(Status("reconciler.yaml", ".reconciler/reconciler"))
    assert text.splitlines()[0] == "reconciler.yaml   nothing is remembered in .reconciler/reconciler"
    assert text.endswith("Next: reconciler plan\n")


def test_a_status_cannot_steer_a_terminal() -> None:
    text = status_text(replace(STATUS, file="\x1b[2J", account="\u202e", sizes={"\x9b": 1}, lock="\r"))
    assert {sign for sign in text if not sign.isprintable()} == {"\n"}


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (20 * 2**20, "20 MiB"), (3 * 2**30, "3.0 GiB")]
)
def test_sizes_have_a_unit(count: int, text: str) -> None:
    assert size(count) == text
