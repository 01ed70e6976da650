from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.types import TYPES, Guard, Spec, Unreadable, item, parser, read_set, write_set
from reconciler.tables import guard
from reconciler.tables.cells import MARK, is_marked, plain
from reconciler.tables.lanes import Lane, SetLane
from reconciler.tables.repeating import Repeating

TEXTS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.text(alphabet="ab \t\x00\x7f\u00a0é\u0301", max_size=8),
)


def upper(*texts: str | None) -> str | None:
    """A converter that tells its inputs apart and refuses one of them."""
    if "bad" in texts:
        raise Unreadable("bad one", "map")
    joined = "|".join("-" if t is None else t.upper() for t in texts)
    return joined or None


def batch(*columns: list[str | None], encoded: bool = False) -> pa.RecordBatch:
    """`encoded`: as a reader hands them on, with dictionaries of what repeats."""
    arrays = [pa.array([text or None for text in c], pa.string()) for c in columns]
    names = [f"c{n}" for n in range(len(columns))]
    plain = pa.RecordBatch.from_arrays(arrays, names=names)
    return Repeating(names).encode(plain) if encoded else plain


def cells(column: pa.Array) -> list[str | None]:
    return plain(column).to_pylist()


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=30))
def test_a_column_is_what_the_converter_says_of_each_row(rows: list[tuple[str | None, ...]]) -> None:
    columns = [list(c) for c in zip(*rows, strict=True)] if rows else [[], [], []]
    lane = Lane("x", ("c0", "c1", "c2"), upper)
    told = [lane.one(*(text or None for text in row)) for row in rows]
    for encoded in (False, True):
        assert cells(lane.run(batch(*columns, encoded=encoded))) == told


@given(st.lists(TEXTS, max_size=30), st.integers(0, 3), st.sampled_from(["", "DEFAULT"]))
def test_a_column_that_repeats_is_what_the_converter_says_of_each_row(
    values: list[str | None], start: int, default: str
) -> None:
    lane = Lane("x", ("c0",), lambda raw: upper(raw) if raw and raw.strip() else default or None)
    told = [lane.one(value or None) for value in values]
    assert cells(lane.run(batch(values, encoded=True))) == told
    assert cells(lane.run(batch(values, encoded=True).slice(start))) == told[start:]
    assert is_marked(lane.run(batch(values, encoded=True))).to_pylist() == [(cell or "")[:1] == MARK for cell in told]


@pytest.mark.parametrize("distinct", [3, 9000])
def test_repeating_and_unique_columns_give_the_same_text(distinct: int) -> None:
    values = [f"v{n % distinct}" for n in range(9000)]
    lane, repeating = Lane("x", ("c0",), upper), Repeating(["c0"])
    first, second = (lane.run(repeating.encode(batch(values))) for _ in range(2))
    assert pa.types.is_dictionary(first.type) == (distinct == 3)
    assert cells(first) == cells(second) == [v.upper() for v in values]


@given(st.lists(TEXTS, max_size=20))
def test_plain_text_needs_no_converter(values: list[str | None]) -> None:
    """The vectorised guard and the converters of every type that declares it agree."""
    for name, kind in TYPES.items():
        if not kind.guard:
            continue
        parse = parser(Spec(name))

        def convert(text: str | None, parse=parse) -> str | None:
            return parse(text) if text else None

        guarded = Lane("g", ("c0",), convert, guard=kind.guard)
        unguarded = Lane("d", ("c0",), convert)
        assert guarded.run(batch(values)).to_pylist() == [unguarded.one(v) for v in values]


@given(st.lists(TEXTS, max_size=20), st.integers(0, 5))
def test_the_guard_of_a_whole_column_is_the_guard_of_its_rows_even_in_a_slice(
    values: list[str | None], start: int
) -> None:
    column = pa.array(values, pa.string()).slice(start)
    each = [guard.settled(pa.array([v], pa.string()), Guard())[1] for v in values[start:]]
    assert (guard.settled(column, Guard())[1] is None) == all(e is None for e in each)


