from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pytest

from reconciler.tables.engine import Engine
from reconciler.tables.memo import Memo
from reconciler.tables.pairing import Pairing
from reconciler.tables.remembered import Before, RememberedPeople

KEY = bytes(range(32))


@dataclass(frozen=True)
class Person:
    id: str
    email: str
    city: str = "Oulu"
    keep: bool = True


@dataclass
class Run:
    memo: Memo
    pairing: Pairing
    engine: Engine

    def convert(self, people: Sequence[Person], first: int = 0) -> None:
        n = len(people)
        self.pairing.add_ours(
            pa.record_batch(
                {
                    "ord": pa.arange(first, first + n),
                    "person": pa.array([p.id for p in people]),
                    "match": pa.array([p.email for p in people]),
                    "f0": pa.array([p.city for p in people]),
                    "may": pa.array([True] * n),
                    "asked": pa.array([True] * n),
                    "tagset": pa.array([7] * n, pa.int64()),
                    "unsure": pa.array([False] * n),
                    "keep": pa.array([p.keep for p in people]),
                    **_raw(people),
                }
            )
        )

    def look(self, people: Sequence[Person]) -> tuple[list[int], int]:
        """Ordinals of people who are not known, and how many are known to be out of scope."""
        self.memo.look(pa.record_batch({"ord": pa.arange(0, len(people)), **_raw(people)}))
        missing, outside = self.memo.recall()
        return missing.to_pylist(), outside

    def ours(self) -> list[tuple[object, ...]]:
        self.pair()
        return sorted(self.engine.rows("SELECT ord, high, low, m1, m2, cells, tagset, may, asked FROM ours"))

    def pair(self) -> None:
        RememberedPeople(self.engine, Before(), [])
        self.pairing.pair(recalled=self.memo.known)


def _raw(people: Sequence[Person]) -> dict[str, pa.Array]:
    return {"r0": pa.array([p.id for p in people]), "r1": pa.array([p.email + p.city for p in people])}


@contextmanager
def run(workdir: Path, file: Path | None = None, at_once: int = 1_000_000) -> Iterator[Run]:
    engine = Engine(Path(mkdtemp(dir=workdir)), "200MB", at_once=at_once)
    try:
        yield Run(Memo(engine, ["r0", "r1"], [], file), Pairing(engine, KEY, ["f0"], [], ["r0", "r1"]), engine)
    finally:
        engine.close()


ANN, BOB, CY = Person("1", "ann@x"), Person("2", "bob@x"), Person("3", "cy@x")


def kept(workdir: Path, people: Sequence[Person], outside: Sequence[Person] = ()) -> Path:
    """The memo of a run in which these were read."""
    with run(workdir) as first:
        first.convert(people)
        if outside:
            first.memo.add_outside(pa.record_batch(_raw(outside)))
        first.pair()
        first.memo.write(workdir / "memo.parquet")
    return workdir / "memo.parquet"


@pytest.mark.parametrize("at_once", [1_000_000, 1])
def test_a_row_that_is_known_comes_to_what_it_came_to_before(tmp_path: Path, at_once: int) -> None:
    memo = kept(tmp_path, [ANN, BOB])
    with run(tmp_path) as converted, run(tmp_path, memo, at_once) as recalled:
        converted.convert([BOB, ANN])
        assert recalled.look([BOB, ANN]) == ([], 0)
        assert recalled.ours() == converted.ours()


def test_a_row_that_changed_is_not_known(tmp_path: Path) -> None:
    memo = kept(tmp_path, [ANN, BOB])
    with run(tmp_path, memo) as later:
        assert later.look([ANN, Person("2", "bob@x", "Brno"), CY]) == ([1, 2], 0)


def test_rows_that_are_set_aside_are_not_remembered(tmp_path: Path) -> None:
    twice = Person("1", "other@x")
    memo = kept(tmp_path, [ANN, twice, BOB, Person("4", "bob@x"), CY])
    with run(tmp_path, memo) as later:
        assert later.look([ANN, twice, BOB, CY]) == ([0, 1, 2], 0)


def test_a_row_that_may_not_be_kept_is_not_remembered(tmp_path: Path) -> None:
    memo = kept(tmp_path, [Person("1", "ann@x", keep=False), BOB])
    with run(tmp_path, memo) as later:
        assert later.look([ANN, BOB]) == ([0], 0)


def test_who_is_out_of_scope_is_counted_every_time_the_row_stands_there(tmp_path: Path) -> None:
    memo = kept(tmp_path, [ANN], outside=[BOB])
    with run(tmp_path, memo) as later:
        assert later.look([ANN, BOB, BOB]) == ([], 2)


def test_what_is_known_is_remembered_on_and_who_is_gone_is_forgotten(tmp_path: Path) -> None:
    memo = kept(tmp_path, [ANN, BOB], outside=[CY])
    with run(tmp_path, memo) as second:
        second.look([ANN, CY])
        second.pair()
        second.memo.write(tmp_path / "second.parquet")
    with run(tmp_path, tmp_path / "second.parquet") as third:
        assert third.look([ANN, BOB, CY]) == ([1], 1)


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"not a table at all"])
def test_a_file_that_is_no_memo_is_as_if_there_were_none(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "memo.parquet").write_bytes(damage)
    with run(tmp_path, tmp_path / "memo.parquet") as later:
        assert not later.memo.known


def test_a_memo_holds_no_text(tmp_path: Path) -> None:
    memo = kept(tmp_path, [Person("qzxkanari", "qzxkanari@x", "qzxkanari")], outside=[Person("qzxkanari2", "")])
    assert b"qzxkanari" not in memo.read_bytes()
