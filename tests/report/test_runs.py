"""The list of runs, as text."""

from __future__ import annotations

import pytest

from reconciler.model.status import KeptRun, LastRun
from reconciler.report.layout import Page, columns
from reconciler.report.runs import runs_text

COUNTS = {"created": 12_345, "updated": 67_890, "values": 1_000_000, "tags_applied": 5, "tags_removed": 6, "left": 1}
RUNS = (
    KeptRun(LastRun("20261122T100000Z-00ff", "2026-11-22T10:00:00Z", "", "interrupted"), True, COUNTS),
    KeptRun(LastRun("20261121T100000Z-00ff", "2026-11-21T10:00:00Z", "", ""), False),
)


@pytest.mark.parametrize("width", [80, 112])
def test_each_run_has_time_result_and_counts_within_the_page(width: int) -> None:
    text = runs_text("reconciler.yaml", RUNS, Page(width))
    assert max(map(columns, text.splitlines())) <= width
    assert "  20261122T100000Z-00ff  2026-11-22 10:00  interrupted  12,345 created," in text
    assert "  20261121T100000Z-00ff  2026-11-21 10:00  did not end  not kept\n" in text
    assert text.endswith("\nNext: reconciler show 20261122T100000Z-00ff\n")


def test_a_name_in_the_list_cannot_steer_a_terminal() -> None:
    text = runs_text("\x1b[2J.yaml", (KeptRun(LastRun("\u202e", "\x07", "", "\r"), False),))
    assert {sign for sign in text if not sign.isprintable()} == {"\n"}
