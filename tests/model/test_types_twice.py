"""Reading what was read changes nothing, for every type and every way to declare it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_raw_texts import SPECS, raw_texts

from reconciler.model.types import TYPES, Spec, Unreadable, parser
from reconciler.model.types.places import countries, states


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.type} {s.format or s.decimals or s.timezone} {s.region}")
def test_what_was_read_is_read_as_itself(spec: Spec) -> None:
    ours = parser(spec)
    theirs = parser(replace(spec, format=None, options=()))

    @settings(max_examples=120, deadline=None)
    @given(raw_texts)
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
