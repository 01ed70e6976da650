"""What each value type refuses, why, and which key of the file resolves it."""

from __future__ import annotations

import pytest

from reconciler.model.types import TYPES, Spec, Unreadable, check_spec, parser

_plans = Spec("select", options=(("a", "One"), ("b", "One")))

REFUSED = [
    (Spec("text"), "a\0b", "NUL character", "map"),
    (Spec("text"), "\ud800", "lone surrogate", "map"),
    (Spec("raw"), "ü\udfff", "lone surrogate", "map"),
    (Spec("multiselect"), '["\\ud800"]', "lone surrogate", "map"),
    (Spec("email"), "nobody", "not an address", "map"),
    (Spec("email"), "a@b, c@d", "not an address", "map"),
    (Spec("email"), "a@@b", "not an address", "map"),
    (Spec("email"), "@b", "not an address", "map"),
    (Spec("email"), "a\x07@b", "not an address", "map"),
    (Spec("url"), "https://a b", "white space inside", "map"),
    (Spec("number"), "1,234", "thousands or decimals unclear", "format"),
    (Spec("number"), "1 234", "thousands or decimals unclear", "format"),
    (Spec("number"), "1.234.567", "thousands or decimals unclear", "format"),
    (Spec("number"), "NaN", "not a number", "map"),
    (Spec("number"), "Infinity", "not a number", "map"),
    (Spec("number"), "1_000", "not a number", "map"),
    (Spec("number"), "٣", "not a number", "map"),
    (Spec("number"), "0x10", "not a number", "map"),
    (Spec("number"), "1e999", "number too large", "type"),
    (Spec("number"), "1e-9999", "number too large", "type"),
    (Spec("number"), "9" * 5000, "number too large", "type"),
    (Spec("number", format="1,234.56"), "1,23", "not written as `format` says", "format"),
    (Spec("number", format="1,234.56"), "1.234,56", "not written as `format` says", "format"),
    (Spec("integer"), "3.5", "not a whole number", "type"),
    (Spec("integer"), "1e-3", "not a whole number", "type"),
    (Spec("checkbox"), "perhaps", "not yes or no", "map"),
    (Spec("checkbox"), "2", "not yes or no", "map"),
    (Spec("date"), "01/02/2026", "day or month unclear", "format"),
    (Spec("date"), "31.12.26", "day or month unclear", "format"),
    (Spec("datetime"), "1/2/2026 10:00", "day or month unclear", "format"),
    (Spec("date"), "20261122", "date or seconds unclear", "format"),
    (Spec("date"), "2026", "date or seconds unclear", "format"),
    (Spec("datetime"), "202611221000", "date or seconds unclear", "format"),
    (Spec("datetime"), "20261122100000", "date or seconds unclear", "format"),
    (Spec("date"), "tomorrow", "not a date", "format"),
    (Spec("date"), "2026-W47-7", "not a date", "format"),
    (Spec("date"), "2026-02-30", "no such day or time", "map"),
    (Spec("date"), "2026-11-00", "no such day or time", "map"),
    (Spec("datetime"), "2026-11-22 24:00:00", "no such day or time", "map"),
    (Spec("datetime"), "2026-11-22T10:00:00+99:00", "no such day or time", "map"),
    (Spec("datetime"), "9999-12-31T23:59:59-01:00", "outside the years 1 to 9999", "map"),
    (Spec("date", format="DD/MM/YYYY"), "2026-11-22", "not written as `format` says", "format"),
    (Spec("date", format="DD/MM/YYYY"), "11/22/2026", "no such day or time", "format"),
    (Spec("datetime", format="M/D/YYYY h:mm A"), "1/1/2026 13:00 PM", "no such day or time", "format"),
    (Spec("date", format="X"), "999999999999", "no such day or time", "format"),
    (_plans, "c", "outside options", "options"),
    (_plans, "One", "outside options", "options"),
    (Spec("multiselect", options=(("a", None),)), "a,c", "outside options", "options"),
    (Spec("multiselect"), "[[1]]", "nested list", "map"),
    (Spec("multiselect"), '[{"a": 1}]', "nested list", "map"),
    (Spec("multiselect"), "[" * 100_000, "nested list", "map"),
    (Spec("multiselect"), '["a", "b"', "broken list", "map"),
    (Spec("multiselect"), "[NaN]", "broken list", "map"),
    (Spec("multiselect"), '{"name": "x"}', "not a list", "map"),
    (Spec("country"), "Atlantis", "unknown country", "map"),
    (Spec("country"), "ZZ", "unknown country", "map"),
    (Spec("phone"), "call me", "not a phone number", "region"),
    (Spec("phone"), "12", "not a phone number", "region"),
    (Spec("phone"), "1" * 18, "not a phone number", "region"),
    (Spec("phone"), "+1 2", "not a phone number", "region"),
    (Spec("phone"), "+49000030123", "not a phone number", "region"),
    (Spec("phone", region="DE"), "hello", "not a phone number", "region"),
    (Spec("phone", region="US"), "12", "not a phone number", "region"),
    (Spec("phone", region="US"), "202-555-0143 ext. 7", "extension in the number", "type"),
    (Spec("score"), "high", "not a number", "map"),
]


