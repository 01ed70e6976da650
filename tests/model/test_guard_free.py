"""What the vectorised guards let pass unread is canonical already."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.types import TYPES, Guard, Spec, guard, parser

_below_combining = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x2FF), min_size=1).filter(
    lambda text: text == text.strip() and "\x7f" not in text
)
_white = st.text(alphabet=" \u00a0\u0085", max_size=2)
TEXTUAL = [name for name, row in TYPES.items() if row.guard and not row.guard.shape]
GUARDS = {name: row.guard for name, row in TYPES.items() if row.guard and row.guard.shape}
SHAPED = list(GUARDS)


def test_the_guarded_types_are_these() -> None:
    assert TEXTUAL == ["text", "select", "state", "raw"]
    assert SHAPED == ["email", "phone", "number", "integer", "date", "datetime", "score"]


@pytest.mark.parametrize("name", TEXTUAL)
@given(raw=_below_combining)
def test_text_below_the_combining_characters_is_canonical(name: str, raw: str) -> None:
    assert parser(Spec(type=name))(raw) == raw


@pytest.mark.parametrize("name", TEXTUAL)
@given(raw=_below_combining, before=_white, after=_white)
def test_white_space_around_it_goes_where_the_guard_says_so(name: str, raw: str, before: str, after: str) -> None:
    kept = before + raw + after
    assert parser(Spec(type=name))(kept) == (raw if TYPES[name].guard == Guard() else kept)


@pytest.mark.parametrize("name", SHAPED)
@given(data=st.data())
def test_what_has_the_shape_of_the_guard_is_canonical(name: str, data: st.DataObject) -> None:
    raw = data.draw(st.from_regex(GUARDS[name].shape, fullmatch=True))
    assert parser(Spec(type=name))(raw) == raw


@pytest.mark.parametrize("name", SHAPED)
@given(data=st.data())
def test_what_has_the_shape_once_it_is_trimmed_and_without_noise_is_canonical_then(
    name: str, data: st.DataObject
) -> None:
    row = GUARDS[name]
    raw = data.draw(st.from_regex(row.shape, fullmatch=True))
    for noise in data.draw(st.lists(st.from_regex(row.noise.strip("^$"), fullmatch=True), max_size=4)):
        at = data.draw(st.integers(0, len(raw)))
        raw = raw[:at] + noise + raw[at:]
    raw = data.draw(_white) + (raw.upper() if row.lower else raw) + data.draw(_white)
    quiet = raw.strip().lower() if row.lower else raw.strip()
    quiet = re.sub(row.noise, r"\1", quiet) if row.noise else quiet
    if re.fullmatch(row.shape, quiet):
        assert parser(Spec(type=name))(raw) == quiet


@pytest.mark.parametrize("name", SHAPED)
def test_both_engines_of_regular_expressions_read_the_guard_alike(name: str) -> None:
    samples = [raw for row in TYPES.values() for raw, _ in row.samples]
    canonical = [c for row in TYPES.values() for _, c in row.samples if c]
    texts = [*samples, *canonical, "", "-0", "0", "00", "1.0", "0.10", "2026-02-29", "2026-02-28"]
    shape = re.compile(GUARDS[name].shape)
    vectorised = pc.match_substring_regex(pa.array(texts), f"^(?:{GUARDS[name].shape})$").to_pylist()
    assert vectorised == [shape.fullmatch(text) is not None for text in texts]


@pytest.mark.parametrize(
    "spec",
    [
        Spec("select", options=(("a", None),)),
        Spec("state", country=True),
        Spec("number", decimals=2),
        Spec("date", format="DD.MM.YYYY"),
        Spec("phone", region="DE"),
    ],
)
def test_a_reading_that_depends_on_more_than_the_text_is_not_guarded(spec: Spec) -> None:
    assert guard(spec) is None
