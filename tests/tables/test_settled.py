from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pytest

from reconciler.tables.engine import Engine
from reconciler.tables.settled import Settled, held_in

Pair = tuple[str, int, int]
"""(contact, hash of our row, hash of theirs)"""
HELD = {0: "3f", 1: "3f 7e", 2: "3f"}


@contextmanager
def run(workdir: Path, pairs: list[Pair], file: Path | None = None) -> Iterator[tuple[Engine, Settled]]:
    """A run after its pairing, in which all pairs differ and were asked for."""
    engine = Engine(Path(mkdtemp(dir=workdir)), "200MB")
    try:
        engine.run(
            "CREATE TABLE pairs (ord BIGINT, idx BIGINT, same BOOLEAN, tags_same BOOLEAN, asked BOOLEAN,"
            " taken BOOLEAN, contact UBIGINT, ours UBIGINT, theirs UBIGINT)"
        )
        for n, (contact, ours, theirs) in enumerate(pairs):
            engine.run(
                f"INSERT INTO pairs VALUES ({n}, {n}, false, true, true, false, {_hash(contact)}, {ours}, {theirs})"
            )
        yield engine, Settled(engine, file)
    finally:
        engine.close()


NAMES = ("contact", "ours", "theirs")
PAIRS = [("a", 1, 10), ("b", 2, 20), ("c", 3, 30)]


def _hash(contact: str) -> int:
    return ord(contact)


def looked_at(patterns: Mapping[int, str], quiet: bool = True) -> pa.RecordBatch:
    numbers = list(patterns)
    flags = pa.array([quiet] * len(numbers), pa.bool_())
    known_by = zip(*((_hash(PAIRS[n][0]), *PAIRS[n][1:]) for n in numbers), strict=True)
    keys = {name: pa.array(hashes, pa.uint64()) for name, hashes in zip(NAMES, known_by, strict=True)}
    return pa.record_batch(
        {"ord": numbers, **keys, "pattern": list(patterns.values()), "quiet": flags, "writes": flags}
    )


def kept(workdir: Path, patterns: Mapping[int, str] = HELD) -> Path:
    with run(workdir, PAIRS) as (_, settled):
        settled.recognise()
        settled.add(looked_at(patterns))
        settled.collect()
        settled.write(workdir / "settled.parquet")
    return workdir / "settled.parquet"


def test_pairs_that_are_as_they_were_are_recognised_by_pattern(tmp_path: Path) -> None:
    with run(tmp_path, PAIRS, kept(tmp_path)) as (engine, settled):
        assert settled.recognise() == {"3f": 2, "3f 7e": 1}
        assert engine.value("SELECT count(*) FROM recognised") == 3


@pytest.mark.parametrize("changed", [("x", 1, 10), ("a", 9, 10), ("a", 1, 99)], ids=["contact", "ours", "theirs"])
def test_a_pair_of_which_a_side_changed_is_not_recognised(tmp_path: Path, changed: Pair) -> None:
    with run(tmp_path, [changed, *PAIRS[1:]], kept(tmp_path)) as (engine, settled):
        assert settled.recognise() == {"3f": 1, "3f 7e": 1}
        assert engine.rows("SELECT ord FROM pairs ANTI JOIN recognised USING (ord)") == [(0,)]


@pytest.mark.parametrize("state", ["same = true", "tags_same = false", "asked = false", "taken = true"])
def test_a_pair_in_another_state_is_looked_at(tmp_path: Path, state: str) -> None:
    with run(tmp_path, PAIRS, kept(tmp_path)) as (engine, settled):
        engine.run(f"UPDATE pairs SET {state} WHERE ord = 1")
        assert settled.recognise() == {"3f": 2}


def test_what_was_recognised_is_kept_on_beside_what_is_added(tmp_path: Path) -> None:
    first = kept(tmp_path, {0: "3f"})
    with run(tmp_path, PAIRS, first) as (_, settled):
        settled.recognise()
        settled.add(looked_at({1: "7e"}))
        settled.add(looked_at({2: "3f"}, quiet=False))
        settled.collect()
        settled.write(tmp_path / "second.parquet")
    with run(tmp_path, PAIRS, tmp_path / "second.parquet") as (_, settled):
        assert settled.recognise() == {"3f": 1, "7e": 1}


def test_a_file_that_holds_no_settled_pairs_is_as_if_there_were_none(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"PAR1")
    with run(tmp_path, PAIRS, tmp_path / "broken") as (_, settled):
        assert settled.recognise() == {}


def test_a_pattern_says_which_fields_are_held_and_whether_they_are_filled() -> None:
    assert list(held_in("3f 12e")) == [(3, True), (12, False)]
    assert list(held_in("")) == []
