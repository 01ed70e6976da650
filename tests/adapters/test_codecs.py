"""Codecs: every shape carries canonical text there and back, and refuses what it cannot read without quoting it."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters import codecs
from reconciler.adapters.codecs import Codec, wire, wire_text
from reconciler.model.capabilities import Undecodable

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
NUMBERS = st.decimals(min_value=-(10**12), max_value=10**12, places=3).map(
    lambda d: "0" if d == 0 else format(d, "f").rstrip("0").rstrip(".")
)
INTEGERS = st.integers(-(10**17), 10**17).map(str)
TRUTHS = st.sampled_from(["true", "false"])
DATES = st.dates(date(1, 1, 1)).map(date.isoformat)
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(
    lambda d: d.replace(microsecond=0).isoformat() + "Z"
)


def sets(forbidden: str = "") -> st.SearchStrategy[str]:
    members = st.text(st.characters(exclude_categories=("Cs",), exclude_characters=forbidden), min_size=1)
    return st.sets(members.filter(lambda m: m.strip() == m), min_size=1).map(
        lambda s: json.dumps(sorted(s), ensure_ascii=False, separators=(",", ":"))
    )


ROWS: dict[str, tuple[Codec, st.SearchStrategy[str]]] = {
    "text": (codecs.TEXT, TEXTS),
    "email": (codecs.EMAIL, st.from_regex(r"[a-zé.+']{1,9}@[a-z-]{1,9}\.[a-z]{2,5}", fullmatch=True)),
    "phone": (codecs.PHONE, st.from_regex(r"\+?[0-9]{2,15}", fullmatch=True)),
    "number": (codecs.NUMBER, NUMBERS),
    "number as text": (codecs.NUMBER_TEXT, NUMBERS),
    "integer": (codecs.INTEGER, INTEGERS),
    "true false": (codecs.TRUE_FALSE, TRUTHS),
    "true false as text": (codecs.TRUE_FALSE_TEXT, TRUTHS),
    "one zero": (codecs.ONE_ZERO, TRUTHS),
    "one blank": (codecs.ONE_BLANK, TRUTHS),
    "date iso": (codecs.DATE_ISO, DATES),
    "date us": (codecs.DATE_US, DATES),
    "date seconds": (codecs.DATE_SECONDS, DATES),
    "date milliseconds": (codecs.DATE_MILLISECONDS, DATES),
    "datetime iso": (codecs.DATETIME_ISO, MOMENTS),
    "datetime sql": (codecs.DATETIME_SQL, MOMENTS),
    "datetime seconds": (codecs.DATETIME_SECONDS, MOMENTS),
    "datetime milliseconds": (codecs.DATETIME_MILLISECONDS, MOMENTS),
    "set list": (codecs.SET_LIST, sets()),
    "set semicolon": (codecs.SET_SEMICOLON, sets(";")),
    "set bar": (codecs.SET_BAR, sets("|")),
    "set bars": (codecs.SET_BARS, sets("|")),
    "set comma": (codecs.SET_COMMA, sets(",")),
}
EVERY_ROW = pytest.mark.parametrize(("codec", "values"), ROWS.values(), ids=ROWS)


def back(codec: Codec, canonical: str) -> str | None:
    text = wire_text(codec.encode(canonical))
    return codec.decode(text) if text else None


@EVERY_ROW
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_was_encoded_and_decoded_encodes_to_the_same(
    codec: Codec, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    canonical = data.draw(values)
    again = back(codec, canonical)
    assert (codec.encode(again) if again is not None else "") == codec.encode(canonical)


@EVERY_ROW
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_exact_codec_gives_the_value_itself_back(
    codec: Codec, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    canonical = data.draw(values)
    if codec.exact:
        assert back(codec, canonical) == canonical


@pytest.mark.parametrize(
    ("codec", "canonical", "json_value"),
    [
        (codecs.NUMBER, "10.5", 10.5),
        (codecs.NUMBER, "-3", -3),
        (codecs.NUMBER_TEXT, "10.5", "10.5"),
        (codecs.INTEGER, "7", 7),
        (codecs.TRUE_FALSE, "true", True),
        (codecs.TRUE_FALSE, "false", False),
        (codecs.TRUE_FALSE_TEXT, "false", "false"),
        (codecs.ONE_ZERO, "true", 1),
        (codecs.ONE_ZERO, "false", 0),
        (codecs.ONE_BLANK, "true", 1),
        (codecs.ONE_BLANK, "false", ""),
        (codecs.DATE_ISO, "2026-11-22", "2026-11-22"),
        (codecs.DATE_US, "2026-11-02", "11/02/2026"),
        (codecs.DATE_SECONDS, "1970-01-02", 86_400),
        (codecs.DATE_SECONDS, "1969-12-31", -86_400),
        (codecs.DATE_MILLISECONDS, "2026-11-22", 1_795_305_600_000),
        (codecs.DATETIME_ISO, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        (codecs.DATETIME_SQL, "2026-11-22T10:00:00Z", "2026-11-22 10:00:00"),
        (codecs.DATETIME_SECONDS, "1970-01-01T00:01:00Z", 60),
        (codecs.SET_SEMICOLON, '["a","b"]', "a;b"),
        (codecs.SET_BARS, '["a","b"]', "||a||b||"),
        (codecs.SET_BAR, '["a","b"]', "a|b"),
        (codecs.SET_LIST, '["a","b"]', ["a", "b"]),
        (codecs.SET_COMMA, '["a","b"]', "a,b"),
    ],
)
def test_the_shape_on_the_wire_is_the_vendors(codec: Codec, canonical: str, json_value: object) -> None:
    encoded = codec.encode(canonical)
    assert encoded == json_value
    assert type(encoded) is type(json_value)


def test_midnight_in_milliseconds_is_the_day_in_utc() -> None:
    assert codecs.DATE_MILLISECONDS.encode("2026-11-22") == int(datetime(2026, 11, 22, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("codec", "text", "canonical"),
    [
        (codecs.NUMBER, "1e22", "10000000000000000000000"),
        (codecs.NUMBER, "1.50", "1.5"),
        (codecs.NUMBER, "-0.0", "0"),
        (codecs.NUMBER, "+7", "7"),
        (codecs.NUMBER_TEXT, " 12.00 ", "12"),
        (codecs.INTEGER, "5.0", "5"),
        (codecs.INTEGER, "123456789012345678901234567890", "123456789012345678901234567890"),
        (codecs.TRUE_FALSE, "True", "true"),
        (codecs.ONE_ZERO, "0", "false"),
        (codecs.ONE_BLANK, "1", "true"),
        (codecs.DATE_ISO, "2026-11-22T23:30:00-05:00", "2026-11-22"),
        (codecs.DATE_ISO, "2026-11-22 00:00:00", "2026-11-22"),
        (codecs.DATE_SECONDS, "86399", "1970-01-01"),
        (codecs.DATE_SECONDS, "-1", "1969-12-31"),
        (codecs.DATETIME_ISO, "2026-11-22T23:30:00.999-05:00", "2026-11-23T04:30:00Z"),
        (codecs.DATETIME_ISO, "2026-11-22T23:30:00+0530", "2026-11-22T18:00:00Z"),
        (codecs.DATETIME_SQL, "2026-11-22 10:00:00", "2026-11-22T10:00:00Z"),
        (codecs.SET_SEMICOLON, "b;a;;b", '["a","b"]'),
        (codecs.SET_COMMA, "b , a", '["a","b"]'),
        (codecs.SET_BARS, "||a||", '["a"]'),
        (codecs.SET_LIST, '["b", 1, "a", null, true]', '["1","a","b","true"]'),
        (codecs.EMAIL, " Ann@Example.ORG ", "ann@example.org"),
        (codecs.PHONE, "+49 (30) 123-456", "+4930123456"),
        (codecs.PHONE, "030 / 123456", "030123456"),
    ],
)
def test_what_others_wrote_is_read_where_it_cannot_be_mistaken(codec: Codec, text: str, canonical: str) -> None:
    assert codec.decode(text) == canonical


@EVERY_ROW
def test_empty_text_is_empty(codec: Codec, values: st.SearchStrategy[str]) -> None:
    assert codec.decode("") is None


@pytest.mark.parametrize("text", ["||||", "||"])
def test_a_set_without_members_is_empty(text: str) -> None:
    assert codecs.SET_BARS.decode(text) is None
    assert codecs.SET_LIST.decode("[]") is None


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        *(
            (c, t)
            for c in (codecs.NUMBER, codecs.INTEGER)
            for t in ("Zanzibar", "1,234", "1_000", "NaN", "Infinity", "١")
        ),
        (codecs.NUMBER, "1e999"),
        (codecs.INTEGER, "5.5"),
        *((c, t) for c in (codecs.TRUE_FALSE, codecs.ONE_ZERO) for t in ("Zanzibar", "2", "null", "on")),
        *(
            (codecs.DATE_ISO, t)
            for t in ("Zanzibar", "22/11/2026", "2026-13-01", "2026-02-30", "20261122", "2026-11-22T99:00")
        ),
        *((codecs.DATE_US, t) for t in ("Zanzibar", "2026-11-22", "13/01/2026", "1/2/2026")),
        *((codecs.DATE_SECONDS, t) for t in ("Zanzibar", "1.5", "999999999999999")),
        *(
            (codecs.DATETIME_ISO, t)
            for t in ("Zanzibar", "2026-11-22", "2026-11-22T25:00:00Z", "0001-01-01T00:00:00+05:00")
        ),
        *((codecs.DATETIME_SECONDS, t) for t in ("Zanzibar", "99999999999999999")),
        *((codecs.SET_LIST, t) for t in ("Zanzibar", '{"a":1}', '[["a"]]', '["a"')),
        *((codecs.PHONE, t) for t in ("Zanzibar", "+49 30 123 ext. 5", "-")),
    ],
)
def test_what_a_shape_cannot_read_is_refused_without_quoting_it(codec: Codec, text: str) -> None:
    with pytest.raises(Undecodable) as caught:
        codec.decode(text)
    assert str(caught.value) == ""
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        ("null", "null"),
        (True, "true"),
        (0, "0"),
        (10**30, "1" + "0" * 30),
        (1.5, "1.5"),
        ([], "[]"),
        (["ö", 'a"b'], '["ö","a\\"b"]'),
    ],
)
def test_wire_text_leaves_strings_alone_and_writes_the_rest_as_compact_json(value: object, text: str | None) -> None:
    assert wire_text(value) == text  # type: ignore[arg-type]


@EVERY_ROW
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_through_a_plain_codec_a_value_travels_as_it_is(
    codec: Codec, values: st.SearchStrategy[str], data: st.DataObject
) -> None:
    canonical = data.draw(values)
    if codec.plain:
        assert wire_text(codec.encode(canonical)) == canonical
        assert codec.decode(canonical) == canonical


def test_every_codec_is_under_these_laws() -> None:
    every = {name for name, codec in vars(codecs).items() if isinstance(codec, Codec)}
    assert {name for name in every if getattr(codecs, name) not in [codec for codec, _ in ROWS.values()]} == set()


def test_a_wire_accepts_the_native_type_that_it_creates() -> None:
    made = wire(codecs.TEXT, "string", "memo")
    assert made.native == "string"
    assert made.accepts == {"string", "memo"}
    assert made.plain
