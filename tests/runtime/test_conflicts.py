"""A conflict that is settled once, on the command line, and what is left of it."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure
from reconciler.report.document import plan_document
from reconciler.runtime import pipeline

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, write: true}
identity: {person: id, match: email}
fields: {email: email, city: {from: city, pull: true}, hobby: hobby}
contacts: {create: true}
"""


def write(folder: Path, city: str) -> None:
    (folder / "people.csv").write_text(f"id,email,city,hobby\n1,ada@canary.example,{city},chess\n")
    (folder / "reconciler.yaml").write_text(FILE)


def request(folder: Path, **more: Any) -> pipeline.Request:
    return pipeline.Request(folder / "reconciler.yaml", {}, Clock.fixed(NOW), lambda n: b"\x07" * n, **more)


def apply(folder: Path, **more: Any) -> Outcome:
    return pipeline.apply(request(folder, **more), lambda _: True, lambda: False)


def stored(folder: Path) -> str | None:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        return crm.load(["1"], ["city"])["1"][0]


@pytest.fixture
def torn(tmp_path: Path) -> Path:
    """Both sides agreed on Brno; then ours became Oulu and theirs Turku."""
    write(tmp_path, "Brno")
    assert apply(tmp_path, allow={"create": 9}).result.value == "applied"
    write(tmp_path, "Oulu")
    with closing(LocalCrm(tmp_path / "crm.db", Clock.fixed(NOW))) as crm:
        crm.update([("1", {"city": "Turku"})])
    return tmp_path


def conflicts(plan: Plan) -> tuple[int, list[str]]:
    return plan.contacts.conflict, [finding.code for finding in plan.findings]


def test_nobody_wins_until_somebody_says_who(torn: Path) -> None:
    assert conflicts(pipeline.plan(request(torn))) == (1, ["R230"])
    assert apply(torn).result.value == "none"
    assert stored(torn) == "Turku"
    assert "Oulu" in (torn / "people.csv").read_text()


@pytest.mark.parametrize(("winner", "city"), [("source", "Oulu"), ("crm", "Turku")])
def test_who_is_said_to_win_wins_on_both_sides_and_the_second_plan_is_empty(torn: Path, winner: str, city: str) -> None:
    assert apply(torn, resolve={"city": winner}).result.value == "applied"
    assert stored(torn) == city
    assert f",{city}," in (torn / "people.csv").read_text()
    second = pipeline.plan(request(torn))
    assert not second.pending
    assert conflicts(second) == (0, [])


def test_who_was_said_to_win_is_in_the_journal(torn: Path) -> None:
    run = apply(torn, resolve={"city": "crm"}).run
    journal = next(torn.glob(".reconciler/*/accounts/*/journal.db"))
    with closing(sqlite3.connect(journal)) as db:
        assert db.execute("SELECT resolved FROM runs WHERE id = ?", (run,)).fetchone() == ("city=crm",)


@pytest.mark.parametrize("field", ["hobby", "citi"])
def test_a_field_in_which_no_conflict_can_come_up_is_an_error(torn: Path, field: str) -> None:
    with pytest.raises(Failure) as failure:
        pipeline.plan(request(torn, resolve={field: "crm"}))
    assert [p.code for p in failure.value.problems] == ["E551"]


def test_how_many_rows_of_the_source_are_written_is_planned_and_counted(torn: Path) -> None:
    plan = pipeline.plan(request(torn, resolve={"city": "crm"}))
    assert plan_document(plan).summary.source.rows == 1
    written = apply(torn, resolve={"city": "crm"}).written
    assert (written.rows, written.pulled, written.updated) == (1, 1, 0)


def test_what_is_remembered_of_people_and_cannot_be_read_is_an_error_and_nothing_is_written(torn: Path) -> None:
    file = next(torn.glob(".reconciler/*/accounts/*/people-*.parquet"))
    content = bytearray(file.read_bytes())
    content[8:200] = bytes(192)
    file.write_bytes(content)
    with pytest.raises(Failure) as failure:
        apply(torn)
    assert [p.code for p in failure.value.problems] == ["E502"]
    assert stored(torn) == "Turku"


def test_what_became_of_single_values_takes_no_room_once_it_is_in_the_file_of_people(tmp_path: Path) -> None:
    people = "".join(f"{n},p{n}@canary.example,Brno,chess\n" for n in range(2_000))
    (tmp_path / "people.csv").write_text(f"id,email,city,hobby\n{people}")
    (tmp_path / "reconciler.yaml").write_text(FILE)
    assert apply(tmp_path, allow={"create": 2_000}).result.value == "applied"
    state = next(tmp_path.glob(".reconciler/*/accounts/*/state.db"))
    remembered = next(tmp_path.glob(".reconciler/*/accounts/*/people-*.parquet"))
    assert state.stat().st_size < 100_000
    assert remembered.stat().st_size < 2_000 * (40 + 16)
