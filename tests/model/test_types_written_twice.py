"""What is written back is read as the very same value, for every type, every example, every way to declare it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_raw_texts import SPECS
from random_values import examples_of, texts_of

from reconciler.model.types import Parse, Spec, Unreadable, parser, unparser
from reconciler.model.types.patterns import TOKENS
from reconciler.model.types.places import countries, states
from reconciler.model.types.writing_patterns import TOKENS as WRITERS


def read(parse: Parse, raw: str) -> str | None:
    try:
        return parse(raw)
    except Unreadable:
        return None


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.type} {s.format or s.decimals or s.timezone} {s.region}")
def test_what_is_written_is_read_as_the_value_or_is_refused(spec: Spec) -> None:
    ours, theirs, unparse = parser(spec), parser(replace(spec, format=None, options=())), unparser(spec)
    always = not spec.format and not spec.options

    @settings(max_examples=100, deadline=None)
    @given(texts_of(spec.type), examples_of(spec.type), st.booleans())
    @example("9999-12-31T23:59:59Z", "2026-11-22 10:00:00-12:00", True)
    @example("0001-01-01", "2026-11-22 10:00:00+14:00", True)
    def holds(raw: str, like: str | None, of_the_crm: bool) -> None:
        canonical = read(theirs if of_the_crm else ours, raw)
        if canonical is None:
            return
        try:
            written = unparse(canonical, like)
        except Unreadable:
            assert not always, "only a format or options leave a value that cannot be written"
        else:
            assert ours(written) == canonical

    holds()


@given(st.datetimes().map(lambda at: at.replace(microsecond=0).isoformat() + "Z"), st.timezones(), examples_of("date"))
@settings(max_examples=200, deadline=None)
def test_every_moment_can_be_written_in_every_zone(canonical: str, zone: object, like: str | None) -> None:
    spec = Spec("datetime", timezone=str(zone))
    assert parser(spec)(unparser(spec)(canonical, like)) == canonical


@pytest.mark.parametrize("as_", ["code", "name"])
@pytest.mark.parametrize("like", ["de", "DEU", "France", "UK"])
def test_every_country_can_be_written_in_every_style(as_: str, like: str) -> None:
    spec = Spec("country", as_=as_)
    parse, unparse = parser(spec), unparser(spec)
    for code, name in countries().english.items():
        canonical = code if as_ == "code" else name
        assert parse(unparse(canonical, like)) == canonical


@pytest.mark.parametrize("like", ["NY", "US-NY", "New York"])
def test_every_state_can_be_written_in_every_style(like: str) -> None:
    spec = Spec("state", country=True)
    parse, unparse = parser(spec), unparser(spec)
    for country in countries().english:
        for code in states(country).english:
            assert parse(unparse(code, like, country), country) == code


def test_every_part_of_a_pattern_can_be_written() -> None:
    assert list(WRITERS) == list(TOKENS)