def test_refusals_are_counted_by_reason_with_their_first_rows() -> None:
    lane = Lane("x", ("c0",), upper)
    out = lane.run(batch(["a", "bad", None, "bad"]), pa.array([10, 11, 12, 13], pa.int64()))
    assert is_marked(out).to_pylist() == [False, True, False, True]
    assert lane.reasons == [("bad one", "map")]
    assert (lane.refusals[0].count, lane.refusals[0].rows) == (2, [11, 13])


def test_rows_that_nobody_asked_for_are_not_counted() -> None:
    lane = Lane("x", ("c0",), upper)
    lane.run(batch(["bad", "bad"]), pa.array([None, 2], pa.int64()))
    assert (lane.refusals[0].count, lane.refusals[0].rows) == (1, [2])


def test_a_lane_without_inputs_is_a_constant() -> None:
    assert Lane("x", (), lambda: "k").run(batch(["a", "b"])).to_pylist() == ["k", "k"]


LISTED = st.one_of(
    st.none(),
    st.lists(st.sampled_from(["a", "b", "c", " b", "A ", "", "é", "e\u0301"]), max_size=6).map(",".join),
    st.text(alphabet='ab,;|"[]{}:\\0 \t\r\x00\u0301', max_size=8),
)


def one_text(raw: str | None) -> str | None:
    text = parser(Spec("text"))(raw)
    return None if text is None else write_set([text])


@pytest.mark.parametrize(("separator", "convert"), [(",", parser(Spec("multiselect"))), ("", one_text)])
@given(values=st.lists(LISTED, max_size=12), start=st.integers(0, 3))
def test_a_column_of_sets_is_what_the_converter_says_of_each_row(
    separator: str, convert: Callable[..., str | None], values: list[str | None], start: int
) -> None:
    lane = SetLane("s", ("c0",), convert, separator=separator, item=item)
    rows = [
        None if (text := lane.one(value)) is None else [text] if text[0] == MARK else read_set(text)
        for value in values[start:]
    ]
    sliced = batch(values).slice(start)
    assert lane.run(sliced, pa.arange(0, sliced.num_rows)).to_pylist() == rows
    marked = [n for n, items in enumerate(rows) if items and items[0][0] == MARK]
    assert sorted(row for refused in lane.refusals.values() for row in refused.rows) == marked[:10]


def test_a_column_of_lists_in_another_shape_is_read_row_by_row_to_the_same_sets() -> None:
    values = [f'["b","{n}","a"]' if n % 3 else "b,a" for n in range(5000)]
    lane = SetLane("s", ("c0",), parser(Spec("multiselect")), separator=",", item=item)
    first, second = lane.run(batch(values)), lane.run(batch(values))
    assert lane._one_by_one
    assert (
        first.to_pylist() == second.to_pylist() == [sorted({"b", str(n), "a"} if n % 3 else "ab") for n in range(5000)]
    )


def test_a_lane_knows_whether_all_that_it_saw_came_out_as_it_came_in() -> None:
    told = {
        "repeating": (["a", "b", ""] * 3000, ["A"]),
        "unique": ([f"v{n}" for n in range(9000)], [" padded"]),
        "suspect": ([f"v{n}" for n in range(9000)], ["E\u0301"]),
    }
    for same, other in told.values():
        lane = Lane("x", ("c0",), lambda raw: (raw or "").strip().lower() or None, guard=Guard())
        repeating = Repeating(["c0"])
        assert cells(lane.run(repeating.encode(batch(same)))) == [value or None for value in same]
        assert lane.verbatim
        lane.run(repeating.encode(batch(other)))
        assert not lane.verbatim


def test_a_column_that_holds_stored_lists_is_not_sure_of_those_alone() -> None:
    column = pa.array(['a:1:{i:0;s:1:"x";}', "plain", None, "a: text", ' O:1:"x":0:{}'], pa.string())
    _, odd = guard.settled(column, Guard(serialised=True))
    assert odd is not None
    assert odd.to_pylist() == [True, False, False, False, True]
    assert guard.settled(column.slice(1, 3), Guard(serialised=True))[1] is None
