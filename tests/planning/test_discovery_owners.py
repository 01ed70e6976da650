"""Whose the keys of a WordPress site are, which are hidden, and what is known of their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from reconciler.model.discovery import Discovery
from reconciler.planning.discovery import Known, Sample, discover, owners_of
from reconciler.planning.discovery.owners import Owned, Owners

_LABELLED = Path(__file__).parent / "labelled" / "wordpress.yaml"
_MARK = "field_64a1b2c3d4e5f"


def site(prefix: str = "wp_") -> Owners:
    owners = owners_of("wordpress", prefix)
    assert owners is not None
    return owners


def labelled() -> dict[str, tuple[str, bool]]:
    """Key -> its owner, and whether it is hidden."""
    document: dict[str, dict[str, list[str]]] = YAML(typ="safe").load(_LABELLED.read_text(encoding="utf-8"))
    rows = [(key, owner, kind) for owner, kinds in document.items() for kind, keys in kinds.items() for key in keys]
    assert len(rows) == len({key for key, *_ in rows})
    return {key: (owner, kind == "hidden") for key, owner, kind in rows}


def marks(name: str) -> Iterable[str]:
    owner, _ = labelled()[name]
    return [_MARK] if owner == "ACF" else ["a value"]


ANSWERS = labelled()
OWNED = site().of(list(ANSWERS), marks)


@pytest.mark.parametrize("key", ANSWERS)
def test_each_key_is_shown_below_the_program_that_writes_it(key: str) -> None:
    assert (OWNED[key].group, OWNED[key].internal) == ANSWERS[key]


def test_there_are_enough_keys_of_every_owner() -> None:
    assert len(ANSWERS) >= 150
    assert {owner for owner, _ in ANSWERS.values()} == set(site().groups)


def test_a_key_that_anybody_could_have_thought_of_is_a_programs_beside_others_of_its() -> None:
    assert site().of(["gender", "birth_date"])["gender"] == Owned("Additional")
    assert site().of(["gender", "account_status"])["gender"].group == "Ultimate Member"


@pytest.mark.parametrize("values", [[], ["field"], [_MARK, "Oulu"], ["my field_1"]])
def test_a_field_is_acfs_only_by_a_partner_that_says_so(values: list[str]) -> None:
    assert site().of(["team", "_team"], lambda _: values)["team"].group == "Additional"
    assert site().of(["team"], lambda _: [_MARK])["team"].group == "Additional"


def test_the_prefix_of_the_tables_is_the_sites_own() -> None:
    keys = ["x7media_library_mode", "x712_media_library_mode", "wp_media_library_mode"]
    owned = site("x7").of(keys)
    assert [owned[key].internal for key in keys] == [True, True, False]
    assert not site("x.").of(keys)["x7media_library_mode"].internal


def test_other_types_of_sources_have_no_owners() -> None:
    assert owners_of("csv") is None
    assert owners_of("sqlite", "wp_") is None


def found(known: Known | None = None, **columns: Sequence[str | None]) -> Discovery:
    people = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return discover(Sample(people, "wp_users", people.num_rows, True), known or Known(owners=site()))


MOMENTS = ["1731234567", "1741234567"]
SITE: dict[str, Sequence[str | None]] = {
    "rich_editing": ["true", "true"],
    "city_of_birth": ["Oulu", "Gent"],
    "user_id": ["1", "2"],
    "user_email": ["a@example.org", "b@example.org"],
    "renewal": ["20261231", "20270115"],
    "_renewal": [_MARK, _MARK],
    "billing_city": ["Oulu", "Gent"],
}


def test_columns_stand_by_their_owners_and_internal_ones_are_hidden() -> None:
    discovery = found(**SITE)
    assert [(c.name, c.group) for c in discovery.columns] == [
        ("user_id", "Core"),
        ("user_email", "Core"),
        ("billing_city", "WooCommerce billing"),
        ("renewal", "ACF"),
        ("city_of_birth", "Additional"),
    ]
    assert discovery.hidden == ("_renewal", "rich_editing")


def test_all_shows_internal_columns_at_the_end_of_their_group_and_proposes_none() -> None:
    discovery = found(Known(owners=site(), all=True), **SITE)
    assert [c.name for c in discovery.columns if c.group == "Core"] == ["user_id", "user_email", "rich_editing"]
    assert {c.name: bool(c.apart) for c in discovery.columns if c.internal} == {"rich_editing": True, "_renewal": True}
    assert discovery.hidden == ()


def test_what_the_file_maps_is_never_hidden() -> None:
    mapped = Known(owners=site(), mapped={"editor": "rich_editing"})
    assert not found(mapped, **SITE).column("rich_editing").internal
    assert mapped.unneeded(["rich_editing", "use_ssl"]) == ("use_ssl",)


def test_what_is_hidden_by_its_name_is_not_even_read_but_for_what_may_mark_another() -> None:
    assert Known(owners=site()).unneeded(list(SITE)) == ("rich_editing",)
    assert Known(owners=site(), all=True).unneeded(list(SITE)) == ()
    assert Known().unneeded(list(SITE)) == ()


def test_without_owners_nothing_is_grouped_and_nothing_hidden() -> None:
    discovery = found(Known(), **SITE)
    assert [c.name for c in discovery.columns] == list(SITE)
    assert {c.group for c in discovery.columns} == {""}
    assert discovery.hidden == ()


TYPES: list[tuple[str, list[str | None], str, str | None]] = [
    ("course_12_access_from", [*MOMENTS], "datetime", None),
    ("course_completed_12", [*MOMENTS, ""], "datetime", None),
    ("course_points", ["12", "30"], "integer", None),
    ("renewal", ["20261231", "20270115"], "date", "YYYYMMDD"),
    ("renewal", [*MOMENTS], "datetime", None),
    ("phone", ["2025550123", "2025550199"], "phone", None),
    ("shirt_number", [*MOMENTS], "integer", None),
    ("terms", ["1", "", None], "checkbox", None),
    ("terms", ["1", None, None], "integer", None),
    ("wp_topics", ['a:1:{i:0;s:5:"chess";}', 'a:2:{i:0;s:2:"go";i:1;s:5:"chess";}'], "multiselect", None),
    ("roles", ['["editor"]', "[]"], "multiselect", None),
    ("user_registered", ["2024-03-03T10:00:00Z", "2024-04-04T11:30:00Z"], "datetime", None),
    ("birth_date", ["1980/02/03", "1999/12/31"], "date", None),
    ("billing_country", ["DE", "FR", "IT"], "country", None),
]


@pytest.mark.parametrize(("name", "values", "type", "format"), TYPES)
def test_types_are_those_in_which_the_programs_keep_their_values(
    name: str, values: list[str | None], type: str, format: str | None
) -> None:
    marked: dict[str, Any] = {f"_{name}": [_MARK] * len(values)} if name in ("renewal", "phone") else {}
    column = found(**{name: values}, **marked).column(name)
    assert (column.type, column.format, column.apart) == (type, format, "")


@pytest.mark.parametrize(
    "value",
    [
        'a:1:{i:0;a:1:{i:0;s:1:"x";}}',
        'O:8:"stdClass":1:{s:1:"a";i:1;}',
        'a:1:{i:0;s:9:"cut of',
        'a:1:{s:1:"a";s:1:"b";}',
    ],
)
def test_what_no_type_reads_of_phps_values_is_left_out_with_the_reason(value: str) -> None:
    column = found(tree=[value, value]).column("tree")
    assert "which no type reads" in column.apart


def test_fields_are_proposed_by_what_a_shortened_key_means() -> None:
    discovery = found(**{
        "user_email": ["a@example.org", "b@example.org"],
        "first_name": ["Ada", "Bo"],
        "pmpro_bfirstname": ["Ada", "Bo"],
        "pmpro_bzipcode": ["01067", "10115"],
        "mepr-address-one": ["Main road 1", "Main road 2"],
        "mepr_company": ["Acme", "Globex"],
        "user_registered": ["2024-03-03T10:00:00Z", "2024-04-04T11:30:00Z"],
    })  # fmt: skip
    assert {p.column: p.target.key for p in discovery.proposals} == {
        "user_email": "email",
        "first_name": "first_name",
        "pmpro_bzipcode": "postal_code",
        "mepr-address-one": "address",
        "mepr_company": "company",
    }
