"""The embedded CRM: its file, its rules, its quirks."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from reconciler.localcrm import (
    KINDS,
    AnswerLost,
    Down,
    Limits,
    LocalCrm,
    LocalCrmError,
    Missing,
    Quirks,
    Refused,
    Taken,
    TooManyCalls,
    Trouble,
    Unusable,
)
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CANARY = "Zanzibar"
CHOICES = (CrmOption("free", "Free"), CrmOption("pro", "Pro"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crm.db"


@pytest.fixture
def crm(path: Path) -> Iterator[LocalCrm]:
    made = opened(path)
    yield made
    made.close()


def opened(path: Path, now: datetime = NOW, **more: Any) -> LocalCrm:
    return LocalCrm(path, Clock.fixed(now), **more)


def added(crm: LocalCrm, email: str, **values: Any) -> str:
    (result,) = crm.add([{"email": email, **values}])
    if result.error:
        raise result.error
    assert result.id
    return result.id


def silent(error: LocalCrmError | None) -> LocalCrmError:
    assert error is not None
    assert CANARY.lower() not in f"{error!r} {error.args} {vars(error)}".lower()
    assert error.__cause__ is None
    return error


# The file


def test_reading_never_makes_the_file(crm: LocalCrm, tmp_path: Path) -> None:
    assert crm.account() == ""
    assert [f.key for f in crm.fields()] == ["email", "first_name", "last_name", "phone"]
    assert all(f.standard for f in crm.fields())
    assert (crm.tags(), crm.find("ann@example.org"), list(crm.pages(["email"])), crm.load(["1"], [])) == (
        (),
        None,
        [],
        {},
    )
    with pytest.raises(Missing):
        crm.tags_of("1")
    assert list(tmp_path.iterdir()) == []


def test_the_first_write_makes_the_file_and_the_account(crm: LocalCrm, path: Path) -> None:
    crm.add_tag("Customer")
    assert path.exists()
    assert path.stat().st_mode & 0o077 == 0
    assert len(crm.account()) == 8
    int(crm.account(), 16)
    again = opened(path)
    assert (again.account(), again.tags()) == (crm.account(), crm.tags())
    again.close()


def test_two_accounts_have_different_ids(tmp_path: Path) -> None:
    ids = set()
    for name in ("one.db", "two.db"):
        crm = opened(tmp_path / name)
        crm.add_tag("x")
        ids.add(crm.account())
        crm.close()
    assert len(ids) == 2


def test_an_open_crm_sees_the_file_that_another_one_makes(path: Path) -> None:
    one, two = opened(path), opened(path)
    assert one.find("ann@example.org") is None
    id = added(two, "ann@example.org")
    assert one.find("ann@example.org") == id
    one.close()
    two.close()


@pytest.mark.parametrize("content", [b"", "wal"])
def test_a_file_that_was_never_finished_is_an_empty_crm(path: Path, content: bytes | str) -> None:
    if content == "wal":
        half = sqlite3.connect(path)
        half.execute("PRAGMA journal_mode = WAL")
        half.close()
    else:
        path.touch()
    crm = opened(path)
    assert (crm.account(), list(crm.pages(["email"]))) == ("", [])
    added(crm, "ann@example.org")
    assert crm.account()
    crm.close()


def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    crm = opened(path)
    crm.add_tag("x")
    crm.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = path.read_bytes()
    for call in (crm.account, lambda: crm.add_tag("y")):
        with pytest.raises(Unusable) as caught:
            call()
        assert caught.value.trouble is Trouble.NEWER
        assert "version 2" in caught.value.detail
    assert path.read_bytes() == before


def test_another_programs_file_is_refused_and_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE {CANARY} (x)")
    connection.close()
    before = path.read_bytes()
    crm = opened(path)
    for call in (crm.account, lambda: crm.add_tag("y")):
        with pytest.raises(Unusable) as caught:
            call()
        assert caught.value.trouble is Trouble.FOREIGN
        silent(caught.value)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text(CANARY * 1000)
    crm = opened(path)
    for call in (crm.account, lambda: crm.add_tag("y")):
        with pytest.raises(Unusable) as caught:
            call()
        assert caught.value.trouble is Trouble.FOREIGN
        silent(caught.value)
    assert path.read_text() == CANARY * 1000


@pytest.mark.parametrize("where", ["missing/crm.db", "folder"])
def test_a_place_where_no_file_can_be_is_an_error_at_once(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unusable) as caught:
        opened(tmp_path / where).account()
    assert caught.value.trouble is Trouble.CLOSED


def test_two_threads_making_the_file_make_one_account(path: Path) -> None:
    crms = [opened(path) for _ in range(4)]
    accounts: list[str] = []

    def make(number: int) -> None:
        added(crms[number], f"person{number}@example.org")
        accounts.append(crms[number].account())

    threads = [threading.Thread(target=make, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accounts) == 4
    assert len(set(accounts)) == 1
    assert sum(p.num_rows for p in crms[0].pages([])) == 4
    for crm in crms:
        crm.close()


def test_threads_may_share_one_crm(crm: LocalCrm) -> None:
    def write(number: int) -> None:
        for step in range(20):
            crm.add([{"email": f"{number}.{step}@example.org"}])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(p.num_rows for p in crm.pages([])) == 80


# Values


@pytest.mark.parametrize(
    ("native", "value", "stored"),
    [
        ("text", "  as it is\r\n", "  as it is\r\n"),
        ("text", 5, "5"),
        ("text", True, "true"),
        ("text", "", None),
        ("email", "Ann@Example.ORG", "Ann@Example.ORG"),
        ("phone", "+4930123", "+4930123"),
        ("url", "https://example.org", "https://example.org"),
        ("number", 10.50, "10.5"),
        ("number", "10.50", "10.5"),
        ("number", 1e22, "10000000000000000000000"),
        ("number", -0.0, "0"),
        ("number", 7, "7"),
        ("integer", 7, "7"),
        ("integer", "7.0", "7"),
        ("boolean", True, "true"),
        ("boolean", "false", "false"),
        ("date", "2026-11-22", "2026-11-22"),
        ("datetime", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("select", "pro", "pro"),
        ("multiselect", ["pro", "free", "pro"], '["pro","free"]'),
        ("multiselect", [], None),
        ("country", "Germany", "Germany"),
    ],
)
def test_a_value_is_stored_as_its_native_type_writes_it(
    crm: LocalCrm, native: str, value: Any, stored: str | None
) -> None:
    crm.add_field(CrmField("f", "F", native, CHOICES if KINDS[native].choices else ()))
    id = added(crm, "ann@example.org", f=value)
    assert crm.load([id], ["f"]) == {id: [stored]}


@pytest.mark.parametrize(
    ("native", "value"),
    [
        ("text", [CANARY]),
        ("text", float("nan")),
        ("text", CANARY + "\ud800"),
        ("email", CANARY),
        ("phone", CANARY),
        *(("number", v) for v in (CANARY, "1,5", "NaN", "1e5", True, float("inf"), [1])),
        *(("integer", v) for v in (CANARY, 5.5, False)),
        *(("boolean", v) for v in (CANARY, 1, "yes", "True")),
        *(("date", v) for v in (CANARY, "2026-02-30", "22/11/2026", 5, "2026-11-22T00:00:00Z")),
        *(("datetime", v) for v in (CANARY, "2026-11-22", "2026-11-22T25:00:00Z", "2026-11-22T10:00:00+01:00")),
        *(("select", v) for v in (CANARY, "Pro", "Free", ["free"])),
        *(("multiselect", v) for v in (CANARY, [CANARY], ["free", CANARY], "free", [1])),
    ],
)
def test_a_value_that_the_native_type_does_not_take_is_refused_with_its_field(
    crm: LocalCrm, native: str, value: Any
) -> None:
    crm.add_field(CrmField("f", "F", native, CHOICES if KINDS[native].choices else ()))
    (result,) = crm.add([{"email": "ann@example.org", "f": value}])
    error = silent(result.error)
    assert isinstance(error, Refused)
    assert error.field == "f"
    assert crm.find("ann@example.org") is None


def test_a_choice_without_options_takes_every_value(crm: LocalCrm) -> None:
    crm.add_field(CrmField("one", "", "select"))
    crm.add_field(CrmField("many", "", "multiselect"))
    id = added(crm, "ann@example.org", one="x", many=["y"])
    assert crm.load([id], ["one", "many"]) == {id: ["x", '["y"]']}


@pytest.mark.parametrize(("length", "fits"), [(5, True), (6, False)])
def test_a_declared_length_counts_characters(crm: LocalCrm, length: int, fits: bool) -> None:
    crm.add_field(CrmField("f", "F", "text", max_length=5))
    (result,) = crm.add([{"email": "ann@example.org", "f": "é" * length}])
    assert (result.error is None) is fits


# Contacts


def test_an_address_is_one_contact_in_any_case(crm: LocalCrm) -> None:
    id = added(crm, "Ann@Éxample.ORG")
    assert crm.find("aNN@éxample.org") == id
    (twin,) = crm.add([{"email": "ann@éxample.org"}])
    assert isinstance(twin.error, Taken)
    assert twin.error.existing == id


@pytest.mark.parametrize("email", ["nobody@example.org", "", "a\ud800@example.org"])
def test_an_unknown_address_is_nobody(crm: LocalCrm, email: str) -> None:
    added(crm, "ann@example.org")
    assert crm.find(email) is None


@pytest.mark.parametrize("record", [{}, {"email": None}, {"email": ""}, {"first_name": CANARY}])
def test_a_contact_needs_an_address(crm: LocalCrm, record: dict[str, Any]) -> None:
    (result,) = crm.add([record])
    assert isinstance(silent(result.error), Refused)
    id = added(crm, "ann@example.org")
    (cleared,) = crm.update([(id, {"email": None})])
    assert isinstance(cleared.error, Refused)
    assert crm.find("ann@example.org") == id


def test_nobody_is_subscribed_unless_asked(crm: LocalCrm) -> None:
    results = crm.add([{"email": f"{n}@example.org"} for n in range(3)], [None, "subscribed", "pending"])
    assert [crm.status_of(r.id or "") for r in results] == ["unsubscribed", "subscribed", "pending"]


@pytest.mark.parametrize("id", ["", "0", "-1", "01", " 1", "1 ", "x", "1.0", "٣", "9" * 30, "2"])
def test_what_is_no_id_is_missing(crm: LocalCrm, id: str) -> None:
    added(crm, "ann@example.org")
    (result,) = crm.update([(id, {})])
    assert isinstance(result.error, Missing)
    assert crm.load([id], []) == {}
    with pytest.raises(Missing):
        crm.tags_of(id)


def test_ids_are_never_given_twice(crm: LocalCrm) -> None:
    first = added(crm, "ann@example.org")
    crm.delete_contact(first)
    assert added(crm, "ann@example.org") != first


def test_a_failed_item_leaves_nothing_behind_and_stops_nobody(crm: LocalCrm) -> None:
    crm.add_field(CrmField("n", "N", "number"))
    results = crm.add([{"email": "a@x.org", "n": 1}, {"email": "b@x.org", "n": CANARY}, {"email": "c@x.org", "n": 3}])
    assert [r.error is None for r in results] == [True, False, True]
    assert [crm.find(f"{who}@x.org") is not None for who in "abc"] == [True, False, True]


def test_a_batch_has_a_limit(path: Path) -> None:
    crm = opened(path, limits=Limits(batch=2))
    with pytest.raises(Refused):
        crm.add([{"email": f"{n}@x.org"} for n in range(3)])
    assert not path.exists()
    crm.close()


# Inventory


@pytest.mark.parametrize(
    "field",
    [
        CrmField("", "", "text"),
        CrmField("1st", "", "text"),
        CrmField("two words", "", "text"),
        CrmField('x"; DROP TABLE contacts; --', "", "text"),
        CrmField("ünï", "", "text"),
        CrmField("$id", "", "text"),
        CrmField("x" * 101, "", "text"),
        CrmField("f", "", "varchar"),
        CrmField("f", "", "text", CHOICES),
        CrmField("f", "", "select", (CHOICES[0], CHOICES[0])),
        CrmField("f", "", "select", (CrmOption("", "Empty"),)),
        CrmField("f", "", "text", max_length=0),
        CrmField("f", "\ud800", "text"),
    ],
)
def test_a_field_that_breaks_a_rule_is_refused_and_not_there(crm: LocalCrm, field: CrmField) -> None:
    with pytest.raises(Refused):
        crm.add_field(field)
    assert len(crm.fields()) == 4


def test_field_keys_are_unique_in_any_case(crm: LocalCrm) -> None:
    for key in ("EMAIL", "plan"):
        if key == "plan":
            crm.add_field(CrmField("Plan", "", "text"))
        with pytest.raises(Taken):
            crm.add_field(CrmField(key, "", "text"))


def test_the_number_of_fields_has_a_limit(path: Path) -> None:
    crm = opened(path, limits=Limits(fields=2))
    for number in range(2):
        crm.add_field(CrmField(f"f{number}", "", "text"))
    with pytest.raises(Refused):
        crm.add_field(CrmField("f3", "", "text"))
    crm.close()


def test_a_field_comes_back_as_it_was_made(crm: LocalCrm) -> None:
    field = CrmField("plan", "Plan", "select", CHOICES, group="Membership", max_length=20)
    assert crm.add_field(field) == field
    assert crm.fields()[-1] == field


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"label": "New"}, {"label": "New"}),
        ({"group": "G"}, {"group": "G"}),
        ({"options": CHOICES[:1]}, {"options": CHOICES[:1]}),
        (
            {"options": (CrmOption("free", "Gratis"), *CHOICES[1:])},
            {"options": (CrmOption("free", "Gratis"), CHOICES[1])},
        ),
        ({}, {}),
    ],
)
def test_changing_a_field_changes_what_is_given_and_no_value(
    crm: LocalCrm, change: dict[str, Any], after: dict[str, Any]
) -> None:
    before = crm.add_field(CrmField("plan", "Plan", "select", CHOICES))
    id = added(crm, "ann@example.org", plan="pro")
    crm.update_field("plan", **change)
    assert crm.fields()[-1] == replace(before, **after)
    assert crm.load([id], ["plan"]) == {id: ["pro"]}


def test_a_renamed_field_keeps_values_and_makes_room_for_its_old_key(crm: LocalCrm) -> None:
    crm.add_field(CrmField("old", "", "text"))
    id = added(crm, "ann@example.org", old="kept")
    crm.rename_field("old", "OLD")
    crm.rename_field("OLD", "new")
    crm.add_field(CrmField("old", "", "text"))
    assert crm.load([id], ["new", "old"]) == {id: ["kept", None]}
    with pytest.raises(Taken):
        crm.rename_field("old", "new")


def test_a_deleted_field_takes_its_values_along(crm: LocalCrm) -> None:
    for key in ("a", "b"):
        crm.add_field(CrmField(key, "", "select", CHOICES))
    id = added(crm, "ann@example.org", a="free", b="pro")
    crm.delete_field("a")
    with pytest.raises(Missing):
        crm.load([id], ["a"])
    crm.add_field(CrmField("a", "", "text"))
    assert crm.load([id], ["a", "b"]) == {id: [None, "pro"]}
    assert crm.fields()[-1].options == ()


@pytest.mark.parametrize("call", ["delete_field", "rename_field"])
def test_standard_fields_stay(crm: LocalCrm, call: str) -> None:
    with pytest.raises(Refused):
        getattr(crm, call)("email", *(["mail"] if call == "rename_field" else []))
    assert crm.fields()[0].key == "email"


@pytest.mark.parametrize("call", ["delete_field", "rename_field", "update_field"])
def test_a_field_that_is_not_there_is_missing(crm: LocalCrm, call: str) -> None:
    with pytest.raises(Missing):
        getattr(crm, call)("nope", *(["x"] if call == "rename_field" else []))


@pytest.mark.parametrize("twin", ["Customer", "CUSTOMER", "customer"])
def test_tag_names_are_unique_in_any_case(crm: LocalCrm, twin: str) -> None:
    tag = crm.add_tag("Customer")
    with pytest.raises(Taken) as caught:
        crm.add_tag(twin)
    assert caught.value.existing == tag.key
    assert crm.rename_tag(tag.key, twin).name == twin


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "\ud800"])
def test_a_tag_needs_a_name_that_can_be_stored(crm: LocalCrm, name: str) -> None:
    with pytest.raises(Refused):
        crm.add_tag(name)


def test_a_deleted_tag_is_carried_by_nobody(crm: LocalCrm) -> None:
    a, b = crm.add_tag("A"), crm.add_tag("B")
    id = added(crm, "ann@example.org")
    crm.tag([a.key, b.key], [id], on=True)
    crm.delete_tag(a.key)
    assert crm.tags_of(id) == [b.key]
    assert crm.add_tag("A").key != a.key


@pytest.mark.parametrize("on", [True, False])
def test_an_unknown_tag_stops_the_whole_call(crm: LocalCrm, on: bool) -> None:
    a = crm.add_tag("A")
    id = added(crm, "ann@example.org")
    with pytest.raises(Missing):
        crm.tag([a.key, "99"], [id], on=on)
    assert crm.tags_of(id) == []
    with pytest.raises(Missing):
        crm.carriers("99")


# Pages


def test_pages_hold_columns_with_tags_and_nulls(crm: LocalCrm) -> None:
    a, b = crm.add_tag("A"), crm.add_tag("B")
    one, two = added(crm, "one@x.org", first_name="One"), added(crm, "two@x.org")
    crm.tag([b.key, a.key], [one], on=True)
    (page,) = crm.pages(["first_name", "email"])
    assert page.to_pylist() == [
        {"$id": one, "$tags": [a.key, b.key], "first_name": "One", "email": "one@x.org"},
        {"$id": two, "$tags": [], "first_name": None, "email": "two@x.org"},
    ]
    assert page.schema.types == [pa.string(), pa.list_(pa.string()), pa.string(), pa.string()]


@pytest.mark.parametrize(("contacts", "sizes"), [(0, []), (1, [1]), (4, [2, 2]), (5, [2, 2, 1])])
def test_pages_have_a_size_and_nobody_twice(path: Path, contacts: int, sizes: list[int]) -> None:
    crm = opened(path, limits=Limits(page=2))
    crm.seed(tags=["A"], contacts=[{"email": f"{n}@x.org", "$tags": ["A"] * (n % 2)} for n in range(contacts)])
    pages = list(crm.pages(["email"]))
    assert [p.num_rows for p in pages] == sizes
    rows = [row for page in pages for row in page.to_pylist()]
    assert [r["email"] for r in rows] == [f"{n}@x.org" for n in range(contacts)]
    assert [r["$tags"] for r in rows] == [["1"] * (n % 2) for n in range(contacts)]
    crm.close()


def test_pages_are_of_one_moment(path: Path) -> None:
    crm = opened(path, limits=Limits(page=2))
    crm.seed(contacts=[{"email": f"{n}@x.org", "first_name": "old"} for n in range(6)])
    pages = crm.pages(["first_name"])
    first = next(pages)
    crm.update([(str(n), {"first_name": "new"}) for n in range(1, 7)])
    crm.delete_contact("5")
    assert pa.Table.from_batches([first, *pages]).column("first_name").to_pylist() == ["old"] * 6
    crm.close()


def test_an_unknown_field_is_missing_before_the_first_page(crm: LocalCrm) -> None:
    with pytest.raises(Missing):
        crm.pages(["email", "nope"])


def test_since_gives_what_changed_in_values_and_tags(path: Path) -> None:
    old = opened(path)
    tag, gone = old.add_tag("A"), old.add_tag("B")
    old.add_field(CrmField("f", "", "text"))
    old.add([{"email": f"{n}@x.org", **({"f": "x"} if n == 3 else {})} for n in range(6)])
    old.tag([gone.key], ["5"], on=True)
    old.close()
    later = NOW + timedelta(minutes=1)
    new = opened(path, later)
    new.update([("1", {"first_name": "x"})])
    new.tag([tag.key], ["2"], on=True)
    new.tag([tag.key], ["3"], on=False)
    new.delete_field("f")
    new.delete_tag(gone.key)
    added(new, "new@x.org")
    changed = [id for page in new.pages([], since=later) for id in page.column("$id").to_pylist()]
    assert changed == ["1", "2", "4", "5", "7"]
    assert [p.num_rows for p in new.pages([], since=NOW)] == [7]
    assert list(new.pages([], since=later + timedelta(seconds=1))) == []
    new.close()


# Seeding


def test_seeded_contacts_are_there_with_values_tags_and_statuses(crm: LocalCrm) -> None:
    crm.seed(
        fields=[CrmField("n", "N", "number")],
        tags=["A", "B"],
        contacts=[
            {"email": "One@x.org", "n": "not a number", "$tags": ["B", "A", "B"], "$status": "subscribed"},
            {"email": None, "first_name": "Nobody"},
        ],
    )
    assert crm.find("one@x.org") == "1"
    assert (crm.load(["1"], ["n"]), crm.tags_of("1"), crm.status_of("1")) == (
        {"1": ["not a number"]},
        ["1", "2"],
        "subscribed",
    )
    assert crm.load(["2"], ["email", "first_name"]) == {"2": [None, "Nobody"]}
    crm.seed(contacts=[{"email": "three@x.org"}])
    assert crm.find("three@x.org") == "3"
    (twin,) = crm.add([{"email": "THREE@x.org"}])
    assert isinstance(twin.error, Taken)


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([{"email": "a@x.org"}, {"email": "A@x.org"}], Refused),
        ([{"email": "a@x.org", "nope": "x"}], Missing),
        ([{"email": "a@x.org", "$tags": ["nope"]}], Missing),
    ],
)
def test_seeding_is_all_or_nothing(crm: LocalCrm, rows: list[dict[str, Any]], error: type[Exception]) -> None:
    crm.seed(contacts=[{"email": "there@x.org"}])
    with pytest.raises(error):
        crm.seed(tags=["A"], contacts=rows)
    assert crm.tags() == ()
    assert sum(p.num_rows for p in crm.pages([])) == 1


def test_batches_seed_many_in_no_time(crm: LocalCrm) -> None:
    batches = [
        pa.RecordBatch.from_pydict({"email": [f"{n}@x.org" for n in range(start, start + 5000)]})
        for start in (0, 5000, 10000)
    ]
    crm.seed(contacts=batches)
    assert [p.num_rows for p in crm.pages(["email"])] == [10_000, 5_000]
    assert crm.find("14999@x.org") == "15000"


# Quirks


@pytest.mark.parametrize(
    ("rule", "text", "stored"),
    [
        ("strip", "  a   b ", "a b"),
        ("title", "anna o'neil", "Anna O'Neil"),
        ("upper", "ß", "SS"),
        ("lower", "ABC", "abc"),
        ("truncate:3", "abcdef", "abc"),
        ("ignore", "abc", None),
    ],
)
@pytest.mark.parametrize("key", ["first_name", "*"])
def test_values_can_be_rewritten(path: Path, key: str, rule: str, text: str, stored: str | None) -> None:
    crm = opened(path, quirks=Quirks(rewrites={key: rule}))
    id = added(crm, "ann@example.org", first_name=text)
    assert crm.load([id], ["first_name"]) == {id: [stored]}
    crm.close()


def test_numbers_can_be_rounded_and_rules_for_all_leave_them_alone(path: Path) -> None:
    crm = opened(path, quirks=Quirks(rewrites={"a": "round:1", "*": "truncate:1"}))
    for key in ("a", "b"):
        crm.add_field(CrmField(key, "", "number"))
    id = added(crm, "ann@example.org", a="10.25", b="10.25")
    assert crm.load([id], ["a", "b"]) == {id: ["10.3", "10.25"]}
    crm.close()


@pytest.mark.parametrize(
    "quirks",
    [
        *({"rewrites": {"a": rule}} for rule in ("shout", "truncate", "truncate:x", "strip:3", "")),
        {"busy_every": -1},
        {"busy_for": -1.0},
        {"nope": 1},
        {"lost_answers": ["x"]},
    ],
)
def test_a_quirk_that_is_not_known_is_refused(quirks: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Quirks(**quirks)


def test_a_lost_answer_was_done(path: Path) -> None:
    crm = opened(path, quirks=Quirks(lost_answers=[2]))
    added(crm, "one@x.org")
    with pytest.raises(AnswerLost):
        crm.add([{"email": "two@x.org"}])
    assert crm.find("two@x.org") == "2"
    added(crm, "three@x.org")
    crm.close()


def test_too_many_calls_do_nothing_and_say_how_long_to_wait(path: Path) -> None:
    crm = opened(path, quirks=Quirks(busy_every=3, busy_for=2.5))
    outcomes = []
    for number in range(6):
        try:
            outcomes.append(added(crm, f"{number}@x.org"))
        except TooManyCalls as error:
            outcomes.append(str(error.after))
    assert outcomes == ["1", "2", "2.5", "3", "4", "2.5"]
    crm.close()


def test_a_crm_that_is_down_does_nothing(path: Path) -> None:
    crm = opened(path, quirks=Quirks(unavailable=[1, 2]))
    for _ in range(2):
        with pytest.raises(Down):
            crm.add_tag("A")
    assert not path.exists()
    assert crm.add_tag("A").key == "1"
    crm.close()


def test_single_items_can_be_refused(path: Path) -> None:
    crm = opened(path, quirks=Quirks(refused_items=[2, 4]))
    results = crm.add([{"email": f"{n}@x.org"} for n in range(3)])
    assert [r.error is None for r in results] == [True, False, True]
    changed = crm.update([("1", {"first_name": "x"}), ("2", {"first_name": "y"})])
    assert [r.error is None for r in changed] == [False, True]
    crm.close()


def test_a_contact_can_vanish_between_reading_and_writing(path: Path) -> None:
    crm = opened(path, quirks=Quirks(vanishing=[2]))
    crm.add([{"email": f"{n}@x.org"} for n in range(3)])
    results = crm.update([(str(n), {"first_name": "x"}) for n in (1, 2, 3)])
    assert [type(r.error) for r in results] == [type(None), Missing, type(None)]
    assert crm.find("1@x.org") is None
    crm.close()


def test_a_locked_file_is_down_and_not_broken(path: Path, crm: LocalCrm) -> None:
    crm.add_tag("A")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    crm._file._connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[union-attr] # waiting 10 s tests nothing more
    with pytest.raises(Down):
        crm.add_tag("B")
    assert [t.name for t in crm.tags()] == ["A"]
    other.execute("ROLLBACK")
    other.close()
    assert crm.add_tag("B").key == "2"
