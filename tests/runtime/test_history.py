"""What runs wrote to whom is remembered: no value, for the last runs only, and up to the instant of a kill."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.history import Act, Ending
from reconciler.model.outcome import Result
from reconciler.model.problems import Failure
from reconciler.model.why import Since, Why, Written
from reconciler.runtime import pipeline
from reconciler.runtime.kept import MOST_RUNS

from .memory_crm import NOW
from .test_pipeline import ADA, BOB, FILE, apply, people, request

ADA_ID, BOB_ID = "ada@canary.example", "bob@canary.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(FILE)
    people(tmp_path, ADA, BOB)
    return tmp_path


def told(folder: Path, person: str) -> list[tuple[str, str, str]]:
    """Act, name and ending of everything that is remembered of a person, the newest run first."""
    rows = pipeline.writes_to(request(folder), person)
    return [(w.write.act.name, w.write.name, w.write.ending.name) for w in rows]


def later(folder: Path, minutes: int) -> pipeline.Request:
    return replace(request(folder), clock=Clock.fixed(NOW + timedelta(minutes=minutes)))


def why(folder: Path, person: str, name: str, offline: bool = False) -> Why:
    return pipeline.why(request(folder), person, name, offline)


def files(folder: Path) -> list[Path]:
    return sorted((folder / ".reconciler").rglob("writes/*"))


def test_every_value_and_tagging_of_a_person_is_remembered_with_its_line_and_cause(folder: Path) -> None:
    apply(folder)
    rows = pipeline.writes_to(request(folder), BOB_ID)
    assert told(folder, BOB_ID) == [
        ("CREATE", "", "WRITTEN"),
        ("SET", "email", "WRITTEN"),
        ("SET", "city", "WRITTEN"),
        ("SET", "level", "WRITTEN"),
        ("APPLY", "Customer", "WRITTEN"),
    ]
    places = {row.write.name: row.where.rpartition(":")[2] for row in rows if row.where}
    assert places == {"email": "6", "city": "7", "level": "8", "Customer": "10"}
    assert {row.write.cause for row in rows if row.write.act is Act.SET} == {"config"}
    assert all(row.write.at == "2026-11-22T10:00:00Z" for row in rows)


def test_of_somebody_to_whom_nothing_was_written_nothing_is_told(folder: Path) -> None:
    assert told(folder, BOB_ID) == []
    apply(folder)
    assert told(folder, "nobody@canary.example") == []


def test_the_newest_run_stands_first(folder: Path) -> None:
    apply(folder)
    people(folder, ADA, BOB.replace("Oslo", "Turku"))
    pipeline.apply(later(folder, 5), lambda _: True, lambda: False)
    assert told(folder, BOB_ID)[:2] == [("SET", "city", "WRITTEN"), ("CREATE", "", "WRITTEN")]
    assert pipeline.writes_to(request(folder), BOB_ID)[0].write.cause == "source"


def test_no_value_no_name_and_no_tag_made_from_a_value_lies_there_in_the_clear(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE + "dynamic_tags: [{from: city, prefix: 'City: '}]\n")
    apply(folder, keep_undo=True)
    assert len(files(folder)) == 2
    for path in files(folder):
        assert path.stat().st_mode & 0o777 == 0o600
        for word in (b"canary", b"Oslo", b"Customer", b"City"):
            assert word not in path.read_bytes()


def test_values_from_before_are_only_kept_when_asked_for_and_not_for_ever(folder: Path) -> None:
    apply(folder)
    assert [path.suffix for path in files(folder)] == [".writes"]
    people(folder, ADA, BOB.replace("Oslo", "Turku"))
    (folder / "reconciler.yaml").write_text(FILE + "history: {undo: true, keep: 2h}\n")
    pipeline.apply(later(folder, 5), lambda _: True, lambda: False)
    assert sum(path.suffix == ".before" for path in files(folder)) == 1
    pipeline.status(later(folder, 100))
    assert sum(path.suffix == ".before" for path in files(folder)) == 1
    pipeline.status(later(folder, 126))
    assert sum(path.suffix == ".before" for path in files(folder)) == 0


def test_the_last_runs_are_remembered_and_no_more(folder: Path) -> None:
    for number in range(MOST_RUNS + 2):
        people(folder, ADA, BOB.replace("Oslo", f"Oslo {number}"))
        assert pipeline.apply(later(folder, number), lambda _: True, lambda: False).result is Result.APPLIED
    assert len(files(folder)) == MOST_RUNS
    assert {act for act, *_ in told(folder, ADA_ID)} == set()


def test_what_is_forgotten_is_gone(folder: Path) -> None:
    apply(folder, keep_undo=True)
    pipeline.forget(request(folder), "runs")
    assert files(folder) == []
    assert told(folder, BOB_ID) == []


def test_a_damaged_file_is_said_and_stops_no_apply(folder: Path) -> None:
    apply(folder)
    (path,) = files(folder)
    content = path.read_bytes()
    path.write_bytes(content[:40] + b"x" + content[41:])
    with pytest.raises(Failure) as caught:
        pipeline.writes_to(request(folder), BOB_ID)
    assert [p.code for p in caught.value.problems] == ["E602"]
    people(folder, ADA)
    assert pipeline.apply(later(folder, 1), lambda _: True, lambda: False).result is Result.NONE


def test_a_value_that_the_crm_stores_otherwise_is_remembered_as_rewritten(folder: Path) -> None:
    crm = "{type: local, path: crm.db, quirks: {rewrites: {city: upper}}}"
    (folder / "reconciler.yaml").write_text(FILE.replace("{type: local, path: crm.db}", crm))
    apply(folder)
    assert ("SET", "city", "REWRITTEN") in told(folder, BOB_ID)
    assert why(folder, BOB_ID, "city").since is Since.SAME


def test_a_run_is_listed_with_who_began_it_and_whether_the_file_was_another_one(folder: Path) -> None:
    first = replace(request(folder), env={"USER": "grace"})
    pipeline.apply(first, lambda _: True, lambda: False)
    (folder / "reconciler.yaml").write_text(FILE.replace("label: Home town", "label: Town"))
    pipeline.apply(later(folder, 5), lambda _: True, lambda: False)
    new, old = pipeline.kept_runs(request(folder))
    assert (old.changed, new.changed) == (False, True)
    assert old.facts is not None
    assert (old.facts.who, old.facts.command) == ("grace", "apply")
    assert old.undo == ""


def newest(found: Why) -> Written:
    return found.writes[0]


def test_why_names_line_column_conversion_decision_run_and_outcome(folder: Path) -> None:
    apply(folder)
    found = why(folder, BOB_ID, "level")
    assert found.where is not None
    assert found.where.line == 8
    assert found.says is not None
    assert found.says.filled == "column `level`"
    assert found.says.conversion == {"type": "select", "options": "2"}
    assert found.says.policy == {"push": "always", "empty": "skip"}
    assert found.now is not None
    assert (found.now.result, found.now.row) == ("in sync", "3")
    assert newest(found).write.ending is Ending.WRITTEN
    assert found.since is Since.SAME
    assert found.row == 2


def set_in_crm(folder: Path, email: str, **values: str) -> None:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW + timedelta(hours=1)))) as crm:
        contact = crm.find(email)
        assert contact is not None
        crm.update([(contact, values)])


def test_why_tells_that_somebody_else_wrote_it_since(folder: Path) -> None:
    apply(folder)
    set_in_crm(folder, BOB_ID, city="Elsewhere")
    found = why(folder, BOB_ID, "city")
    assert found.since is Since.OTHER
    assert found.since_at == "2026-11-22T10:00:00Z"
    assert found.now is not None
    assert (found.now.result, found.now.cause, found.now.row) == ("set", "drift", "10")
    assert (found.now.ours, found.now.theirs) == (None, None)


def test_why_shows_values_only_when_asked(folder: Path) -> None:
    apply(folder)
    set_in_crm(folder, BOB_ID, city="Elsewhere")
    found = pipeline.why(request(folder, show_values=True), BOB_ID, "city", False)
    assert found.now is not None
    assert (found.now.ours, found.now.theirs) == ("Oslo", "Elsewhere")


@pytest.mark.parametrize(
    ("person", "result", "situation"),
    [
        (BOB_ID, "in sync", "the file wants it, carries it"),
        (ADA_ID, "in sync", "the file does not want it, does not carry it"),
    ],
)
def test_why_of_a_tag_says_what_the_rule_wants_and_who_carries_it(
    folder: Path, person: str, result: str, situation: str
) -> None:
    apply(folder)
    found = why(folder, person, "tag:Customer")
    assert found.now is not None
    assert (found.now.result, found.now.situation) == (result, situation)


def test_offline_neither_source_nor_crm_is_needed(folder: Path) -> None:
    apply(folder)
    (folder / "crm.db").unlink()
    (folder / "people.csv").unlink()
    found = why(folder, BOB_ID, "city", offline=True)
    assert found.now is None
    assert newest(found).write.act is Act.SET


@pytest.mark.parametrize(
    ("person", "name", "code", "fix"),
    [
        (BOB_ID, "citty", "E601", "did you mean `city`?"),
        (BOB_ID, "Customer", "E601", "did you mean `tag:Customer`?"),
        (BOB_ID, "tag:Custmer", "E601", "did you mean `tag:Customer`?"),
        ("nobody@canary.example", "city", "E605", None),
    ],
)
def test_what_is_not_there_is_said(folder: Path, person: str, name: str, code: str, fix: str | None) -> None:
    apply(folder)
    with pytest.raises(Failure) as caught:
        why(folder, person, name)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert fix is None or problem.fix == fix
    assert "canary" not in problem.detail