@pytest.mark.parametrize(("spec", "raw", "reason", "key"), REFUSED)
def test_a_refusal_says_why_and_names_the_key_that_resolves_it(spec: Spec, raw: str, reason: str, key: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parser(spec)(raw)
    assert (refused.value.reason, refused.value.key) == (reason, key)


@pytest.mark.parametrize(
    ("raw", "country", "reason", "key"),
    [
        ("Bavaria-on-Sea", "DE", "unknown state", "map"),
        ("CA", "Atlantis", "unknown country", "country"),
        ("Cantabria", "ES", "two states of that name", "map"),
    ],
)
def test_a_state_that_its_country_does_not_have_is_refused(raw: str, country: str, reason: str, key: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parser(Spec("state", country=True))(raw, country)
    assert (refused.value.reason, refused.value.key) == (reason, key)


@pytest.mark.parametrize("name", [name for name in TYPES if name not in ("text", "raw", "state", "select")])
def test_a_refusal_never_holds_the_value(name: str) -> None:
    canary = "can ary@4711,0815\0"
    with pytest.raises(Unreadable) as refused:
        parser(Spec(type=name, region="DE"))(canary)
    error = refused.value
    shown = " ".join((str(error), repr(error), repr(error.args), repr(error.__cause__)))
    assert not any(part in shown for part in ("can ary", "4711", "0815"))
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize(("type", "key"), sorted({(spec.type, key) for spec, _, _, key in REFUSED}))
def test_the_documentation_of_a_type_names_the_key_of_its_refusals(type: str, key: str) -> None:
    assert f"`{key}`" in TYPES[type].refuses


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        (Spec("number", format="#,###"), "format"),
        (Spec("text", format="1,234.56"), "format"),
        (Spec("date", format="DD/MM"), "format"),
        (Spec("date", format="DD/MM/YYYY/DD"), "format"),
        (Spec("date", format="%d.%m.%Y"), "format"),
        (Spec("datetime", format="DD/MM/YYYY hh:mm"), "format"),
        (Spec("integer", decimals=2), "decimals"),
        (Spec("number", decimals=-1), "decimals"),
        (Spec("text", as_="name"), "as"),
        (Spec("country", as_="flag"), "as"),
        (Spec("datetime", timezone="Mars/Phobos"), "timezone"),
        (Spec("datetime", timezone="../etc/passwd"), "timezone"),
        (Spec("phone", region="ZZ"), "region"),
        (Spec("text", options=(("a", None),)), "options"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_named_before_any_value_is_read(spec: Spec, key: str) -> None:
    assert [found for found, sentence in check_spec(spec) if sentence] == [key]
