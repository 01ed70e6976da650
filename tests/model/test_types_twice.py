"""Reading what was read changes nothing, for every type and every way to declare it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.model.types import TYPES, Spec, Unreadable, parser
from reconciler.model.types.numbers import NUMBER_FORMATS
from reconciler.model.types.places import countries, states

_options = (("gold", "Gold tier"), ("a,b", None), ("7", "Seven"))
SPECS = [
    *(Spec(type=name) for name in TYPES),
    *(Spec(type="number", decimals=n) for n in (0, 2, 9)),
    *(Spec(type="integer", format=f) for f in NUMBER_FORMATS),
    *(Spec(type="date", format=f) for f in ("DD/MM/YYYY", "MMM D, YY", "YYYYMMDD", "X")),
    *(Spec(type="datetime", timezone=z) for z in ("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu")),
    Spec(type="datetime", format="M/D/YYYY h:mm A"),
    Spec(type="select", options=_options),
    Spec(type="multiselect", options=_options),
    Spec(type="country", as_="name"),
    *(Spec(type="phone", region=r) for r in ("DE", "US", "IT", "AR", "MX", "BR")),
]

_spiced = st.one_of(
    st.text(),
    st.text(alphabet=st.characters(exclude_categories=[]), max_size=12),
    st.text(alphabet="0123456789+-., '()eE:TZ/|;[]\"ax", max_size=24),
    st.from_regex(r"[+-]?[0-9]{0,18}[.,]?[0-9]{0,18}(e[+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"(\+|00|0)?[ (0-9)-]{4,18}", fullmatch=True),
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    st.integers(min_value=-(10**14), max_value=10**14).map(str),
    st.lists(st.text(max_size=5)).map(lambda items: "|".join(items)),
    st.sampled_from(["gold", "Gold tier", "Seven", "Gold tier; Seven", "a,b", "USA", "Türkiye", "Σ@ΑΣ", "İ@x"]),
    st.emails(),
)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.type} {s.format or s.decimals or s.timezone} {s.region}")
def test_what_was_read_is_read_as_itself(spec: Spec) -> None:
    ours = parser(spec)
    theirs = parser(replace(spec, format=None, options=()))

    @settings(max_examples=120, deadline=None)
    @given(_spiced)
    @example(" \u00a0")
    @example("\r\r\n")
    @example("-0.0000000000000004e3")
    @example("0001-01-01 00:00:00")
    @example("9999-12-31T23:59:59-12:00")
    def holds(raw: str) -> None:
        try:
            once = ours(raw)
        except Unreadable:
            return
        assert once != ""
        if once is not None:
            assert theirs(once) == once

    holds()


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_no_text_makes_a_type_crash(raw: str) -> None:
    for name in TYPES:
        with suppress(Unreadable):
            assert parser(Spec(type=name))(raw) != ""


@pytest.mark.parametrize("as_", ["code", "name"])
def test_every_country_survives_its_own_name_and_code(as_: str) -> None:
    parse = parser(Spec(type="country", as_=as_))
    for code, name in countries().english.items():
        shown = code if as_ == "code" else name
        assert (parse(code), parse(name), parse(shown)) == (shown, shown, shown)


@pytest.mark.parametrize("as_", ["code", "name"])
def test_every_state_survives_in_its_country(as_: str) -> None:
    parse = parser(Spec(type="state", as_=as_, country=True))
    seen = 0
    for country in countries().english:
        for code in states(country).english:
            once = parse(code, country)
            assert parse(once, country) == once, (country, code)
            seen += 1
    assert seen > 5000
