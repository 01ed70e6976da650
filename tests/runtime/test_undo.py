"""A run that kept what it overwrote can be undone: the CRM is as before, but for what others touched since."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure
from reconciler.runtime import pipeline

from .memory_crm import KEY, NOW

FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields:
  email: mail
  city: city
  level: {from: level, type: select, options: {free: Free, pro: Pro}}
  born: {from: born, type: date}
tags:
  Customer: {when: 'orders > 0'}
contacts: {create: true}
history: {undo: true}
"""
HEADER = "id,mail,city,level,born,orders\n"
ROWS = {
    "1": "1,ada@canary.example,Brno,free,1987-03-14,0",
    "2": "2,bob@canary.example,Oslo,pro,1990-11-02,3",
    "3": "3,cyd@canary.example,,pro,,1",
    "4": "4,dee@canary.example,Riga,,,0",
}
ALL = {"clear": 99, "untag_percent": 100}


def people(folder: Path, **changed: str) -> None:
    rows = {**ROWS, **{key.removeprefix("p"): row for key, row in changed.items()}}
    (folder / "people.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows.values() if row))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Everybody is in sync; nothing of the apply that made them so matters here."""
    (tmp_path / "reconciler.yaml").write_text(FILE)
    people(tmp_path)
    with closing(LocalCrm(tmp_path / "crm.db", Clock.fixed(NOW - timedelta(days=1)))) as crm:
        options = (CrmOption("free", "Free"), CrmOption("pro", "Pro"))
        crm.seed(
            [CrmField("city", "City", "text"), CrmField("level", "Level", "select", options)],
            ["Customer", "Other"],
            [
                {"email": "zoe@canary.example", "city": "Turku", "$tags": ["Customer", "Other"]},
                {"email": "bob@canary.example", "city": "Bergen", "$tags": ["Other"]},
            ],
        )
    assert apply(tmp_path, 0, allow={"create": 9}).result is Result.APPLIED
    return tmp_path


def request(folder: Path, minutes: int, **more: Any) -> pipeline.Request:
    clock = Clock.fixed(NOW + timedelta(minutes=minutes))
    return pipeline.Request(folder / "reconciler.yaml", {}, clock, lambda count: KEY[:count], **more)


def apply(folder: Path, minutes: int, stop: Callable[[], bool] = lambda: False, **more: Any) -> Outcome:
    return pipeline.apply(request(folder, minutes, **more), lambda _: True, stop)


def undo(
    folder: Path,
    run: str = "last",
    minutes: int = 30,
    created: bool = False,
    confirm: Callable[[Plan], bool] = lambda _: True,
    stop: Callable[[], bool] = lambda: False,
    **more: Any,
) -> Outcome:
    asked = request(folder, minutes, **{"allow": ALL, "command": "undo", **more})
    return pipeline.undo(asked, run, created, confirm, stop)


def contents(folder: Path) -> dict[str, dict[str, object]]:
    """Everything that all contacts hold, by their id."""
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        names = {tag.key: tag.name for tag in crm.tags()}
        rows = pa.Table.from_batches(crm.pages([f.key for f in crm.fields()])).to_pylist()
        return {row["$id"]: {**row, "$tags": sorted(names[key] for key in row["$tags"])} for row in rows}


def by_email(folder: Path, email: str) -> dict[str, object]:
    return next(row for row in contents(folder).values() if row["email"] == f"{email}@canary.example")


def change(folder: Path, email: str, tag: str = "", on: bool = False, **values: str | None) -> None:
    """Somebody else does."""
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW + timedelta(minutes=20)))) as crm:
        contact = crm.find(f"{email}@canary.example")
        assert contact is not None
        if values:
            crm.update([(contact, values)])
        if tag:
            crm.tag([next(t.key for t in crm.tags() if t.name == tag)], [contact], on=on)


