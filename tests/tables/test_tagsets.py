import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from reconciler.tables import tagsets

SETS = st.lists(st.one_of(st.none(), st.lists(st.sampled_from("abcdef"), unique=True)), max_size=12)
KEY = b"k" * 32
WEIGHTS = {name: tagsets.weight(KEY, name) for name in "abcd"}


def weigh(name: str) -> int:
    return WEIGHTS.get(name, 0)


def wrapped(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63


@given(SETS)
def test_a_signature_is_the_sum_of_the_weights_of_our_tags(sets: list[list[str] | None]) -> None:
    lists = pa.array(sets, pa.list_(pa.string()))
    expected = [wrapped(sum(WEIGHTS.get(t, 0) for t in tags or ())) for tags in sets]
    assert tagsets.signatures(lists, weigh).to_pylist() == expected


@given(SETS, st.integers(0, 4))
def test_carried_and_counts_agree_with_the_lists(sets: list[list[str] | None], start: int) -> None:
    lists = pa.array(sets, pa.list_(pa.string())).slice(start)
    assert tagsets.carried(lists, "a").to_pylist() == ["a" in (tags or ()) for tags in sets[start:]]
    assert tagsets.signatures(lists, weigh).to_pylist() == [
        wrapped(sum(WEIGHTS.get(t, 0) for t in tags or ())) for tags in sets[start:]
    ]
    assert tagsets.carried(lists, "a", "b").to_pylist() == [
        not {"a", "b"}.isdisjoint(tags or ()) for tags in sets[start:]
    ]
    assert sum(tagsets.counted(lists, weigh)[1].values()) == sum(len(tags or ()) for tags in sets[start:])


def test_weights_depend_on_the_key() -> None:
    assert tagsets.weight(b"a" * 32, "vip") != tagsets.weight(b"b" * 32, "vip")
