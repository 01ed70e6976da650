"""PHP's serialised settings: nested, read by their lengths, never run, never quoted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wp_fusion_world import serialised

from reconciler.adapters.wordpress.serialised import DEEPEST, Unserialisable, unserialised

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | TEXTS,
    lambda inner: st.dictionaries(TEXTS | st.integers(0, 99).map(str), inner, max_size=4) | st.lists(inner, max_size=4),
    max_leaves=12,
)


def plain(value: object) -> object:
    """Numbers as digits, lists by position."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    pairs = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type] # a list, then
    return {str(key): plain(inner) for key, inner in pairs}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(VALUES)
def test_whatever_php_wrote_is_read_as_it_was(value: object) -> None:
    assert unserialised(serialised(value)) == plain(value)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3), st.data())
def test_a_text_that_was_cut_anywhere_is_refused(value: object, data: st.DataObject) -> None:
    written = serialised(value)
    with pytest.raises(Unserialisable):
        unserialised(written[: data.draw(st.integers(0, len(written) - 1))])


REFUSED = [
    ("an object", 'a:1:{i:0;O:8:"stdClass":1:{s:6:"canary";s:1:"x";}}', "holds an object, which is never made"),
    ("an object of its own making", 'C:6:"canary":0:{}', "holds an object, which is never made"),
    ("an enumeration", 'E:8:"canary:A";', "holds an enumeration, which is never made"),
    ("a reference", 'a:2:{i:0;s:6:"canary";i:1;R:2;}', "holds a reference, which is never made"),
    ("a length that is too short", 's:3:"canary";', "says a wrong length of a text"),
    ("a length that is too long", 's:9:"canary";', "ends too early"),
    ("a length that splits a sign", 'a:1:{i:0;s:1:"ä";}', "says a wrong length of a text"),
    ("a length beyond its text", 'a:2:{i:0;s:99999999:"canary";i:1;N;}', "ends too early"),
    ("more entries than there are", 'a:9:{i:0;s:6:"canary";}', "is not as PHP writes values, or was cut"),
    ("fewer entries than there are", 'a:1:{i:0;N;i:1;s:6:"canary";}', "is not as PHP writes values, or was cut"),
    ("something behind it", 's:6:"canary";s:6:"canary";', "goes on after its end"),
    ("a key that is none", 'a:1:{b:1;s:6:"canary";}', "has a key that is neither a text nor a number"),
    ("a list as a key", 'a:1:{a:0:{}s:6:"canary";}', "has a key that is neither a text nor a number"),
    ("nothing", "", "ends too early"),
    ("no PHP", "canary", "is not as PHP writes values, or was cut"),
    ("lone surrogates", 's:3:"\ud800";', "holds characters that are no text"),
]


@pytest.mark.parametrize(("written", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused_is_said_without_a_word_of_it(written: str, why: str) -> None:
    with pytest.raises(Unserialisable) as caught:
        unserialised(written)
    assert str(caught.value) == why


def nested(depth: int) -> str:
    return "a:1:{i:0;" * depth + "N;" + "}" * depth


def test_arrays_lie_in_each_other_to_a_bound() -> None:
    unserialised(nested(DEEPEST))
    with pytest.raises(Unserialisable, match="32 arrays"):
        unserialised(nested(DEEPEST + 1))
    with pytest.raises(Unserialisable, match="32 arrays"):
        unserialised(nested(500_000))