def codes(outcome: Outcome) -> dict[str, int]:
    """Code of each finding of the plan -> count."""
    found: dict[str, int] = {}
    for finding in outcome.plan.findings:
        found[finding.code] = found.get(finding.code, 0) + finding.count
    return found


def failing(folder: Path, run: str, **more: Any) -> list[str]:
    with pytest.raises(Failure) as caught:
        undo(folder, run, **more)
    return [p.code for p in caught.value.problems]


EVERYTHING = {
    "p1": "1,ada@canary.example,Praha,pro,1987-03-15,5",
    "p2": "2,robert@canary.example,Oslo,free,1990-11-02,0",
    "p3": "3,cyd@canary.example,Tartu,pro,1999-01-01,1",
}


def test_after_apply_and_undo_the_crm_is_as_before(folder: Path) -> None:
    before = contents(folder)
    people(folder, **EVERYTHING)
    assert apply(folder, 10, allow=ALL).result is Result.APPLIED
    assert contents(folder) != before
    outcome = undo(folder)
    assert outcome.result is Result.APPLIED
    assert contents(folder) == before
    assert codes(outcome) == {}
    assert [p.code for p in outcome.problems] == ["E612"]
    assert (outcome.written.values, outcome.written.tags_applied, outcome.written.tags_removed) == (7, 1, 1)


