"""From nothing to a file: the inventory taken in gives an empty plan, a first file one that can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from reconciler.config.given import Given
from reconciler.localcrm import KINDS, LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.problems import Failure
from reconciler.runtime import pipeline
from reconciler.runtime.discovering import LOOKED_AT, READ, Look, Spread
from reconciler.runtime.pipeline import Request
from reconciler.runtime.starting import Told

from .memory_crm import KEY, NOW

LOCAL = Given("local", {"path": "crm.db"})
PEOPLE = Given("csv", {"path": "people.csv"})
ROWS = "ID,mail,Vorname,born,plan\n" + "".join(
    f"{n},p{n}@example.org,Name {n},{10 + n % 19}/0{1 + n % 8}/1980,{'free' if n % 2 else 'pro'}\n" for n in range(40)
)
ODD = [
    "yes",
    "null",
    "007",
    "it's: #1",
    '"x"',
    "${env:HOME}",
    "$${x}",
    " padded ",
    "a\nb",
    "会員",
    "\u202eabc",
    "- x",
    "{a}",
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The current folder while a test runs, as it is for somebody who types."""
    (tmp_path / "people.csv").write_text(ROWS, encoding="utf-8")
    before = os.getcwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def request(file: str = "reconciler.yaml", **env: str) -> Request:
    return Request(Path(file), env, Clock.fixed(NOW), lambda count: KEY[:count])


def crm(folder: Path, fields: list[CrmField], tags: list[str], people: int = 0) -> None:
    contacts = [{"email": f"P{n}@example.org"} for n in range(people)]
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as there:
        there.seed(fields, tags, contacts)


def every_kind() -> list[CrmField]:
    """A field of every native type and one under each odd name that a key may have, all with odd labels and options."""
    options = tuple(CrmOption(text, ODD[-at]) for at, text in enumerate(ODD))
    kinds = [
        CrmField(f"a_{name}", f"{ODD[at]} {name}", name, options if kind.choices else (), group=ODD[-1 - at])
        for at, (name, kind) in enumerate(KINDS.items())
    ]
    names = [CrmField(key, key, "text") for key in ("yes", "No", "null", "y", "on", "e1", "true", "NaN")]
    return [*kinds, *names, CrmField("user_pass", "Secret", "text"), CrmField("bare", "bare", "select")]


def test_the_plan_of_an_imported_inventory_is_empty(folder: Path) -> None:
    crm(folder, every_kind(), [*(t for t in ODD if t.strip() == t and "\n" not in t), "VIP"], people=10)
    text = pipeline.import_inventory(request(), Look(LOCAL, PEOPLE), Told(), folder)
    pipeline.write_new(folder / "reconciler.yaml", text, force=False)
    desired, problems = pipeline.validate(request(), offline=False)
    assert problems == ()
    assert {f"a_{name}" for name in KINDS} | {"yes", "No", "null", "bare"} <= set(desired.fields)
    assert "user_pass" not in desired.fields
    assert "VIP" in desired.tags
    plan = pipeline.plan(request())
    assert plan.inventory == ()
    assert not plan.pending
    assert plan.contacts.in_sync == 10


def test_an_imported_inventory_that_another_file_extends_has_an_empty_plan_too(folder: Path) -> None:
    crm(folder, every_kind(), ["VIP"])
    text = pipeline.import_inventory(request(), Look(LOCAL), Told(), folder)
    pipeline.write_new(folder / "crm.yaml", text, force=False)
    (folder / "reconciler.yaml").write_text(
        "version: 1\nextends: crm.yaml\nsource: {type: csv, path: people.csv}\n"
        "identity: {person: ID, match: email}\nfields: {email: mail}\n"
    )
    plan = pipeline.plan(request())
    assert (plan.inventory, plan.pending) == ((), False)
    left = pipeline.import_inventory(request(), Look(), Told(), folder)
    assert "fields: {}" in left
    assert "VIP" not in left


def test_a_crm_that_does_not_exist_yet_has_its_standard_fields_and_is_not_made(folder: Path) -> None:
    text = pipeline.import_inventory(request(), Look(LOCAL, PEOPLE), Told(), folder)
    assert "  first_name: {type: text, label: First name}\n    # likely from: Vorname   (99 % sure)\n" in text
    assert not (folder / "crm.db").exists()


def test_the_first_file_plans_to_what_it_says(folder: Path) -> None:
    crm(folder, [CrmField("birthday", "Birthday", "date"), CrmField("plan", "Plan", "select")], [], people=40)
    look = Look(LOCAL, PEOPLE)
    seen = pipeline.look_around(request(), look)
    pipeline.write_new(Path("reconciler.yaml"), pipeline.start(seen, look, Told(), Path()), force=False)
    desired, problems = pipeline.validate(request(), offline=False)
    assert problems == ()
    assert {key: (f.column, f.format) for key, f in desired.fields.items()} == {
        "email": ("mail", None),
        "first_name": ("Vorname", None),
        "birthday": ("born", "DD/MM/YYYY"),
        "plan": ("plan", None),
    }
    plan = pipeline.plan(request())
    assert plan.inventory == ()
    assert (plan.contacts.update, plan.contacts.create, plan.findings) == (40, 0, ())


