"""What is said of columns: types by the types' own parsers, shapes that are no values, proposals by whole names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.discovery import Column, Discovery, Spread, Target
from reconciler.model.inventory import CrmField, Inventory
from reconciler.planning.discovery import Crm, Known, Sample, discover
from reconciler.planning.discovery.apart import why_apart
from reconciler.planning.discovery.discover import look_at
from reconciler.planning.discovery.matching import proposals
from reconciler.planning.discovery.shapes import shape
from reconciler.planning.discovery.words import words

from .small_crm import CAN_ALL


def column(name: str, values: Sequence[str | None], times: int = 1, values_shown: bool = False) -> Column:
    return look_at(name, pa.chunked_array([pa.array([*values] * times, pa.string())]), values_shown)


TYPES = [
    ("note", ["1980-02-03", "1999-12-31"], "date", None),
    ("note", ["1980-02-03 00:00:00", "1999-12-31 00:00:00"], "date", None),
    ("note", ["2024-02-03 10:20:30", "2024-12-31 00:00:00"], "datetime", None),
    ("note", ["25/12/1980", "01/02/1990"], "date", "DD/MM/YYYY"),
    ("note", ["12/25/1980", "01/02/1990"], "date", "MM/DD/YYYY"),
    ("note", ["01.02.1990", "03.04.1991"], "date", "DD.MM.YYYY"),
    ("note", ["25/12/1980 10:30 PM", "01/02/1990 1:05 am"], "datetime", "DD/MM/YYYY h:mm A"),
    ("note", ["3 March 1980", "12 May 1999"], "date", "D MMMM YYYY"),
    ("created_at", ["1731234567", "1741234567"], "datetime", None),
    ("created_at", ["1731234567000", "1741234567000"], "datetime", None),
    ("count", ["1731234567", "1741234567"], "integer", None),
    ("start_date", ["20240131", "20251224"], "date", "YYYYMMDD"),
    ("visits", ["20240131", "20251224"], "integer", None),
    ("zero", ["0000-00-00", "1980-02-03"], "date", None),
    ("sum", ["1.5", "20"], "number", None),
    ("sum", ["1,5", "20,25"], "number", "1234,56"),
    ("sum", ["1.234,5", "20,25"], "number", "1.234,56"),
    ("sum", ["1,234.5", "20.25"], "number", "1,234.56"),
    ("sum", ["1'234.50", "20.25"], "number", "1'234.56"),
    ("zip", ["01067", "10115"], "text", None),
    ("card", ["1234567890123456", "1234567890123457"], "text", None),
    ("any", ["1", "0"], "checkbox", None),
    ("any", ["1", "1"], "integer", None),
    ("is_member", ["1", "1"], "checkbox", None),
    ("any", ["Yes", "no", "ON"], "checkbox", None),
    ("any", ["yes", "no", "maybe"], "text", None),
    ("any", ["a@x.org", "B@y.org"], "email", None),
    ("any", ["https://x.org/a", "www.x.org"], "url", None),
    ("any", ["+49 30 123456", "+44 20 7946 0999"], "phone", None),
    ("tel", ["030 123456", "0171/555123"], "phone", None),
    ("order", ["030 123456", "0171/555123"], "text", None),
    ("any", ["DE", "FR", "IT"], "country", None),
    ("any", ["Germany", "France"], "country", None),
    ("language", ["de", "fr", "it"], "text", None),
    ("any", ['a:1:{s:6:"editor";b:1;}', "a:0:{}"], "multiselect", None),
    ("any", ['["a","b"]', "[]"], "multiselect", None),
    ("any", [], "text", None),
    ("any", [None, "", "  "], "text", None),
    ("any", ["\u0000", "x"], "text", None),
]


@pytest.mark.parametrize(("name", "values", "type", "format"), TYPES)
def test_the_type_is_the_one_whose_parser_reads_the_values(
    name: str, values: list[str | None], type: str, format: str | None
) -> None:
    found = column(name, values)
    assert (found.type, found.format, found.unclear) == (type, format, ())


@pytest.mark.parametrize(
    ("values", "type", "unclear"),
    [
        (["01/02/1990", "03/04/1991"], "date", ("DD/MM/YYYY", "MM/DD/YYYY")),
        (["01-02-1990 10:00", "03-04-1991 11:00"], "datetime", ("DD-MM-YYYY HH:mm", "MM-DD-YYYY HH:mm")),
        (["1,234", "5,678"], "number", ("1234,56", "1,234.56")),
    ],
)
def test_what_reads_both_ways_is_left_to_a_person(values: list[str], type: str, unclear: tuple[str, ...]) -> None:
    found = column("any", values)
    assert (found.type, found.format, found.unclear) == (type, None, unclear)


def test_days_that_are_the_same_both_ways_are_clear() -> None:
    assert column("any", ["01/01/1990", "02/02/1991"]).format == "DD/MM/YYYY"


def test_a_few_words_that_repeat_are_choices_and_names_are_not() -> None:
    assert column("plan", ["free", "pro"], times=8).type == "select"
    assert column("plan", ["free", "pro"]).type == "text"
    assert column("name", [f"Name {n}" for n in range(40)]).type == "text"


def test_lists_of_the_same_words_are_lists_and_sentences_are_not() -> None:
    assert column("colours", ["red|blue", "green", "red|green", "blue"], times=9).type == "multiselect"
    assert column("place", ["Oulu, Finland", "Gent, Belgium", "Porto, Portugal"], times=9).type == "select"
    assert column("sum", ["1,5", "2,5", "1,2"], times=9).type == "number"


def test_a_type_may_leave_a_few_values_unread_and_says_how_many() -> None:
    found = column("born", [*(f"1980-01-{day:02}" for day in range(1, 29)), "unknown"])
    assert (found.type, found.unreadable) == ("date", 3)
    assert column("born", ["1980-01-01", "unknown"]).type == "text"


def test_how_full_never_rounds_to_all_or_nothing() -> None:
    assert column("a", ["x"] * 999 + [""]).percent == 99
    assert column("a", ["x", *[None] * 999]).percent == 1
    assert column("a", ["x"]).percent == 100
    assert column("a", [" "]).percent == 0


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        ([""], Spread.NONE),
        (["a", "a", ""], Spread.ONE),
        (["a", "b", "a"], Spread.FEW),
        ([str(n) for n in range(13)] + ["1"], Spread.MANY),
        (["a", "b"], Spread.UNIQUE),
    ],
)
def test_how_many_values_differ_is_one_word(values: list[str], spread: Spread) -> None:
    assert column("any", values).spread is spread


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Ada Lovelace", "Aa+ Aa+"),
        ("12/05/1980", "99/99/9999"),
        ("ada.l@example.org", "a+.a@a+.a+"),
        ("+49 30 123456", "+99 99 9+"),
        ("McDonald", "AaAa+"),
        ("DE", "A+"),
        ("Zoe\u0308", "Aa+"),
        ("会員", "x+"),
        ("A+", "A"),
        ("0-", "9"),
        ("***", "signs only"),
        (":-)", "signs only"),
        ("a b c d", "a few words"),
        (" ".join(["word"] * 20), "10 to 50 words"),
        (" ".join(["word"] * 99), "more than 50 words"),
        ("a1b2c3d4e5f6g7h8", "long and mixed"),
    ],
)
def test_a_shape_says_which_kinds_of_signs_follow_each_other(value: str, shown: str) -> None:
    assert shape(value) == shown


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(min_size=1, max_size=40))
def test_a_shape_is_the_same_for_every_other_letter_and_digit(value: str) -> None:
    def other(sign: str) -> str:
        return "q" if sign.islower() and sign.isascii() else "Q" if sign.isupper() and sign.isascii() else sign

    masked = "".join("7" if sign.isdigit() and sign.isascii() else other(sign) for sign in value)
    assert shape(masked) == shape(value)
    assert len(shape(value)) <= 40


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("bcdfgBCDFG12345678€ü!*- ./@"), min_size=1, max_size=40))
def test_no_letter_and_no_digit_of_a_value_is_in_its_shape(value: str) -> None:
    signs = set(shape(value)) - set("a few words signs only long and mixed 10 to 50 more than")
    assert signs & set(value) <= set("-./@")


@pytest.mark.parametrize(
    "name",
    [
        "user_pass", "password", "Passwort", "passwordHash", "api_token", "session_tokens", "reset-token", "salt",
        "user_activation_key", "apiKey", "wp_capabilities", "wp_user_level", "rich_editing", "customer_ip_address",
        "IBAN", "credit_card", "user_agent", "last_login_ip",
    ],
)  # fmt: skip
def test_what_must_not_leave_or_means_nothing_elsewhere_is_set_apart(name: str) -> None:
    assert why_apart(name, ["x"])


@pytest.mark.parametrize("name", ["email", "zip", "tokenised_name", "compass", "shipping_city", "trip", "hashtag"])
def test_a_name_that_only_looks_a_little_like_a_secret_is_a_column_like_any_other(name: str) -> None:
    assert why_apart(name, ["x"]) == ""


@pytest.mark.parametrize(
    "value", ["$2y$10$abcdefghijklmnopqrstuv", "5f4dcc3b5aa765d61d8327deb882cf99", "eyJhbGciOi.eyJzdWIi.abc", "$P$Babc"]
)
def test_values_that_are_hashes_set_a_column_apart_whatever_it_is_called(value: str) -> None:
    assert "hashes" in why_apart("field_7", [value] * 3)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("billing_first_name", ("billing", "first", "name")),
        ("firstName", ("first", "name")),
        ("E-Mail", ("e", "mail")),
        ("Straße", ("strasse",)),
        ("téléphone", ("telephone",)),
        ("address1", ("address", "1")),
        ("HTMLBody", ("html", "body")),
        ("会員", ()),
        ("", ()),
    ],
)
def test_names_are_words_in_small_ascii_letters(name: str, said: tuple[str, ...]) -> None:
    assert words(name) == said


CITY = Target("city", "City", "text")
EMAIL = Target("email", "E-mail", "email")
FIRST = Target("first_name", "First name", "text")
BORN = Target("birthday", "Birthday", "date")


def proposed(name: str, *targets: Target, values: Sequence[str] = ("x y", "z w")) -> tuple[str, int] | None:
    found = proposals([column(name, values)], targets)
    return (found[0].target.key, found[0].confidence) if found else None


@pytest.mark.parametrize("name", ["email_verified", "ip_address", "first_order_date", "company_size", "city_tax", "id"])
def test_a_part_of_a_name_is_not_the_name(name: str) -> None:
    targets = [EMAIL, Target("address", "Address", "text"), FIRST, Target("company", "Company", "text"), CITY]
    assert proposed(name, *targets) is None


def test_the_label_is_read_where_the_key_says_nothing() -> None:
    assert proposed("vorname", Target("merge_7", "First name", "text")) == ("merge_7", 99)


def test_the_same_name_is_as_sure_as_can_be_and_a_misspelt_one_is_less() -> None:
    assert proposed("favourite_colour", Target("favourite_colour", "x", "text")) == ("favourite_colour", 100)
    key, confidence = proposed("favourite_color", Target("favourite_colour", "x", "text")) or ("", 0)
    assert key == "favourite_colour"
    assert 90 <= confidence < 100


def test_a_field_that_cannot_hold_the_values_is_never_proposed() -> None:
    assert proposed("birthday", BORN, values=["in spring", "in autumn"]) is None
    assert proposed("birthday", BORN, values=["1980-01-02", "1981-01-02"]) == ("birthday", 100)
    assert proposed("email", EMAIL, values=["12", "13"]) is None


def test_each_field_goes_to_the_column_that_is_surest_and_no_other() -> None:
    columns = [column(name, ["Oulu x", "Gent x"]) for name in ("shipping_city", "billing_city", "city_name")]
    assert [(p.column, p.confidence) for p in proposals(columns, [CITY])] == [("city_name", 99)]
    both = [CITY, Target("shipping_city", "Shipping city", "text")]
    assert {p.column: p.target.key for p in proposals(columns, both)} == {
        "shipping_city": "shipping_city",
        "city_name": "city",
    }


def test_columns_set_apart_and_columns_that_are_mapped_are_not_proposed() -> None:
    columns = [column("email", ["a@x.org", "b@x.org"]), column("user_pass", ["x", "y"])]
    assert proposals(columns, [EMAIL, Target("user_pass", "x", "text")], taken={"email"}) == ()


def found(known: Known | None = None, **columns: Sequence[str | None]) -> Discovery:
    people = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return discover(Sample(people, "people.csv", people.num_rows, True), known or Known())


PEOPLE: dict[str, list[str | None]] = {
    "name": ["Ada", "Bo", "Cy"],
    "nr": ["7", "8", "9"],
    "billing_email": ["a@x.org", "b@x.org", "c@x.org"],
    "email": ["a@x.org", "b@x.org", ""],
}


def test_the_person_is_a_column_that_is_never_empty_and_never_twice() -> None:
    assert found(**PEOPLE).person == "nr"
    assert found(**PEOPLE, id=["1", "2", "3"]).person == "id"
    assert found(**PEOPLE, id=["1", "1", "3"]).person == "nr"
    assert found(name=["Ada", "Bo"], email=["a@x.org", "b@x.org"]).person == "email"
    assert found(name=["Ada", "Bo"], email=["a@x.org", "a@x.org"]).person is None


def test_an_id_with_a_double_among_many_is_an_id_all_the_same() -> None:
    ids = [str(n) for n in range(199)]
    assert found(ID=[*ids, "0"], line=[*ids, "199"]).person == "ID"


def test_the_address_is_the_column_that_is_named_most_plainly() -> None:
    assert found(**PEOPLE).email == "email"
    assert found(name=["Ada"]).email is None


def test_without_a_crm_the_fields_are_those_that_most_have() -> None:
    discovery = found(**PEOPLE)
    assert discovery.crm is None
    assert {p.column: p.target.key for p in discovery.proposals} == {"email": "email"}


def test_with_a_crm_the_fields_are_its_own_but_those_that_cannot_be_written() -> None:
    fields = (
        CrmField("mail", "E-mail", "string"),
        CrmField("vorname", "Vorname", "string", read_only=True),
        CrmField("owner", "First name", "string", joined="owner"),
    )
    crm = Crm("small", Inventory(fields), CAN_ALL)
    discovery = found(Known(crm), email=["a@x.org", "b@x.org"], first_name=["Ada", "Bo"])
    assert discovery.crm == "small"
    assert {p.column: p.target.key for p in discovery.proposals} == {"email": "mail"}


def test_what_the_file_maps_is_not_proposed_again() -> None:
    discovery = found(Known(mapped={"email": "billing_email", "first_name": None}), **PEOPLE)
    assert discovery.mapped == (("billing_email", "email"),)
    assert discovery.proposals == ()


cells = (
    st.none()
    | st.text(max_size=30)
    | st.sampled_from(["1", "--5", "\u00b2", "0x1", "1,5", "a:1:{", "[", "{}", "+1", "1.1"])
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.dictionaries(st.text(max_size=20), st.lists(cells, min_size=5, max_size=5), min_size=1, max_size=4))
def test_whatever_the_columns_hold_something_is_said_of_each(columns: dict[str, list[str | None]]) -> None:
    discovery = found(**columns)
    assert [c.name for c in discovery.columns] == list(columns)


@pytest.mark.parametrize(("name", "type"), [("created_at", "datetime"), ("count", "integer")])
@pytest.mark.parametrize("odd", ["\u00b2", "--5", "-", "x"])
def test_one_odd_cell_among_many_changes_no_type(name: str, type: str, odd: str) -> None:
    assert column(name, [*(str(1731234567 + n) for n in range(40)), odd]).type == type


def test_values_are_kept_for_whoever_asks_and_of_enumerations_alone() -> None:
    plans = column("plan", ["free", "pro"], times=8, values_shown=True)
    assert plans.values == ("free", "pro")
    assert column("plan", ["free", "pro"], times=8).values == ()
    assert column("name", ["Ada", "Bo"], values_shown=True).values == ()
    assert column("tags", ["a|b", "b|c", "c|a"], times=9, values_shown=True).values == ("a", "b", "c")
    assert replace(plans, values=()) == column("plan", ["free", "pro"], times=8)
