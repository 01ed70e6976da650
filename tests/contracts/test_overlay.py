"""Overlays: each change has a reason and a source, and names what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.testing.contracts import Unfit, laid_over, overlay
from reconciler.testing.contracts.hubspot import FOLDER, NAME, changes, hubspot

DOCUMENT = {"paths": {"/a": {"get": {"parameters": [{"name": "limit", "schema": {"type": "integer"}}]}}}}


@pytest.mark.parametrize(
    "entry",
    [
        "{at: paths /a, set: {x: 1}, why: w}",
        "{at: paths /a, set: {x: 1}, source: s}",
        "{at: paths /a, why: w, source: s}",
        "{at: paths /a, set: {x: 1}, add: {y: 1}, why: w, source: s}",
        "{set: {x: 1}, why: w, source: s}",
        "{at: paths /a, sett: {x: 1}, open: true, why: w, source: s}",
    ],
)
def test_an_entry_without_reason_source_place_or_change_is_refused(entry: str) -> None:
    with pytest.raises(Unfit):
        overlay(f"changes: [{entry}]")


@pytest.mark.parametrize(
    "entry",
    [
        "{at: paths /b, set: {x: 1}, why: w, source: s}",
        "{at: paths /a get parameters page, set: {x: 1}, why: w, source: s}",
        "{at: paths /a, add: {}, why: w, source: s}",
        "{at: paths /a get parameters limit schema, set: {type: integer}, why: w, source: s}",
    ],
)
def test_a_change_that_names_what_is_not_there_or_changes_nothing_is_refused(entry: str) -> None:
    with pytest.raises(Unfit):
        laid_over(DOCUMENT, overlay(f"changes: [{entry}]"))


def test_a_change_leaves_the_document_as_it_was() -> None:
    made = laid_over(
        DOCUMENT, overlay("changes: [{at: paths /a get parameters limit schema, set: {type: null}, why: w, source: s}]")
    )
    assert made["paths"]["/a"]["get"]["parameters"][0]["schema"] == {}
    assert DOCUMENT["paths"]["/a"]["get"]["parameters"][0]["schema"] == {"type": "integer"}


def test_each_change_to_hubspots_document_has_a_reason_and_a_source_in_a_sentence() -> None:
    assert len(changes()) > 20
    assert all(change.why.endswith(".") and len(change.why) > 20 and change.source for change in changes())


def test_another_document_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).parent.mkdir()
    (tmp_path / NAME).write_text("{}")
    with pytest.raises(ValueError, match="not the document"):
        hubspot({FOLDER: str(tmp_path)})