def test_a_path_that_was_typed_is_written_as_the_file_sees_it(folder: Path) -> None:
    (folder / "conf").mkdir()
    look = Look(LOCAL, Given("csv", {"path": str(folder / "people.csv")}))
    seen = pipeline.look_around(request(), look)
    text = pipeline.start(seen, look, Told(), Path("conf"))
    assert "  path: '../crm.db'\n" in text
    assert f"  path: '{folder / 'people.csv'}'\n" in text


def test_a_reference_that_was_typed_is_written_and_not_what_it_stands_for(folder: Path) -> None:
    look = Look(Given("local", {"path": "${env:CRM_FILE}"}), PEOPLE)
    asked = request(CRM_FILE="hidden.db")
    text = pipeline.start(pipeline.look_around(asked, look), look, Told(), Path())
    assert "'${env:CRM_FILE}'" in text
    assert "hidden" not in text


def codes(action: object) -> list[str]:
    with pytest.raises(Failure) as caught:
        action()  # type: ignore[operator]  # a lambda of each test
    return [p.code for p in caught.value.problems]


def test_everything_that_has_to_be_told_is_said_at_once(folder: Path) -> None:
    (folder / "people.csv").write_text("name,land\nAda,DE\nBo,DE\n")
    look = Look(LOCAL, PEOPLE)
    seen = pipeline.look_around(request(), look)
    assert codes(lambda: pipeline.start(seen, look, Told(), Path())) == ["E920", "E920"]
    wrong = Told(person="nme", email="x", match="y")
    assert codes(lambda: pipeline.start(seen, look, wrong, Path())) == ["E923", "E923", "E923"]


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (Look(), "E920"),
        (Look(crm=LOCAL), "E920"),
        (Look(source=Given("csv", {"path": "nope.csv"})), "E401"),
        (Look(source=Given("nope")), "E121"),
        (Look(source=Given("csv", {"path": "empty.csv"})), "E411"),
        (Look(source=Given("csv", {"path": "nobody.csv"})), "E410"),
        (Look(source=Given("csv", {"path": "headless.csv"})), "E411"),
        (Look(Given("local", {"path": "people.csv"}), PEOPLE), "E321"),
        (Look(Given("local", {"path": "crm.db", "account": "other"}), PEOPLE), "E302"),
    ],
)
def test_what_cannot_be_looked_at_has_a_code(folder: Path, look: Look, code: str) -> None:
    crm(folder, [], [])
    (folder / "empty.csv").write_text("")
    (folder / "nobody.csv").write_text("id,mail\n")
    (folder / "headless.csv").write_text("1,ada@canary.example\n2,bo@canary.example\n")
    with pytest.raises(Failure) as caught:
        pipeline.look_around(request(), look)
    assert [p.code for p in caught.value.problems] == [code]
    assert "canary" not in str([(p.detail, p.fix) for p in caught.value.problems])


def test_a_file_without_a_source_or_a_crm_says_what_it_lacks(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text("version: 1\n")
    assert codes(lambda: pipeline.look_around(request(), Look())) == ["E920"]
    assert codes(lambda: pipeline.import_inventory(request(), Look(), Told(), Path())) == ["E920"]
    assert codes(lambda: pipeline.import_inventory(request(), Look(source=PEOPLE), Told(), Path())) == ["E920"]


def test_a_file_is_never_written_over_unasked(folder: Path) -> None:
    file = folder / "reconciler.yaml"
    pipeline.write_new(file, "one\n", force=False)
    assert codes(lambda: pipeline.write_new(file, "two\n", force=False)) == ["E921"]
    assert file.read_text() == "one\n"
    pipeline.write_new(file, "two\n", force=True)
    assert file.read_text() == "two\n"
    assert [f.name for f in folder.iterdir() if f.name.startswith(".reconciler")] == []
    assert codes(lambda: pipeline.write_new(folder / "no" / "x.yaml", "one\n", force=False)) == ["E922"]
    assert codes(lambda: pipeline.write_new(folder / "no" / "x.yaml", "one\n", force=True)) == ["E922"]


@pytest.mark.parametrize("sizes", [[5], [10] * 7, [1000], [3, 50, 1, 0, 400, 7]])
def test_people_are_looked_at_evenly_and_never_too_many(sizes: list[int]) -> None:
    spread, first = Spread(most=20), 0
    for size in sizes:
        spread.take(pa.record_batch({"n": pa.array([str(n) for n in range(first, first + size)], pa.string())}))
        first += size
    kept = [int(n.as_py()) for part in spread.kept for n in part.column(0)]
    assert spread.passed == first
    assert len(kept) <= 20
    steps = {b - a for a, b in pairwise(kept)}
    assert len(steps) <= 1
    assert kept[0] == 0
    assert kept[-1] > first - 2 * max(steps | {1})


def test_of_a_large_source_the_first_people_are_read_and_some_looked_at(folder: Path) -> None:
    rows = "".join(f"{n},p{n}@example.org\n" for n in range(READ + 500))
    (folder / "people.csv").write_text("id,mail\n" + rows)
    found = pipeline.look_around(request(), Look(source=PEOPLE)).found
    assert (found.read, found.whole) == (READ, False)
    assert LOOKED_AT / 2 < found.rows <= LOOKED_AT
    assert found.person == "id"


def test_a_source_that_breaks_in_the_middle_is_not_looked_at(folder: Path) -> None:
    (folder / "people.csv").write_text(ROWS + "1,2\n")
    assert codes(lambda: pipeline.look_around(request(), Look(source=PEOPLE))) == ["E420"]
