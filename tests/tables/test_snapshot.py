from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from reconciler.tables.snapshot import ID, TAGS, Piece, Snapshot
from reconciler.tables.spool import Spool


def piece(path: Path, *pages: Mapping[str, str]) -> Piece:
    """Pages of contact -> city."""
    spool = Spool(path)
    for page in pages:
        tags = pa.array([["t"]] * len(page), pa.list_(pa.string()))
        spool.append(pa.record_batch({ID: pa.array(page), TAGS: tags, "city": pa.array(page.values()), "x": tags}))
    return Piece(spool)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """Contacts 1 to 4, of which 2 and 4 changed and 5 came; then 4 changed once more."""
    return Snapshot(
        (
            piece(tmp_path / "a", {"1": "Oulu", "2": "Brno"}, {"3": "Graz", "4": "Bonn"}),
            piece(tmp_path / "b", {"2": "Turku", "4": "Pori", "5": "Kiel"}),
            piece(tmp_path / "c", {"4": "Wien"}),
        )
    )


def cities(snapshot: Snapshot) -> dict[str, str]:
    rows = [row for page in snapshot.live(["city"]) for row in page.to_pylist()]
    found = {row[ID]: row["city"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_contact_in_a_later_piece_wins(snapshot: Snapshot) -> None:
    assert cities(snapshot) == {"1": "Oulu", "2": "Turku", "3": "Graz", "4": "Wien", "5": "Kiel"}


def test_live_pages_have_the_columns_that_were_asked_for(snapshot: Snapshot) -> None:
    assert {tuple(page.schema.names) for page in snapshot.live(["city"])} == {(ID, TAGS, "city")}


@pytest.mark.parametrize(("number", "newer"), [(0, ["2", "4", "5", "4"]), (1, ["4"]), (2, None)])
def test_newer_are_the_contacts_of_later_pieces(snapshot: Snapshot, number: int, newer: list[str] | None) -> None:
    found = snapshot.newer(number)
    assert (found if found is None else found.to_pylist()) == newer


@pytest.mark.parametrize("wanted", [[], [0], [1, 3, 4, 7], [6, 7], list(range(8))])
def test_gather_gives_exactly_the_wanted_rows_across_pieces(snapshot: Snapshot, wanted: list[int]) -> None:
    every = ["Oulu", "Brno", "Graz", "Bonn", "Turku", "Pori", "Kiel", "Wien"]
    got = [c for b in snapshot.gather(pa.array(wanted, pa.int64())) for c in b.column("city").to_pylist()]
    assert got == [every[n] for n in wanted]


def test_offsets_count_rows_through_all_pieces(snapshot: Snapshot) -> None:
    assert [first for first, _ in snapshot.offsets()] == [0, 4, 7]
    assert snapshot.rows == 8


def test_keys_are_known_under_their_digest_and_for_their_rows_alone(tmp_path: Path) -> None:
    bare = piece(tmp_path / "contacts", {"1": "Oulu"}, {"2": "Brno"})
    keys, short = Spool(tmp_path / "keys"), Spool(tmp_path / "short")
    for spool, frames in ((keys, 2), (short, 1)):
        for _ in range(frames):
            spool.append(pa.record_batch({"cells": pa.array([1], pa.uint64())}))
    whole = Piece(bare.contacts, keys, "one")
    assert whole.known("one") is keys
    assert whole.known("two") is None
    assert bare.known("") is None
    assert Piece(bare.contacts, short, "one").known("one") is None
