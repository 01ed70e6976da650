"""The text that is to stand in the source: the inverse of an entry, checked by the entry's own reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_values import texts_of

from reconciler.adapters import codecs
from reconciler.adapters.codecs import Codec, wire
from reconciler.model.capabilities import Wire
from reconciler.model.desired import Field, FromColumn, Option
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.types import TYPES, Unreadable
from reconciler.planning.bindings import Binding
from reconciler.planning.conversion import Columns, ours_lane, theirs_lane
from reconciler.planning.writing_back import raw_texts
from reconciler.tables.cells import BLANK_MARK
from reconciler.tables.lanes import Convert

from .worlds import CAPABILITIES, HERE, NOW

LEVELS = {"1": "free", "2": "pro", "two": "pro", "9": "old"}
YES_NO = {"Y": "yes", "J": "yes", "N": "no"}
PLANS = (Option("free", "Free plan", False, HERE), Option("pro", "Pro", False, HERE), Option("x", None, True, HERE))


def bound(type: str, codec: Codec | None = None, there: CrmField | None = None, **entry: Any) -> Binding:
    """An entry of that type, filled from a column, in the embedded CRM or one with another wire."""
    field = Field("f", HERE, FromColumn("c"), type=type, **entry)
    travels: Wire = wire(codec, "any") if codec else CAPABILITIES.wires[type]
    return Binding(field, type, travels, there, "f")


def reading(binding: Binding) -> Convert:
    return ours_lane("ours", binding, Columns(("c",), {}), {}, NOW).convert


def written(binding: Binding, canonical: str | None, before: str | None, like: str | None, country: str | None) -> Any:
    return raw_texts(binding, reading(binding))(canonical, before, like, country)


CASES = [
    # (binding, canonical, before, like, raw)
    (bound("text"), "Bonn", "Graz", None, "Bonn"),
    (bound("text"), "Bonn", "  Bonn ", None, "  Bonn "),  # it is there already
    (bound("text"), None, "Graz", "Wien", None),
    (bound("text"), None, "", None, ""),
    (bound("text"), None, "  ", None, "  "),
    (bound("raw"), None, "  ", None, None),
    (bound("date"), None, "0000-00-00", None, "0000-00-00"),
    (bound("date"), "2026-09-05", "22.11.2026", "2026-11-22 10:00:00", "2026-09-05 00:00:00"),
    (bound("date"), "2026-09-05", "2026/11/22", "2026-11-22 10:00:00", "2026/09/05"),
    (bound("date"), "2026-09-05", "0000-00-00", "1795341600", "1788566400"),
    (bound("date", format="DD.MM.YYYY"), "2026-09-05", "soon", None, "05.09.2026"),
    (bound("datetime", timezone="Europe/Berlin"), "2026-07-01T10:00:00Z", "2026-01-01 00:00", None, "2026-07-01 12:00"),
    (bound("checkbox"), "true", "0", None, "1"),
    (bound("checkbox"), "false", None, "Yes", "No"),
    (bound("checkbox", map=YES_NO), "true", "N", None, "Y"),
    (bound("checkbox", map=YES_NO), "true", "N", "J", "J"),
    (bound("checkbox", map=YES_NO), "true", " J ", "Y", " J "),
    (bound("checkbox", map=YES_NO, default="false"), "false", "Y", None, "N"),
    (bound("checkbox", default="false"), "false", None, None, None),  # the default says it already
    (bound("checkbox", default="false"), "false", "1", None, "0"),
    (bound("checkbox", codecs.ONE_BLANK), None, "1", None, None),  # false is empty where only ticks are kept
    (bound("checkbox", codecs.ONE_BLANK), None, "0", None, "0"),
    (bound("checkbox", codecs.ONE_BLANK, default="false"), None, "1", None, None),
    (bound("checkbox", codecs.ONE_BLANK, default="true"), None, "1", "yes", "0"),
    (bound("checkbox", codecs.ONE_BLANK, default="true"), "true", "0", None, "1"),
    (bound("text", map=LEVELS), "free", "2", None, "1"),
    (bound("text", map=LEVELS), "pro", "1", None, "2"),
    (bound("text", map=LEVELS), "pro", "1", "two", "two"),
    (bound("text", map=LEVELS), "pro", "two", "2", "two"),
    (bound("text", map=LEVELS), "gold", "1", "2", "gold"),  # others pass through
    (bound("integer", map={"1": "10", "10": "1"}), "1", "5", None, "10"),
    (bound("text", map={"n/a": "", "none": ""}), None, "Bonn", None, None),
    (bound("text", map={"n/a": "", "none": ""}), None, "Bonn", "none", "none"),
    (bound("text", map={"": "nowhere", "n/a": ""}), None, "Bonn", None, "n/a"),
    (bound("text", map={"": "nowhere"}), "nowhere", "Bonn", None, "nowhere"),
    (bound("text", map={"": "nowhere"}), "nowhere", None, None, None),
    (bound("text", map={"": "A", "A": "B"}), "A", "x", None, ""),
    (bound("text", default="nobody"), "nobody", "x", None, "nobody"),
    (bound("select", options=PLANS, map={"1": "Free plan"}), "free", "pro", None, "1"),
    (bound("select", options=PLANS), "free", "Pro", None, "Free plan"),
    (bound("select", options=PLANS), "free", "pro", "Pro", "free"),
    (bound("multiselect"), '["a","b"]', "x; y", "x|y", "a;b".replace(";", "; ")),
    (bound("multiselect", codecs.SET_SEMICOLON), '["a","b"]', "x", None, "a,b"),
    (bound("number", decimals=2, format="1.234,56"), "1234.5", "1,00", None, "1.234,50"),
    (bound("number", codecs.NUMBER), "0.1", "1.00", None, "0.10"),
    (bound("country", as_="name"), "Germany", "US", None, "DE"),
    (bound("phone", region="DE"), "+4930123456", "030/1234", None, "+4930123456"),
    (bound("phone", region="DE"), "+4930123456", "030/123456", None, "030/123456"),
    (bound("email"), "bob@example.org", "Bob@Example.org", None, "Bob@Example.org"),
]

REFUSED = [
    # (binding, canonical, before, reason, key)
    (bound("text", default="nobody"), None, "x", "the default would stand in", "default"),
    (bound("checkbox", default="true"), None, "0", "the default would stand in", "default"),
    (bound("text", map={"": "nowhere"}), None, "x", "reads as something else in the source", "map"),
    (bound("text", map={"1": "free"}), "1", "x", "reads as something else in the source", "map"),
    (
        bound("datetime", format="DD/MM/YYYY"),
        "2026-01-01T10:00:00Z",
        "x",
        "reads as something else in the source",
        "format",
    ),
    (bound("select", options=PLANS), "gold", "pro", "outside options", "options"),
    (
        bound("text", there=CrmField("f", "F", "text", max_length=3)),
        "Bonn",
        "x",
        "longer than the CRM's 3 characters",
        "",
    ),
    (bound("text", there=CrmField("f", "F", "select", (CrmOption("a", "A"),))), "b", "x", "outside options", "options"),
    (bound("text"), "a\0b", "x", "reads as something else in the source", "map"),
    (bound("text"), "a\ud800", "x", "reads as something else in the source", "map"),
    (bound("text"), " not canonical", "x", "reads as something else in the source", "map"),
    (bound("number", codecs.NUMBER), "0.1000000000000000055", "1", "reads as something else in the source", "map"),
]


@pytest.mark.parametrize(("binding", "canonical", "before", "like", "raw"), CASES)
def test_the_source_is_given_what_reads_as_the_crms_value(
    binding: Binding, canonical: str | None, before: str | None, like: str | None, raw: str | None
) -> None:
    assert written(binding, canonical, before, like, None) == raw


@pytest.mark.parametrize(("binding", "canonical", "before", "reason", "key"), REFUSED)
def test_the_source_is_given_nothing_that_reads_as_something_else(
    binding: Binding, canonical: str | None, before: str | None, reason: str, key: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        written(binding, canonical, before, None, None)
    assert (refused.value.reason, refused.value.key) == (reason, key)


@pytest.mark.parametrize(
    ("as_", "map", "canonical", "before", "country", "raw"),
    [
        (None, {}, "CA", "New York", "US", "California"),
        (None, {}, "CA", "NY", "USA", "CA"),
        ("name", {}, "California", "NY", "United States", "CA"),
        (None, {"Cali": "California"}, "CA", "NY", "US", "Cali"),
        (None, {"Cali": "California"}, "13", "NY", "JP", "13"),
        (None, {}, "Somewhere", "NY", None, "Somewhere"),
        (None, {}, None, "NY", "US", None),
    ],
)
def test_a_state_is_given_within_the_country_of_its_row(
    as_: str | None, map: dict[str, str], canonical: str | None, before: str, country: str | None, raw: str | None
) -> None:
    binding = bound("state", as_=as_, map=map, country="land")
    assert written(binding, canonical, before, None, country) == raw


def test_the_map_is_inverted_once_for_each_country() -> None:
    binding = bound("state", map={"B": "Bayern"}, country="land")
    raw_text = raw_texts(binding, reading(binding))
    assert [raw_text("BY", None, None, "DE") for _ in range(2)] == ["B", "B"]
    with pytest.raises(Unreadable, match="unknown state"):
        raw_text("BY", None, None, "FR")
    with pytest.raises(Unreadable, match="unknown country"):
        raw_text("BY", None, None, "Atlantis")


texts = st.sampled_from(
    ["", "1", "2", " 1", "yes", "Y", "free", "gold", "a;b", "2026-09-05", "1,5", "10:00", "US", "n/a"]
)
CODECS = {
    "checkbox": (codecs.ONE_BLANK, codecs.ONE_ZERO),
    "number": (codecs.NUMBER,),
    "date": (codecs.DATE_US, codecs.DATE_SECONDS),
    "datetime": (codecs.DATETIME_SQL, codecs.DATETIME_MILLISECONDS),
    "multiselect": (codecs.SET_COMMA, codecs.SET_BARS, codecs.SET_SEMICOLON),
}
FORMATS = {
    "number": ("1,234.56", "1.234,56", "1 234,56"),
    "integer": ("1,234.56",),
    "date": ("DD/MM/YYYY", "MMM D, YY", "x"),
    "datetime": ("DD/MM/YYYY HH:mm:ss", "M/D/YYYY h:mm A", "YYYYMMDDTHHmmssZ", "X"),
}


@st.composite
def bindings(draw: st.DrawFn, type: str) -> Binding:
    """An entry with everything that stands between the source and the type."""
    values = st.one_of(texts, texts_of(type))
    more: dict[str, Any] = {
        "map": draw(st.dictionaries(values, values, max_size=4)),
        "timezone": draw(st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Africa/Monrovia"])),
    }
    if type in FORMATS:
        more["format"] = draw(st.sampled_from([None, *FORMATS[type]]))
    if type in ("select", "multiselect"):
        more["options"] = draw(st.sampled_from([None, PLANS]))
    if type == "phone":
        more["region"] = draw(st.sampled_from([None, "DE"]))
    if type == "state":
        more["country"] = draw(st.sampled_from([None, "land"]))
    if type in ("country", "state"):
        more["as_"] = draw(st.sampled_from([None, "name"]))
    default = draw(st.one_of(st.none(), values))
    codec = draw(st.sampled_from([None, *CODECS.get(type, ())]))
    return bound(type, codec, default=default or None, **more)


@pytest.mark.parametrize("type", list(TYPES))
def test_whatever_the_source_is_given_reads_as_what_the_crm_holds(type: str) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        binding = data.draw(bindings(type))
        ours, theirs = reading(binding), theirs_lane("theirs", binding, "f").convert
        values = st.one_of(st.none(), texts, texts_of(type))
        before, like = data.draw(values), data.draw(values)
        country = data.draw(st.sampled_from(["US", "Germany", "", "Atlantis", None]))
        try:
            canonical = theirs(data.draw(values))
            raw = raw_texts(binding, ours)(canonical, before, like, country)
        except Unreadable:
            return
        cell = ours(raw, country) if binding.entry.country else ours(raw)
        assert canonical == (None if cell is None or cell.startswith(BLANK_MARK) else cell)

    holds()


@pytest.mark.parametrize("type", list(TYPES))
def test_where_nothing_stands_between_source_and_type_every_value_can_be_given(type: str) -> None:
    binding = bound(type)
    ours, theirs = reading(binding), theirs_lane("theirs", binding, "f").convert
    raw_text = raw_texts(binding, ours)

    @settings(max_examples=60, deadline=None)
    @given(texts_of(type), texts_of(type), texts_of(type))
    def holds(held: str, before: str, like: str) -> None:
        try:
            canonical = theirs(held)
        except Unreadable:
            return
        assert ours(raw_text(canonical, before, like, None)) == canonical

    holds()
