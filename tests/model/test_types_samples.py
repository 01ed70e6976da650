"""What each value type accepts, and the canonical text it gives."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.types import TYPES, Spec, cel_value, check_spec, parser, resolve_type

SAMPLES = [(name, raw, canonical) for name, row in TYPES.items() for raw, canonical in row.samples]

SPELLINGS = [
    (Spec("text"), "a\x1c\u2028", "a"),
    (Spec("text"), "\u00a0\u3000 x\t", "x"),
    (Spec("text"), "A\u030angstro\u0308m", "Ångström"),
    (Spec("email"), "ÄRGER@EXAMPLE.ORG", "ärger@example.org"),
    (Spec("number"), "1234567.125", "1234567.125"),
    (Spec("number"), "123456789012345678", "123456789012346000"),
    (Spec("number"), "5.", "5"),
    (Spec("number"), "000.500", "0.5"),
    (Spec("number"), "-0.000", "0"),
    (Spec("number"), "1E-3", "0.001"),
    (Spec("number", decimals=2), "10.005", "10.01"),
    (Spec("number", decimals=2), "-10.005", "-10.01"),
    (Spec("number", decimals=0), "0.5", "1"),
    (Spec("number", decimals=0), "-0.4", "0"),
    (Spec("number", decimals=2), "12345678901234567.891", "12345678901234567.89"),
    (Spec("number", format="1,234.56"), "-1,234,567.50", "-1234567.5"),
    (Spec("number", format="1.234,56"), "1.234", "1234"),
    (Spec("number", format="1.234,56"), "1234,5", "1234.5"),
    (Spec("number", format="1 234,56"), "1\u202f234\u00a0567,8", "1234567.8"),
    (Spec("number", format="1'234.56"), "1'234.56", "1234.56"),
    (Spec("integer", format="1,234.56"), "1,234", "1234"),
    (Spec("integer"), "1e3", "1000"),
    (Spec("integer"), "98765432109876543210", "98765432109876543210"),
    (Spec("checkbox"), "YES", "true"),
    (Spec("checkbox"), " off", "false"),
    (Spec("date"), "2026-1-5", "2026-01-05"),
    (Spec("date"), "2026/11/22", "2026-11-22"),
    (Spec("date"), "2026-00-00", None),
    (Spec("date"), "0000-00-00 00:00:00", None),
    (Spec("date"), "1795390200000", "2026-11-22"),
    (Spec("date"), "-2208988800", "1900-01-01"),
    (Spec("date", timezone="Pacific/Auckland"), "2026-11-22T23:30:00Z", "2026-11-22"),
    (Spec("date", format="DD/MM/YYYY"), "1/2/2026", "2026-02-01"),
    (Spec("date", format="MM/DD/YYYY"), "1/2/2026", "2026-01-02"),
    (Spec("date", format="DD/MM/YYYY"), "00/00/0000", None),
    (Spec("date", format="DD.MM.YY"), "31.12.68", "2068-12-31"),
    (Spec("date", format="DD.MM.YY"), "31.12.69", "1969-12-31"),
    (Spec("date", format="D MMMM YYYY"), "22  november 2026", "2026-11-22"),
    (Spec("date", format="MMM D, YYYY"), "Sept. 5, 2026", "2026-09-05"),
    (Spec("date", format="YYYYMMDD"), "20261122", "2026-11-22"),
    (Spec("date", format="X"), "86400", "1970-01-02"),
    (Spec("date", format="x"), "-1", "1969-12-31"),
    (Spec("datetime"), "2026-11-22 10:00", "2026-11-22T10:00:00Z"),
    (Spec("datetime"), "2026-11-22 10:00:00.999999+00", "2026-11-22T10:00:00Z"),
    (Spec("datetime"), "2026-11-22 10:00:00 UTC", "2026-11-22T10:00:00Z"),
    (Spec("datetime"), "2026-11-22T10:00:00-0330", "2026-11-22T13:30:00Z"),
    (Spec("datetime"), "1795341600.9", "2026-11-22T10:00:00Z"),
    (Spec("datetime"), "-86400.5", "1969-12-30T23:59:59Z"),
    (Spec("datetime"), "907200000000", "1998-10-01T00:00:00Z"),
    (Spec("datetime", timezone="Europe/Berlin"), "2026-07-01 10:00:00", "2026-07-01T08:00:00Z"),
    (Spec("datetime", timezone="Europe/Berlin"), "2026-07-01", "2026-06-30T22:00:00Z"),
    (Spec("datetime", timezone="Europe/Berlin"), "2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z"),
    (Spec("datetime", timezone="Europe/Berlin"), "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"),
    (Spec("datetime", timezone="Europe/Berlin"), "2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
    (Spec("datetime", format="M/D/YYYY h:mm A"), "7/4/2026 12:05 AM", "2026-07-04T00:05:00Z"),
    (Spec("datetime", format="M/D/YYYY h:mm A"), "7/4/2026 3:05 p.m.", "2026-07-04T15:05:00Z"),
    (Spec("datetime", format="YYYYMMDDTHHmmssZ"), "20261122T120000+0200", "2026-11-22T10:00:00Z"),
    (Spec("select", options=(("free", "Free plan"), ("pro", "Pro"))), "Free plan", "free"),
    (Spec("select", options=(("Pro", "x"), ("pro", "Pro"))), "Pro", "Pro"),
    (Spec("multiselect", options=(("a,b", "Both"), ("c", None))), "a,b", '["a,b"]'),
    (Spec("multiselect", options=(("a,b", "Both"), ("c", None))), "Both; c", '["a,b","c"]'),
    (Spec("multiselect"), "b,a,b, ", '["a","b"]'),
    (Spec("multiselect"), "ü, z, Z", '["Z","z","ü"]'),
    (Spec("multiselect"), '{"0": "x", "2": 1.50}', '["1.50","x"]'),
    (Spec("multiselect"), '{"red": "true", "blue": "false"}', '["red"]'),
    (Spec("multiselect"), "[draft] x, y", '["[draft] x","y"]'),
    (Spec("multiselect"), '["line\none"]', '["line\\none"]'),
    (Spec("country"), "gb", "GB"),
    (Spec("country"), "UK", "GB"),
    (Spec("country"), "HOLLAND", "NL"),
    (Spec("country"), "Viet Nam", "VN"),
    (Spec("country"), "Bosnia & Herzegovina", "BA"),
    (Spec("country"), "St. Lucia", "LC"),
    (Spec("country"), "Kosovo", "XK"),
    (Spec("country"), "Türkiye", "TR"),
    (Spec("country", as_="name"), "us", "United States"),
    (Spec("country", as_="name"), "KR", "South Korea"),
    (Spec("country", as_="code"), "Korea, Republic of", "KR"),
    (Spec("phone", region="DE"), "(030) 12 34 56", "+4930123456"),
    (Spec("phone", region="US"), "0049 30 123456", "+4930123456"),
    (Spec("phone", region="it"), "06 698 12345", "+390669812345"),
    (Spec("phone"), "(+1) 202-555-0143", "+12025550143"),
    (Spec("phone"), "0049 30 123456", "+4930123456"),
    (Spec("raw"), "\t\r\n", "\t\r\n"),
]


@pytest.mark.parametrize(("name", "raw", "canonical"), SAMPLES)
def test_every_documented_sample_is_read_as_documented(name: str, raw: str, canonical: str | None) -> None:
    assert parser(Spec(type=name))(raw) == canonical


@pytest.mark.parametrize(("spec", "raw", "canonical"), SPELLINGS)
def test_other_spellings_of_a_value_are_read_as_that_value(spec: Spec, raw: str, canonical: str | None) -> None:
    assert check_spec(spec) == ()
    assert parser(spec)(raw) == canonical


@pytest.mark.parametrize(
    ("raw", "country", "as_", "canonical"),
    [
        ("California", "US", "code", "CA"),
        ("ca", "United States", "code", "CA"),
        ("US-CA", "usa", "code", "CA"),
        ("JP13", "JP", "code", "13"),
        ("sao paulo", "BR", "name", "São Paulo"),
        ("BY", "DE", "name", "Bayern"),
        ("Anything", "", "code", "Anything"),
        ("Anything", None, "code", "Anything"),
        ("Somewhere", "VA", "code", "Somewhere"),
        ("", "US", "code", None),
    ],
)
def test_a_state_is_read_within_its_country(raw: str, country: str | None, as_: str, canonical: str | None) -> None:
    assert parser(Spec("state", as_=as_, country=True))(raw, country) == canonical


@pytest.mark.parametrize("name", list(TYPES))
@pytest.mark.parametrize("raw", ["", None])
def test_nothing_is_empty_in_every_type(name: str, raw: str | None) -> None:
    assert parser(Spec(type=name))(raw) is None


@pytest.mark.parametrize("name", [name for name in TYPES if name != "raw"])
@pytest.mark.parametrize("raw", [" ", "\u00a0", "\r\n\t"])
def test_white_space_is_empty_in_every_type_but_raw(name: str, raw: str) -> None:
    assert parser(Spec(type=name))(raw) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Boolean", "checkbox"),
        ("multi-text", "multiselect"),
        ("Multi_Text", "multiselect"),
        ("multiselect (values)", "multiselect"),
        ("checkboxes", "multiselect"),
        ("tel", "phone"),
        ("int", "integer"),
        ("textarea", "text"),
        ("datepicker", "date"),
        ("Radio", "select"),
        ("currency", "number"),
        ("timestamp", "datetime"),
        ("E-Mail", "email"),
        ("RAW", "raw"),
        ("password", None),
        ("", None),
    ],
)
def test_other_systems_names_of_types_are_understood(written: str, name: str | None) -> None:
    assert resolve_type(written) == name


def test_no_alias_means_two_types() -> None:
    owners: dict[str, set[str]] = {}
    for row in TYPES.values():
        for called in (row.name, *row.aliases):
            owners.setdefault("".join(c for c in called.casefold() if c not in " -_"), set()).add(row.name)
    assert {called: names for called, names in owners.items() if len(names) > 1} == {}


def test_every_type_says_what_it_does_in_words() -> None:
    for name, row in TYPES.items():
        assert row.name == name
        assert row.accepts, name
        assert row.canonical, name
        assert row.refuses, name
        assert row.samples, name


@pytest.mark.parametrize(
    ("type", "canonical", "value"),
    [
        ("text", None, ""),
        ("select", None, None),
        ("integer", None, None),
        ("integer", "12", 12),
        ("integer", str(2**63 - 1), 2**63 - 1),
        ("integer", str(2**63), None),
        ("integer", "1" + "0" * 5000, None),
        ("number", "1.5", 1.5),
        ("number", "1" + "0" * 400, None),
        ("checkbox", "false", False),
        ("date", "2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("datetime", "2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("multiselect", '["a","b"]', ["a", "b"]),
        ("phone", "+4930123456", "+4930123456"),
    ],
)
def test_expressions_see_typed_values(type: str, canonical: str | None, value: object) -> None:
    seen = cel_value(type, canonical)
    assert (seen, seen.__class__) == (value, value.__class__)
