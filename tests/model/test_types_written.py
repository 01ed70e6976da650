"""How each value type is written back: as another value of the column is, else plainly, and never wrongly."""

from __future__ import annotations

import pytest

from reconciler.model.types import TYPES, Spec, Unreadable, parser, unparser, ways

NEW_YEAR, SUMMER = "2027-01-01T00:00:00Z", "2026-07-01T10:00:07Z"
BERLIN = Spec("datetime", timezone="Europe/Berlin")
ST_JOHNS = Spec("datetime", timezone="America/St_Johns")
KATHMANDU = Spec("datetime", timezone="Asia/Kathmandu")
MONROVIA = Spec("datetime", timezone="Africa/Monrovia")
PLANS = (("free", "Free plan"), ("pro", "Pro"), ("old", None))
BOTH = (("a,b", "Both"), ("c", "Sea"), ("d", None))

WRITTEN = [
    # (spec, like, canonical, raw)
    (Spec("text"), "ANY  thing", "two words", "two words"),
    (Spec("email"), "Ada@Example.ORG", "bob@example.org", "bob@example.org"),
    (Spec("url"), "example.org", "https://example.org/A", "https://example.org/A"),
    (Spec("raw"), "x", "  kept \r\n", "  kept \r\n"),
    (Spec("phone"), "030/12-34", "030123456", "030123456"),
    (Spec("phone"), "030/12-34", "+4930123456", "+4930123456"),
    (Spec("phone", region="DE"), "030/12-34", "+4930123456", "+4930123456"),
    (Spec("number"), None, "1234.5", "1234.5"),
    (Spec("number"), "12.00", "3", "3.00"),
    (Spec("number"), "12.0", "3.25", "3.25"),
    (Spec("number"), "7", "-3.5", "-3.5"),
    (Spec("number"), "1e3", "1000", "1000"),
    (Spec("number"), "much", "0", "0"),
    (Spec("number", decimals=2), "0.0000", "1.25", "1.2500"),
    (Spec("number", format="1,234.56"), None, "1234567.5", "1,234,567.5"),
    (Spec("number", format="1,234.56"), "12.00", "-1234567.5", "-1,234,567.50"),
    (Spec("number", format="1,234.56"), "1234.50", "1234567", "1234567.00"),
    (Spec("number", format="1.234,56"), "1.000,00", "123456.5", "123.456,50"),
    (Spec("number", format="1.234,56"), "1000,00", "123456.5", "123456,50"),
    (Spec("number", format="1 234,56"), "1\u202f000,0", "123456.5", "123\u202f456,5"),
    (Spec("number", format="1 234,56"), None, "123456", "123 456"),
    (Spec("number", format="1'234.56"), "+9", "1234", "1'234"),
    (Spec("number", format="1234,56"), "1,50", "1234.5", "1234,50"),
    (Spec("number", format="1234.56"), "1.50", "1234.5", "1234.50"),
    (Spec("integer"), "3.0", "12", "12.0"),
    (Spec("integer"), "3", "12345678901234567890", "12345678901234567890"),
    (Spec("integer", format="1,234.56"), "1,000", "-100000", "-100,000"),
    (Spec("score"), "2.50", "10", "10.00"),
    (Spec("checkbox"), None, "true", "true"),
    (Spec("checkbox"), "1", "false", "0"),
    (Spec("checkbox"), "0", "true", "1"),
    (Spec("checkbox"), "yes", "false", "no"),
    (Spec("checkbox"), "No", "true", "Yes"),
    (Spec("checkbox"), " ON ", "false", "OFF"),
    (Spec("checkbox"), "TRUE", "false", "FALSE"),
    (Spec("checkbox"), "True", "true", "True"),
    (Spec("checkbox"), "perhaps", "false", "false"),
    (Spec("date"), None, "2026-09-05", "2026-09-05"),
    (Spec("date"), "2026/11/22", "2026-09-05", "2026/09/05"),
    (Spec("date"), "2026.1.22", "2026-09-05", "2026.9.5"),
    (Spec("date"), "2026-11-22 23:30:00", "2026-09-05", "2026-09-05 00:00:00"),
    (Spec("date"), "2026-11-22T23:30:00.123-10:00", "2026-09-05", "2026-09-05T00:00:00.000-10:00"),
    (Spec("date", timezone="Pacific/Auckland"), "2026-11-22T23:30Z", "2026-09-05", "2026-09-05T00:00Z"),
    (Spec("date"), "1795341600", "2026-09-05", "1788566400"),
    (Spec("date"), "-2208988800", "1960-01-01", "-315619200"),
    (Spec("date"), "1795341600000", "2026-09-05", "1788566400000"),
    (Spec("date"), "1795341600", "1970-01-02", "1970-01-02"),  # 86400 has too few digits to be read as seconds
    (Spec("date"), "0000-00-00", "2026-09-05", "2026-09-05"),
    (Spec("date"), "22/11/2026", "2026-09-05", "2026-09-05"),
    (Spec("date"), None, "0001-01-01", "0001-01-01"),
    (Spec("date", format="DD/MM/YYYY"), None, "2026-09-05", "05/09/2026"),
    (Spec("date", format="MMM D, YY"), "Nov 1, 26", "2026-09-05", "Sep 5, 26"),
    (Spec("date", format="D MMMM YYYY"), "1 NOVEMBER 2026", "2026-09-05", "5 SEPTEMBER 2026"),
    (Spec("date", format="D. MMMM YYYY"), "1. november 2026", "0987-09-05", "5. september 0987"),
    (Spec("date", format="YYYYMMDD"), "20260101", "2026-09-05", "20260905"),
    (Spec("date", format="[day] DD/MM/YYYY HH:mm"), None, "2026-09-05", "day 05/09/2026 00:00"),
    (Spec("date", format="X"), "1795341600", "1970-01-02", "86400"),
    (Spec("date", format="x"), None, "1969-12-31", "-86400000"),
    (Spec("datetime"), None, SUMMER, "2026-07-01T10:00:07Z"),
    (BERLIN, None, SUMMER, "2026-07-01T10:00:07Z"),
    (BERLIN, "2026-11-22 10:00:00", SUMMER, "2026-07-01 12:00:07"),
    (BERLIN, "2026-11-22T10:00:00.75", SUMMER, "2026-07-01T12:00:07.00"),
    (BERLIN, "2026-11-22 10:00", "2026-07-01T10:00:00Z", "2026-07-01 12:00"),
    (BERLIN, "2026-11-22 10:00", SUMMER, "2026-07-01 12:00:07"),
    (BERLIN, "2026-11-22", "2026-06-30T22:00:00Z", "2026-07-01"),
    (BERLIN, "2026-11-22", SUMMER, "2026-07-01 12:00:07"),
    (BERLIN, "2026/1/22 9:00", "2026-07-01T06:05:00Z", "2026/7/1 8:05"),
    (BERLIN, "2026-11-22 10:00:00Z", SUMMER, "2026-07-01 10:00:07Z"),
    (BERLIN, "2026-11-22t10:00:00z", SUMMER, "2026-07-01t10:00:07z"),
    (BERLIN, "2026-11-22 10:00:00 UTC", SUMMER, "2026-07-01 10:00:07 UTC"),
    (BERLIN, "2026-11-22 10:00:00+01", SUMMER, "2026-07-01 12:00:07+02"),  # the zone's own offset moves with the year
    (BERLIN, "2026-11-22T10:00:00-0500", SUMMER, "2026-07-01T05:00:07-0500"),
    (BERLIN, "2026-11-22T10:00:00+25:00", SUMMER, "2026-07-01T10:00:07+00:00"),
    (BERLIN, "1795341600", SUMMER, "1782900007"),
    (BERLIN, "1795341600.5", SUMMER, "1782900007.0"),
    (BERLIN, "1795341600000", SUMMER, "1782900007000"),
    (BERLIN, "1795341600", "1970-01-01T00:00:01Z", "1970-01-01T00:00:01Z"),
    (BERLIN, "0000-00-00 00:00:00", SUMMER, "2026-07-01 12:00:07"),
    (BERLIN, "soon", SUMMER, SUMMER),
    (BERLIN, "2026-11-22 10:00:00", "2026-10-25T00:30:00Z", "2026-10-25 02:30:00"),  # the hour that comes twice: first
    (BERLIN, "2026-11-22 10:00:00", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),  # second: no clock says it
    (BERLIN, "2026-11-22 10:00:00+01:00", "2026-10-25T01:30:00Z", "2026-10-25 02:30:00+01:00"),
    (BERLIN, "2026-11-22 10:00:00", "2026-03-29T01:30:00Z", "2026-03-29 03:30:00"),  # behind the hour that is skipped
    (ST_JOHNS, "2026-11-22 10:00:00", SUMMER, "2026-07-01 07:30:07"),
    (ST_JOHNS, "2026-11-22 10:00:00-03:30", SUMMER, "2026-07-01 07:30:07-02:30"),
    (ST_JOHNS, "2026-11-22 10:00:00-03", SUMMER, "2026-07-01 07:00:07-03"),
    (KATHMANDU, "2026-11-22 10:00:00+0545", SUMMER, "2026-07-01 15:45:07+0545"),
    (MONROVIA, "1965-01-01 10:00:00", "1960-01-01T10:00:00Z", "1960-01-01 09:15:30"),  # 44 minutes 30 seconds behind
    (MONROVIA, "2000-01-01 10:00:00+00:00", "1960-01-01T10:00:00Z", "1960-01-01 09:15:00-00:45"),
    (BERLIN, "2026-11-22 10:00:00", "1800-01-01T10:00:00Z", "1800-01-01 10:53:28"),
    (BERLIN, "2026-11-22 10:00:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    (BERLIN, "2026-11-22 10:00:00-05:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    (Spec("datetime", format="M/D/YYYY h:mm A"), None, "2026-07-04T00:05:00Z", "7/4/2026 12:05 AM"),
    (Spec("datetime", format="M/D/YYYY h:mm A"), "7/4/2026 3:05 p.m.", "2026-07-04T15:05:00Z", "7/4/2026 3:05 pm"),
    (Spec("datetime", format="DD.MM.YYYY HH:mm:ss", timezone="Europe/Berlin"), None, SUMMER, "01.07.2026 12:00:07"),
    (Spec("datetime", format="YYYYMMDDTHHmmssZ"), None, SUMMER, "20260701T100007Z"),
    (
        Spec("datetime", format="YYYYMMDDTHHmmssZ", timezone="Europe/Berlin"),
        "20261122T120000+0100",
        SUMMER,
        "20260701T120007+0200",
    ),
    (Spec("datetime", format="X", timezone="Europe/Berlin"), "1", SUMMER, "1782900007"),
    (Spec("datetime", format="hh:mm:ss A DD-MM-YY"), None, NEW_YEAR, "12:00:00 AM 01-01-27"),
    (Spec("datetime", format="H[h]mm D/M/YYYY"), None, NEW_YEAR, "0h00 1/1/2027"),
    (Spec("select"), "Any", "gold", "gold"),
    (Spec("select", options=PLANS), None, "pro", "pro"),
    (Spec("select", options=PLANS), "free", "pro", "pro"),
    (Spec("select", options=PLANS), "Free plan", "pro", "Pro"),
    (Spec("select", options=PLANS), "Free plan", "old", "old"),
    (Spec("select", options=(("a", "One"), ("b", "One"), ("c", "Two"))), "Two", "b", "b"),
    (Spec("multiselect"), None, '["a","b"]', "a,b"),
    (Spec("multiselect"), None, '["a,b","c"]', '["a,b","c"]'),
    (Spec("multiselect"), None, '["[draft]"]', '["[draft]"]'),
    (Spec("multiselect"), "x", '["a","b"]', "a,b"),
    (Spec("multiselect"), "x, y", '["a","b"]', "a, b"),
    (Spec("multiselect"), "x ;y", '["a","b"]', "a ;b"),
    (Spec("multiselect"), "x;", '["a","b"]', "a;b;"),
    (Spec("multiselect"), "x | y", '["a;1","b,2"]', "a;1 | b,2"),
    (Spec("multiselect"), "||x||y||", '["a","b"]', "||a||b||"),
    (Spec("multiselect"), "x,,y,z", '["a","b"]', "a,b"),
    (Spec("multiselect"), "x, y", '["a","b;c"]', '["a","b;c"]'),
    (Spec("multiselect"), '["x"]', '["a","b"]', '["a","b"]'),
    (Spec("multiselect"), '["x, y", "z"]', '["a","b"]', '["a", "b"]'),
    (Spec("multiselect"), '["x, y","z"]', '["a","b"]', '["a","b"]'),
    (Spec("multiselect"), '["\\u00e9"]', '["\u00fc"]', '["\\u00fc"]'),
    (Spec("multiselect"), "[1, 2]", '["10","7"]', "[10, 7]"),
    (Spec("multiselect"), "[1, 2]", '["007"]', '["007"]'),
    (Spec("multiselect"), '{"editor": true, "author": false}', '["a","b"]', '{"a": true, "b": true}'),
    (Spec("multiselect"), '{"0":"x"}', '["a","b"]', '["a","b"]'),
    (Spec("multiselect"), '{"editor":true}', '["7"]', '["7"]'),
    (Spec("multiselect"), 'a:1:{i:0;s:1:"x";}', '["Jö!","a"]', 'a:2:{i:0;s:4:"Jö!";i:1;s:1:"a";}'),
    (Spec("multiselect"), "a:1:{i:0;i:4;}", '["10","7"]', "a:2:{i:0;i:10;i:1;i:7;}"),
    (Spec("multiselect"), "a:1:{i:0;i:4;}", '["007"]', 'a:1:{i:0;s:3:"007";}'),
    (Spec("multiselect"), "a:0:{}", '["a"]', 'a:1:{i:0;s:1:"a";}'),
    (Spec("multiselect"), 'a:1:{s:6:"editor";b:1;}', '["a","b"]', 'a:2:{s:1:"a";b:1;s:1:"b";b:1;}'),
    (Spec("multiselect"), 's:4:"x, y";', '["a","b"]', 's:4:"a, b";'),
    (Spec("multiselect"), "a:9:{", '["a","b"]', 'a:2:{i:0;s:1:"a";i:1;s:1:"b";}'),
    (Spec("multiselect", options=BOTH), None, '["a,b"]', "a,b"),
    (Spec("multiselect", options=BOTH), None, '["a,b","c"]', '["a,b","c"]'),
    (Spec("multiselect", options=BOTH), "Both; Sea", '["c","d"]', "Sea; d"),
    (Spec("multiselect", options=BOTH), "c; d", '["c","d"]', "c; d"),
    (Spec("country"), None, "US", "US"),
    (Spec("country"), "de", "US", "us"),
    (Spec("country"), "DEU", "US", "USA"),
    (Spec("country"), "UK", "US", "US"),
    (Spec("country"), "Holland", "CI", "Côte d'Ivoire"),
    (Spec("country"), "GERMANY", "US", "UNITED STATES"),
    (Spec("country"), "XKX", "XK", "XKX"),
    (Spec("country", as_="name"), "DE", "United States", "US"),
    (Spec("country", as_="name"), "nowhere at all", "United States", "united states"),
    (Spec("state"), "Bayern", "Hessen", "Hessen"),
]

IN_A_COUNTRY = [
    # (as, country, like, canonical, raw)
    (None, "US", None, "CA", "CA"),
    (None, "US", "NY", "CA", "CA"),
    (None, "usa", "ny", "CA", "ca"),
    (None, "United States", "US-NY", "CA", "US-CA"),
    (None, "US", "New York", "CA", "California"),
    (None, "US", "BAYERN", "CA", "CALIFORNIA"),
    (None, "US", "DE-BY", "CA", "US-CA"),
    (None, "JP", "BY", "13", "13"),
    ("name", "US", "NY", "California", "CA"),
    ("name", "US", None, "California", "California"),
    (None, "", "NY", "Somewhere", "Somewhere"),
    (None, None, "NY", "Somewhere", "Somewhere"),
    (None, "VA", "NY", "Somewhere", "Somewhere"),
]

REFUSED = [
    (Spec("select", options=PLANS), "gold", "outside options", "options"),
    (Spec("multiselect", options=PLANS), '["gold"]', "outside options", "options"),
    (Spec("date", format="DD/MM/YY"), "1968-12-31", "reads as something else", "format"),
    (Spec("datetime", format="M/D/YYYY h:mm A"), SUMMER, "reads as something else", "format"),
    (Spec("datetime", format="DD/MM/YYYY", timezone="Europe/Berlin"), NEW_YEAR, "reads as something else", "format"),
    (
        Spec("datetime", format="DD/MM/YYYY HH:mm", timezone="Europe/Berlin"),
        "2026-10-25T01:30:00Z",
        "reads as something else",
        "format",
    ),
    (Spec("text"), " not canonical", "reads as something else", ""),
    (Spec("text"), "a\0b", "reads as something else", ""),
    (Spec("date"), "some day", "reads as something else", ""),
    (Spec("number"), "1e3", "reads as something else", ""),
    (Spec("multiselect"), "a,b", "reads as something else", ""),
]


@pytest.mark.parametrize(("spec", "like", "canonical", "raw"), WRITTEN)
def test_a_value_is_written_as_another_of_its_column_is(spec: Spec, like: str | None, canonical: str, raw: str) -> None:
    assert unparser(spec)(canonical, like) == raw
    assert parser(spec)(raw) == canonical


@pytest.mark.parametrize(("as_", "country", "like", "canonical", "raw"), IN_A_COUNTRY)
def test_a_state_is_written_within_its_country(
    as_: str | None, country: str | None, like: str | None, canonical: str, raw: str
) -> None:
    spec = Spec("state", as_=as_, country=True)
    assert unparser(spec)(canonical, like, country) == raw
    assert parser(spec)(raw, country) == canonical


@pytest.mark.parametrize(("spec", "canonical", "reason", "key"), REFUSED)
def test_what_would_read_as_something_else_is_not_written(spec: Spec, canonical: str, reason: str, key: str) -> None:
    with pytest.raises(Unreadable) as refused:
        unparser(spec)(canonical, "x")
    assert (refused.value.reason, refused.value.key) == (reason, key)


def test_a_state_of_an_unknown_country_is_not_written() -> None:
    with pytest.raises(Unreadable, match="unknown country"):
        unparser(Spec("state", country=True))("CA", "NY", "Atlantis")


@pytest.mark.parametrize("name", list(TYPES))
def test_the_last_way_is_the_canonical_text_where_the_file_says_no_other(name: str) -> None:
    found = [text for _, text in TYPES[name].samples if text is not None]
    assert [list(ways(Spec(name))(text, "?"))[-1] for text in found] == found


def test_every_type_says_how_it_is_written_back() -> None:
    assert all(row.written for row in TYPES.values())


@pytest.mark.parametrize("name", list(TYPES))
def test_every_documented_sample_is_written_back_in_its_own_style(name: str) -> None:
    spec = Spec(name)
    for raw, canonical in TYPES[name].samples:
        if canonical is not None:
            assert parser(spec)(unparser(spec)(canonical, raw)) == canonical
