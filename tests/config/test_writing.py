"""What is written reads back as exactly what was meant: names, texts, whole inventories, whole files."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.config import load
from reconciler.config.given import Doors, Given, doors_given, doors_of
from reconciler.config.rules import is_password
from reconciler.config.writing import Live, Start, fields_block, imported_file, starting_file
from reconciler.config.writing.entries import commented, entry
from reconciler.config.writing.scalars import Unwritable, remark, scalar
from reconciler.model.capabilities import Capabilities, Wire
from reconciler.model.desired import Desired
from reconciler.model.discovery import Column, Discovery, Proposal, Spread, Target
from reconciler.model.inventory import CrmField, CrmOption, CrmTag, Inventory
from reconciler.model.problems import Failure

MODELS = (options_models(CRM), options_models(SOURCE))
PROPERTY = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
HEAD = "version: 1\ncrm: {type: local, path: crm.db}\nsource: {type: csv, path: people.csv}\n"
CRM_DOOR = Given("local", {"path": "crm.db"})
SOURCE_DOOR = Given("csv", {"path": "people.csv"})
ODD = [
    "yes", "No", "null", "~", "true", "007", "1e3", "0x1F", "1_000", "2026-01-01", "12:30", "a: b", "a #b", "#a",
    "- a", "-", "?", "a, b", "[a]", "{a}", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`", "'", '"', "it's",
    'say "x"', "\\", "<<", "=", "${env:HOME}", "${var:x}", "$${x}", "$${env:HOME}", "a${", "Äpfel", "会員",
    "Zoe\u0308", "a\u00a0b", "\u202eabc", "\ufeffx", "🙂", "a\x85b", "\U0001f1e9", "y", "N", ".inf", "on", "a\\nb",
    "---", "... x",
]  # fmt: skip
"""Names that YAML, a reference or a careless writer would turn into something else."""


def loaded(text: str) -> Desired:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reconciler.yaml"
        path.write_text(text, encoding="utf-8", newline="\n")
        return load(path, {"HOME": "outside"}, *MODELS)


def read_back(name: str, label: str) -> tuple[str, str | None]:
    lines = ["identity: {person: id, match: email}", "fields:", "  email: email"]
    lines += entry(name, {"type": "text", "label": scalar(label)})
    found = [f for f in loaded(HEAD + "\n".join(lines) + "\n").fields.values() if f.key != "email"]
    return found[0].key, found[0].label


@pytest.mark.parametrize("name", [name for name in ODD if "\x85" not in name])
def test_an_odd_name_is_read_back_as_it_was(name: str) -> None:
    assert read_back(name, name) == (name, name)


@PROPERTY
@given(st.text(min_size=1, max_size=60))
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    try:
        assert read_back("a", text)[1] == text
    except Unwritable:
        assert any(0xD800 <= ord(sign) <= 0xDFFF for sign in text)


def test_a_text_that_no_file_can_hold_is_said_to_be_so() -> None:
    with pytest.raises(Unwritable):
        scalar("a\ud800")


@PROPERTY
@given(st.text(max_size=60))
def test_a_remark_stays_on_its_line(text: str) -> None:
    assert len((remark(text) + "x").splitlines()) == 1
    assert loaded(f"# {remark(text)}\n{HEAD}identity: {{person: id, match: email}}\nfields: {{email: email}}\n")


def test_an_entry_that_is_too_long_for_a_line_has_a_key_a_line() -> None:
    options = {f"value {n}": f"Label: {n}" for n in range(20)}
    lines = entry("plan", {"type": "select", "options": options})
    assert lines[:3] == ["  plan:", "    type: select", "    options:"]
    assert lines[3] == "      value 0: 'Label: 0'"


def test_taking_the_sign_away_makes_the_comment_the_entry() -> None:
    lines = entry("plan", {"type": "select", "options": [f"value {n}" for n in range(20)]})
    assert [line.replace("# ", "", 1) for line in commented(lines)] == lines


WIRES = {name: Wire(name, frozenset({name}), str, str) for name in ("text", "email", "select", "multiselect", "date")}
CAN = Capabilities(
    can=frozenset(), cannot={}, wires=WIRES, holds={name: name for name in WIRES}, endpoints={}, rate=1.0
)
EMAIL = CrmField("email", "E-mail", "email", standard=True)
START = Start(CRM_DOOR, SOURCE_DOOR, "id", "email", "mail")
NOTHING = Discovery("people.csv", 1, 1, True, (Column("id"), Column("mail")))


def imported(inventory: Inventory) -> tuple[str, Desired]:
    text = imported_file(Live(inventory, CAN), CRM_DOOR, (START, NOTHING))
    return text, loaded(text)


def test_an_imported_field_says_its_type_label_group_and_options() -> None:
    plan = CrmField("plan", "Plan: yours", "select", (CrmOption("f", "Free"), CrmOption("p", "Pro")), group="Club")
    same = CrmField("size", "size", "multiselect", (CrmOption("S", "S"), CrmOption("no", "no")))
    text, desired = imported(Inventory((EMAIL, plan, same), (CrmTag("1", "VIP"),)))
    assert "  # Club\n  plan: {type: select, label: 'Plan: yours', group: Club, options: {f: Free, p: Pro}}\n" in text
    assert "  size: {type: multiselect, label: size, options: [S, 'no']}\n" in text
    assert {key: f.origin is None for key, f in desired.fields.items()} == {"email": False, "plan": True, "size": True}
    assert list(desired.tags) == ["VIP"]
    assert desired.contacts.create is False


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (CrmField("owner", "Owner", "reference"), "owner: its native type reference is read as no value type"),
        (CrmField("EMAIL", "x", "email"), "EMAIL: it differs from email only in case"),
        (CrmField(" a", "x", "text"), "the name begins or ends with a space"),
        (CrmField("a\nb", "x", "text"), "a\\x0ab: it cannot be declared"),
        (CrmField("user_pass", "x", "text"), "a field for passwords is never declared"),
        (CrmField("x" * 2000, "x", "text"), "its name is too long for a file"),
        (CrmField("a\ud800", "x", "text"), "its name holds characters that no file can"),
    ],
)
def test_a_field_that_cannot_be_declared_is_a_comment_with_the_reason(field: CrmField, why: str) -> None:
    text, desired = imported(Inventory((EMAIL, field)))
    assert list(desired.fields) == ["email"]
    assert why in text


def test_tags_that_cannot_be_declared_are_comments_too() -> None:
    tags = tuple(CrmTag(str(n), name) for n, name in enumerate(["VIP", "vip", " x", "a\nb", "a\ud800"]))
    text, desired = imported(Inventory((EMAIL,), tags))
    assert list(desired.tags) == ["VIP"]
    assert "  # vip: it differs from VIP only in case, spaces or HTML entities\n" in text


def test_options_that_a_file_cannot_hold_are_left_to_the_crm() -> None:
    many = CrmField("many", "x", "select", tuple(CrmOption(str(n), str(n)) for n in range(500)))
    odd = CrmField("odd", "x", "select", (CrmOption("a\ud800", "x"), CrmOption("b", "b")))
    text, desired = imported(Inventory((EMAIL, many, odd)))
    assert [desired.fields[key].options for key in ("many", "odd")] == [None, None]
    assert "# its 500 options are left to the CRM" in text


def test_a_match_field_of_an_unknown_native_type_is_mapped_all_the_same() -> None:
    _, desired = imported(Inventory((replace(EMAIL, native="unheard of"),)))
    assert desired.fields["email"].column == "mail"


def test_without_a_source_the_file_is_one_that_others_extend(tmp_path: Path) -> None:
    live = Live(Inventory((EMAIL, CrmField("plan", "Plan", "text")), (CrmTag("1", "VIP"),)), CAN)
    (tmp_path / "crm.yaml").write_text(imported_file(live, CRM_DOOR))
    (tmp_path / "reconciler.yaml").write_text(
        "version: 1\nextends: crm.yaml\nsource: {type: csv, path: people.csv}\n"
        "identity: {person: id, match: email}\nfields: {email: mail}\n"
    )
    desired = load(tmp_path / "reconciler.yaml", {}, *MODELS)
    assert {key: f.column for key, f in desired.fields.items()} == {"email": "mail", "plan": None}
    assert desired.crm.options.path == "crm.db"
    assert list(desired.tags) == ["VIP"]


def test_what_a_file_declares_already_is_left_out() -> None:
    live = Live(Inventory((EMAIL, CrmField("plan", "Plan", "text")), (CrmTag("1", "VIP"), CrmTag("2", "Pro"))), CAN)
    text = imported_file(live, None, declared=Doors(declared={"email": "mail"}, tags=frozenset({"VIP"})))
    assert "email" not in text
    assert "  plan: {type: text, label: Plan}\n" in text
    assert "  Pro: {}\n" in text
    assert "VIP" not in text


names = st.text(min_size=1, max_size=30)
fields = st.builds(
    CrmField,
    key=names,
    label=names,
    native=st.sampled_from([*WIRES, "unknown"]),
    options=st.lists(st.builds(CrmOption, names, names), max_size=3, unique_by=lambda o: o.value).map(tuple),
    group=st.none() | names,
)


@PROPERTY
@given(st.lists(fields, max_size=4, unique_by=lambda f: f.key), st.lists(names, max_size=4, unique=True))
def test_any_inventory_becomes_a_file_that_loads(inventory: list[CrmField], tags: list[str]) -> None:
    own = [field for field in inventory if field.key != "email"]
    _, desired = imported(Inventory((EMAIL, *own), tuple(CrmTag(name, name) for name in tags)))
    known = {field.key: field for field in (EMAIL, *own)}
    assert set(desired.fields) <= set(known)
    assert set(desired.tags) <= set(tags)
    for key, field in desired.fields.items():
        if field.label is not None:
            assert field.label == known[key].label
        live = {o.value: o.label for o in known[key].options}
        assert {o.value: o.label or live[o.value] for o in field.options or ()}.items() <= live.items()


def discovery(*columns: Column, **proposals: tuple[str, str | None, int]) -> Discovery:
    found = tuple(Proposal(name, Target(key, key, type), sure) for name, (key, type, sure) in proposals.items())
    return Discovery("people.csv", 9, 9, True, (Column("id"), Column("mail", "email"), *columns), found, "local")


def filled(name: str, type: str = "text", **more: object) -> Column:
    return Column(name, type, rows=9, filled=9, distinct=9, spread=Spread.MANY, **more)  # type: ignore[arg-type]  # by name


FOUND = discovery(
    filled("first"),
    filled("maybe"),
    filled("born", "date", format="DD/MM/YYYY"),
    filled("since", "date", unclear=("DD/MM/YYYY", "MM/DD/YYYY")),
    filled("sum", "number", format="1234,56"),
    replace(filled("plan", "select"), spread=Spread.FEW, distinct=3),
    filled("orders", "integer"),
    filled("user_pass", apart="looks like passwords"),
    Column("nobody"),
    filled(" padded "),
    filled("a\nb: c"),
    first=("first_name", "text", 99),
    maybe=("nickname", "text", 75),
    born=("birthday", "date", 97),
    since=("signup", "date", 99),
)


def test_what_is_sure_is_an_entry_and_what_is_not_a_comment_with_the_doubt() -> None:
    block = "\n".join(fields_block(FOUND))
    assert "\n  first_name: first\n" in block
    assert "\n  birthday: {from: born, type: date, format: DD/MM/YYYY}\n" in block
    assert "\n  # nickname: maybe   # 75 % sure\n" in block
    assert (
        "  # signup: {from: since, type: date, format: DD/MM/YYYY}"
        "   # day or month first? DD/MM/YYYY and MM/DD/YYYY fit every value\n" in block
    )
    assert "  # sum: {from: sum, type: number, format: '1234,56'}\n" in block
    assert "  # plan: {from: plan, type: select}   # 3 options: discover --show-values lists them\n" in block
    assert "  #   user_pass: looks like passwords\n" in block
    assert "  #   nobody: is empty\n" in block
    assert "padded : cannot be named in a file" in block
    assert "a\\x0ab: c: cannot be named in a file" in block


def test_options_are_written_where_values_are_shown() -> None:
    found = discovery(filled("plan", "select", values=("free", "no")))
    assert "  # plan: {from: plan, type: select, options: [free, 'no']}" in fields_block(found)


def test_the_first_file_is_valid_and_maps_what_is_sure() -> None:
    text = starting_file(START, FOUND)
    desired = loaded(text)
    assert text.startswith("# yaml-language-server: $schema=")
    assert {key: f.column for key, f in desired.fields.items()} == {
        "email": "mail",
        "first_name": "first",
        "birthday": "born",
    }
    assert desired.source.types == {"orders": "integer"}
    assert desired.contacts.create is False
    assert desired.warnings == ()


def test_the_first_file_is_valid_with_every_sign_taken_away_that_invites_to_it() -> None:
    lines = starting_file(START, FOUND).splitlines()
    invited = (
        "  # nickname:",
        "  # signup:",
        "  # sum:",
        "  # plan:",
        "  # orders:",
        "# tags:",
        "#   Example:",
        "# limits:",
    )
    opened = [line.replace("# ", "", 1) if line.startswith(invited) else line for line in lines]
    desired = loaded("\n".join(opened) + "\n")
    assert {"nickname", "signup", "sum", "plan", "orders"} <= set(desired.fields)
    assert list(desired.tags) == ["Example"]


@PROPERTY
@given(st.lists(names.filter(lambda name: not is_password(name)), min_size=1, max_size=5, unique=True), names)
def test_the_first_file_is_valid_whatever_the_columns_are_called(columns: list[str], path: str) -> None:
    types = ("integer", "text", "select", "date", "checkbox")
    looked = [filled(name, type) for name, type in zip(columns, types, strict=False) if name not in ("id", "mail")]
    found = discovery(*looked, **{c.name: ("first_name", "text", 99) for c in looked[:1]})
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in path) or not path.strip("\0"):
        return
    start = replace(START, source=Given("csv", {"path": path.replace("${", "$ {")}))
    desired = loaded(starting_file(start, found))
    assert desired.source.options.path == path.replace("${", "$ {")


def test_typed_doors_are_checked_as_those_of_a_file() -> None:
    with pytest.raises(Failure) as caught:
        doors_given(Given("locl"), Given("csv", {"delimitr": ";"}), Path(), {}, MODELS)
    assert {(p.code, str(p.where)) for p in caught.value.problems} == {
        ("E121", "the command line"),
        ("E111", "the command line"),
        ("E112", "the command line"),
    }


def test_typed_options_take_references_and_numbers() -> None:
    given_doors = doors_given(
        Given("local", {"path": "${env:FILE}", "calls_per_second": "7"}), None, Path(), {"FILE": "x.db"}, MODELS
    )
    assert given_doors.source is None
    assert given_doors.crm is not None
    assert (given_doors.crm.options.path, given_doors.crm.options.calls_per_second) == ("x.db", 7.0)


def test_a_file_that_is_not_complete_has_doors_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "version: 1\nsource: {type: csv, path: p.csv}\nfields: {email: mail, a: {from: b, type: nonsense}, c: {}}\n"
        "tags: {VIP: {}}\n"
    )
    found = doors_of(tmp_path / "x.yaml", {}, MODELS)
    assert found.crm is None
    assert found.source is not None
    assert found.declared == {"email": "mail", "a": "b", "c": None}
    assert found.tags == {"VIP"}