def test_calls_are_as_the_plan_of_an_undo_predicted(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    outcome = undo(folder)
    assert outcome.calls == outcome.plan.cost.endpoints


def test_the_next_plan_after_an_undo_shows_the_same_changes_again_and_no_drift(folder: Path) -> None:
    people(folder, **EVERYTHING)
    made = apply(folder, 10, allow=ALL).plan
    undo(folder)
    again = pipeline.plan(request(folder, 40))
    assert {(f.key, f.cause, f.set) for f in again.fields} == {(f.key, f.cause, f.set) for f in made.fields}


def test_after_an_undo_and_a_reverted_source_nothing_is_left_to_do(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    undo(folder)
    people(folder)
    assert not pipeline.plan(request(folder, 40)).pending


def test_values_and_tags_that_somebody_touched_since_are_left(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    change(folder, "ada", city="Elsewhere", tag="Customer", on=False)
    outcome = undo(folder)
    assert by_email(folder, "ada")["city"] == "Elsewhere"
    assert by_email(folder, "ada")["level"] == "free"
    assert by_email(folder, "ada")["$tags"] == []
    assert codes(outcome) == {"E606": 1}
    (finding,) = outcome.plan.findings
    assert "`city`" in finding.detail
    assert "canary" not in finding.detail


def test_what_is_touched_between_the_plan_and_its_write_is_left(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)

    def meanwhile(_plan: Plan) -> bool:
        change(folder, "ada", city="Elsewhere")
        return True

    outcome = undo(folder, confirm=meanwhile)
    assert by_email(folder, "ada")["city"] == "Elsewhere"
    assert outcome.written.moved == 1


def test_contacts_that_the_run_created_stay_as_they_are(folder: Path) -> None:
    before = contents(folder)
    people(folder, p5="5,eve@canary.example,Lund,pro,2000-02-02,4")
    apply(folder, 10)
    outcome = undo(folder)
    assert outcome.result is Result.NONE
    assert codes(outcome) == {"E607": 1}
    assert by_email(folder, "eve")["city"] == "Lund"
    assert len(contents(folder)) == len(before) + 1


def test_created_contacts_are_emptied_when_asked_for_and_keep_their_address(folder: Path) -> None:
    people(folder, p5="5,eve@canary.example,Lund,pro,2000-02-02,4")
    apply(folder, 10)
    undo(folder, created=True)
    found = by_email(folder, "eve")
    assert (found["city"], found["level"], found["born"], found["$tags"]) == (None, None, None, [])


def test_limits_hold_for_an_undo_and_nothing_is_written_beyond_them(folder: Path) -> None:
    people(folder, p3="3,cyd@canary.example,Tartu,pro,1999-01-01,1")
    apply(folder, 10)
    after = contents(folder)
    outcome = undo(folder, allow={})
    assert outcome.result is Result.REFUSED
    assert [(g.limit, g.observed) for g in outcome.plan.guards if g.tripped] == [("clear", 2)]
    assert contents(folder) == after


def test_without_a_yes_nothing_is_written(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    after = contents(folder)
    assert undo(folder, confirm=lambda _: False).result is Result.DECLINED
    assert contents(folder) == after


def test_an_undo_is_undone_the_same_way(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    after = contents(folder)
    undo(folder)
    outcome = undo(folder, minutes=50)
    assert contents(folder) == after
    assert outcome.problems == ()
    assert not pipeline.plan(request(folder, 60)).pending


def test_an_undo_that_is_run_again_has_nothing_left_to_do(folder: Path) -> None:
    people(folder, **EVERYTHING)
    run = apply(folder, 10, allow=ALL).run
    undo(folder, run)
    assert undo(folder, run, minutes=50).result is Result.NONE


def test_an_older_run_is_undone_where_no_later_one_wrote(folder: Path) -> None:
    people(folder, p1="1,ada@canary.example,Praha,pro,1987-03-14,0")
    older = apply(folder, 10).run
    people(folder, p1="1,ada@canary.example,Plzen,pro,1987-03-14,0")
    apply(folder, 15)
    outcome = undo(folder, older)
    assert (by_email(folder, "ada")["city"], by_email(folder, "ada")["level"]) == ("Plzen", "free")
    assert codes(outcome) == {"E606": 1}


def test_an_interrupted_run_is_undone_as_far_as_it_came(folder: Path) -> None:
    before = contents(folder)
    people(folder, **EVERYTHING)
    calls = iter([False, True])
    outcome = apply(folder, 10, stop=lambda: next(calls, True), allow=ALL)
    assert outcome.result is Result.INTERRUPTED
    assert contents(folder) != before
    undo(folder)
    assert contents(folder) == before


def test_an_interrupted_undo_goes_on_when_it_is_run_again(folder: Path) -> None:
    before = contents(folder)
    people(folder, **EVERYTHING)
    run = apply(folder, 10, allow=ALL).run
    calls = iter([False, True])
    assert undo(folder, run, stop=lambda: next(calls, True)).result is Result.INTERRUPTED
    assert contents(folder) != before
    assert undo(folder, run, minutes=50).result is Result.APPLIED
    assert contents(folder) == before


def test_a_value_that_the_crm_rewrote_is_recognised_and_put_back(folder: Path) -> None:
    crm = "{type: local, path: crm.db, quirks: {rewrites: {city: upper}}}"
    before = contents(folder)
    (folder / "reconciler.yaml").write_text(FILE.replace("{type: local, path: crm.db}", crm))
    people(folder, p1="1,ada@canary.example,Praha,free,1987-03-14,0")
    apply(folder, 10)
    assert by_email(folder, "ada")["city"] == "PRAHA"
    (folder / "reconciler.yaml").write_text(FILE)
    undo(folder)
    assert contents(folder) == before


def test_fields_that_the_file_does_not_have_any_more_are_put_back(folder: Path) -> None:
    before = contents(folder)
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    text = "".join(line for line in FILE.splitlines(keepends=True) if "born" not in line and "city" not in line)
    (folder / "reconciler.yaml").write_text(text)
    undo(folder)
    assert contents(folder) == before


def test_what_stood_there_unreadable_is_not_overwritten_with_nothing(folder: Path) -> None:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        fay = {"email": "fay@canary.example", "shoe": "not a number"}
        crm.seed([CrmField("shoe", "Shoe", "number")], [], [fay])
    people(folder, p6="6,fay@canary.example,,,,1")
    fields = FILE.replace("  born:", "  shoe: {from: orders, type: number}\n  born:")
    (folder / "reconciler.yaml").write_text(fields)
    apply(folder, 25, allow={"update_percent": 100})
    assert by_email(folder, "fay")["shoe"] == "1"
    outcome = undo(folder)
    assert by_email(folder, "fay")["shoe"] == "1"
    assert codes(outcome)["E610"] == 1


def test_tags_made_from_values_are_put_back_and_named_by_their_list_alone(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE + "dynamic_tags: [{from: city, prefix: 'City: '}]\n")
    apply(folder, 5, allow=ALL)
    before = contents(folder)
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    outcome = undo(folder)
    assert contents(folder) == before
    from reconciler.report.text import plan_text

    text = plan_text(outcome.plan)
    assert "tag City: *" in text
    assert "Brno" not in text


def test_a_two_way_value_that_was_pushed_is_put_back_and_pushed_again_by_the_next_plan(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(
        FILE.replace("path: people.csv,", "path: people.csv, write: true,").replace(
            "  city: city", "  city: {from: city, pull: true}"
        )
    )
    apply(folder, 5)
    before = contents(folder)
    people(folder, p1="1,ada@canary.example,Praha,free,1987-03-14,0")
    apply(folder, 10)
    undo(folder)
    assert contents(folder) == before
    again = pipeline.plan(request(folder, 40))
    assert [(f.key, f.set, f.pull) for f in again.fields] == [("city", 1, 0)]


def test_values_that_were_pulled_stay_in_the_source_and_are_named(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(
        FILE.replace("path: people.csv,", "path: people.csv, write: true,").replace(
            "  city: city", "  city: {from: city, pull: true}"
        )
    )
    apply(folder, 5)
    change(folder, "ada", city="Elsewhere")
    apply(folder, 25)
    source = (folder / "people.csv").read_text()
    assert "Elsewhere" in source
    outcome = undo(folder)
    assert outcome.result is Result.NONE
    assert codes(outcome) == {"E609": 1}
    assert (folder / "people.csv").read_text() == source


def test_a_run_that_kept_nothing_says_how_to_keep_it(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("history: {undo: true}\n", ""))
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    assert failing(folder, "last") == ["E604"]


def test_a_run_whose_time_is_over_cannot_be_undone(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    assert failing(folder, "last", minutes=31 * 24 * 60) == ["E604"]


def test_an_unknown_or_ambiguous_run_is_said(folder: Path) -> None:
    people(folder, **EVERYTHING)
    apply(folder, 10, allow=ALL)
    assert failing(folder, "1999") == ["E600"]
    assert failing(folder, "2026") == ["E600"]


def test_a_secret_of_its_own_opens_what_it_closed_and_no_other_does(folder: Path) -> None:
    keyed = FILE.replace("history: {undo: true}", "history: {undo: true, key: '${env:UNDO_KEY}'}")
    (folder / "reconciler.yaml").write_text(keyed)
    before = contents(folder)
    people(folder, **EVERYTHING)
    right, wrong = {"UNDO_KEY": "canary-right"}, {"UNDO_KEY": "canary-wrong"}
    pipeline.apply(replace(request(folder, 10, allow=ALL), env=right), lambda _: True, lambda: False)
    with pytest.raises(Failure) as caught:
        pipeline.undo(replace(request(folder, 30, allow=ALL), env=wrong), "last", False, lambda _: True, lambda: False)
    assert [p.code for p in caught.value.problems] == ["E603"]
    pipeline.undo(replace(request(folder, 30, allow=ALL), env=right), "last", False, lambda _: True, lambda: False)
    assert contents(folder) == before


def test_a_contact_that_is_gone_is_counted(folder: Path) -> None:
    people(folder, p1="1,ada@canary.example,Praha,free,1987-03-14,0")
    apply(folder, 10)
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        contact = crm.find("ada@canary.example")
        assert contact is not None
        crm.delete_contact(contact)
    outcome = undo(folder)
    assert outcome.result is Result.NONE
    assert codes(outcome) == {"E611": 1}
