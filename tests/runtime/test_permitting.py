"""Limits, checks and what permits more than they do, in whole runs: a plan is always made, an apply is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import AllowedBy, Plan
from reconciler.report.document import plan_document
from reconciler.report.github import step_outputs
from reconciler.report.headline import refused as plan_refused
from reconciler.report.html import html_page
from reconciler.report.markdown import plan_markdown
from reconciler.report.redrawn import document_text
from reconciler.report.remarks import remarks
from reconciler.report.text import plan_text
from reconciler.runtime import pipeline
from tests.runtime.memory_crm import KEY, NOW
from tests.runtime.test_pipeline import ADA, BOB, FILE, people

GROUPED = FILE.replace("label: Home town}", "label: Home town, group: Finance}")
NO_CITY = "checks: {C001: {deny: 'plan.tags.exists(t, t.reaches > 0)', message: 'nobody gets a tag'}}\n"
FINANCE = """\
checks:
  finance:
    deny: >-
      plan.fields.exists(f, f.group == "Finance" && f.set + f.clear > 0)
      || plan.changes.exists(c, c.group == "Finance" && c.action != "blocked")
    message: no field of group Finance may change
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """The file with more sections, beside its people."""

    def written(more: str = "", file: str = FILE) -> Path:
        (tmp_path / "reconciler.yaml").write_text(file + more)
        people(tmp_path, ADA, BOB)
        return tmp_path

    return written


def asked(folder: Path, at: datetime = NOW, **more: Any) -> pipeline.Request:
    return pipeline.Request(folder / "reconciler.yaml", {}, Clock.fixed(at), lambda count: KEY[:count], **more)


def plan(folder: Path, **more: Any) -> Plan:
    return pipeline.plan(asked(folder, **more))


def apply(folder: Path, **more: Any) -> Outcome:
    return pipeline.apply(asked(folder, **more), lambda _: True, lambda: False)


def refused(folder: Path, **more: Any) -> list[tuple[str, str]]:
    """Codes and details of what an apply is refused for; nothing was written."""
    before = (folder / "crm.db").read_bytes() if (folder / "crm.db").exists() else b""
    outcome = apply(folder, **more)
    assert outcome.result is Result.REFUSED
    assert ((folder / "crm.db").read_bytes() if before else b"") == before
    return [(p.code, p.detail) for p in outcome.problems]


def findings(made: Plan) -> list[tuple[str, int]]:
    return [(f.code, f.where.line if f.where else 0) for f in made.findings]


def entry(limit: str, up_to: int, until: str = "2026-12-01") -> str:
    return f"allow: [{{limit: {limit}, up_to: {up_to}, reason: because, until: {until}}}]\n"


def test_a_limit_stops_the_apply_and_never_the_plan(write: Callable[..., Path]) -> None:
    folder = write("limits: {create: 1}\n")
    assert plan(folder).pending
    assert refused(folder) == [("E514", "create: 2 planned, 1 allowed")]


def test_an_entry_lets_the_apply_go_and_the_plan_says_by_whom(write: Callable[..., Path]) -> None:
    folder = write("limits: {create: 1}\n" + entry("create", 2))
    made = plan(folder)
    assert "create: 2 planned, 2 allowed by" in plan_text(made)
    assert "until 2026-12-01 (because); 1 without that" in plan_text(made, page=plan_page())
    assert apply(folder).result is Result.APPLIED


def test_what_the_command_line_allows_is_said_too(write: Callable[..., Path]) -> None:
    folder = write("limits: {create: 1}\n")
    made = plan(folder, allow={"create": 2})
    assert "create: 2 planned, 2 allowed by --allow; 1 without that" in plan_text(made)
    row = next(g for g in plan_document(made).guards if g.limit == "create")
    assert row.allowed_by is not None
    assert (row.allowed_by.how, row.allowed_by.instead_of, row.ways) == ("option", 1, ())


LAST_MOMENT = datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)
TOO_LATE = datetime(2026, 12, 2, tzinfo=UTC)


def test_an_entry_counts_to_the_end_of_its_day_and_is_then_a_finding(write: Callable[..., Path]) -> None:
    folder = write("limits: {create: 1}\n" + entry("create", 2))
    assert findings(plan(folder, at=LAST_MOMENT)) == []
    late = plan(folder, at=TOO_LATE)
    assert findings(late) == [("R330", len(FILE.splitlines()) + 2)]
    assert refused(folder, at=TOO_LATE) == [("E514", "create: 2 planned, 1 allowed")]


def test_an_old_now_revives_nothing(write: Callable[..., Path]) -> None:
    folder = write("limits: {create: 1}\n" + entry("create", 2))
    old = datetime(2026, 11, 1, tzinfo=UTC)
    assert ("R330", len(FILE.splitlines()) + 2) in findings(plan(folder, at=TOO_LATE, now=old))
    assert refused(folder, at=TOO_LATE, now=old) == [("E514", "create: 2 planned, 1 allowed")]


def test_a_later_now_shows_what_will_be_refused_then(write: Callable[..., Path]) -> None:
    folder = write("limits: {create: 1}\n" + entry("create", 2))
    assert next(g for g in plan(folder, now=TOO_LATE).guards if g.limit == "create").tripped


def test_validate_says_of_the_entries_what_a_plan_says(write: Callable[..., Path]) -> None:
    folder = write(entry("clear", 2, "2026-11-01"))
    _, problems = pipeline.validate(asked(folder), offline=True)
    assert [p.code for p in problems] == ["R330"]
    folder = write(entry("clear", 2, "2027-11-01"))
    assert [p.code for p in pipeline.validate(asked(folder), offline=True)[1]] == ["R331"]
    folder = write(entry("clear", 2, "2027-11-01") + "rules: {allow-far: error}\n")
    assert refused(folder)[0][0] == "E515"


def test_creations_without_a_state_are_let_through_by_their_own_name_alone(write: Callable[..., Path]) -> None:
    folder = write(entry("create", 5000))
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        crm.seed([], [], [{"email": "zoe@example.org"}])
    assert [code for code, _ in refused(folder)] == ["E514"]
    folder = write(entry("create_without_state", 2))
    made = plan(folder)
    assert "create: 2 planned, 2 allowed by" in plan_text(made)
    assert apply(folder).result is Result.APPLIED


def test_untag_in_the_file_takes_a_tag_away_in_the_run_in_which_it_becomes_ours(write: Callable[..., Path]) -> None:
    def seeded(more: str) -> Path:
        folder = write("contacts: {create: false}\n" + more, FILE.replace("contacts: {create: true}\n", ""))
        (folder / "crm.db").unlink(missing_ok=True)
        shutil.rmtree(folder / ".reconciler", ignore_errors=True)
        with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
            crm.seed([], ["Customer"], [{"email": "ada@canary.example", "$tags": ["Customer"]}])
        return folder

    kept = plan(seeded(""))
    assert [(t.kept, t.remove) for t in kept.tags if t.name == "Customer"] == [(1, 0)]
    taken = plan(seeded(entry("untag", 1)))
    assert [(t.kept, t.remove) for t in taken.tags if t.name == "Customer"] == [(0, 1)]
    expired = plan(seeded(entry("untag", 1, "2026-11-01")))
    assert [(t.kept, t.remove) for t in expired.tags if t.name == "Customer"] == [(1, 0)]


def test_a_check_stops_the_apply_and_never_the_plan(write: Callable[..., Path]) -> None:
    folder = write(NO_CITY)
    made = plan(folder)
    assert made.pending
    assert "Checks     error C001: nobody gets a tag   " in plan_text(made, page=plan_page())
    assert plan_text(made).rstrip().endswith("apply is refused, see Checks")
    assert refused(folder) == [("E595", "C001: nobody gets a tag (Customer)")]


def plan_page() -> Any:
    from reconciler.report.layout import Page

    return Page(width=300)


def test_no_field_of_a_group_may_change_whether_it_is_new_or_there_already(write: Callable[..., Path]) -> None:
    """The group of a new field is what the file says; of one that is there, what the CRM says."""
    folder = write(FINANCE, GROUPED)
    (check,) = plan(folder).checks
    assert (check.passed, check.detail) == (False, "city")
    folder = write("", GROUPED)
    assert apply(folder).result is Result.APPLIED
    folder = write(FINANCE)  # whose `city` says no group any more
    assert [c.passed for c in plan(folder).checks] == [True]
    people(folder, ADA.replace("Brno", "Rome"), BOB)
    (check,) = plan(folder).checks
    assert (check.passed, check.detail) == (False, "city")
    assert {f.key: f.group for f in plan_document(plan(folder)).fields} == {"city": "Finance"}


def test_a_check_that_cannot_be_evaluated_stops_the_apply(write: Callable[..., Path]) -> None:
    folder = write("checks: {C001: {deny: 'plan.run.startsWith(\"x\")', message: 'no such run'}}\n")
    ((code, detail),) = refused(folder)
    assert code == "E595"
    assert "it cannot be evaluated, and so it has not passed" in detail


def test_an_entry_lets_a_check_fail_until_its_day_is_over(write: Callable[..., Path]) -> None:
    allowed = "allow: [{check: C001, reason: just once, until: 2026-12-01}]\n"
    folder = write(NO_CITY + allowed)
    (check,) = plan(folder).checks
    where = folder / "reconciler.yaml"
    assert check.allowed_by is not None
    assert replace(check.allowed_by, where=None) == AllowedBy("file", 0, None, "just once", "2026-12-01")
    assert f"let pass by {where}:" in plan_text(plan(folder), page=plan_page())
    assert [code for code, _ in refused(folder, at=TOO_LATE)] == ["E595"]
    assert apply(folder).result is Result.APPLIED


def test_show_shows_the_checks_of_a_kept_plan_and_of_a_refused_apply(write: Callable[..., Path]) -> None:
    folder = write(NO_CITY + "limits: {create: 1}\n" + entry("create", 2))
    made = plan(folder)
    shown = pipeline.shown(asked(folder), "plan")
    assert shown.document == plan_document(made)
    assert document_text(shown.document) == plan_text(made)
    assert "nobody gets a tag" in document_text(shown.document)


def test_checks_say_the_same_to_who_looks_at_values(write: Callable[..., Path]) -> None:
    more = "dynamic_tags: [{from: level, prefix: 'Level: '}]\n"
    more += "checks: {C001: {deny: 'plan.tags.exists(t, t.name == \"Level: pro\")', message: 'no pro'}}\n"
    folder = write(more)
    assert [c.passed for c in plan(folder).checks] == [True]
    assert [c.passed for c in plan(folder, show_values=True).checks] == [True]


def reviewed(folder: Path, **more: Any) -> Plan:
    return plan(folder, out=folder / "reviewed.plan", **more)


EVENING = datetime(2026, 12, 1, 20, tzinfo=UTC)


def test_what_was_permitted_when_a_plan_was_saved_is_not_when_its_day_is_over(write: Callable[..., Path]) -> None:
    folder = write("limits: {create: 1}\n" + entry("create", 2))
    assert not any(g.tripped for g in reviewed(folder, at=EVENING).guards)
    saved = folder / "reviewed.plan"
    assert refused(folder, at=TOO_LATE, saved=saved) == [("E514", "create: 2 planned, 1 allowed")]
    assert apply(folder, at=LAST_MOMENT, saved=saved).result is Result.APPLIED


def test_a_check_that_was_let_pass_when_a_plan_was_saved_denies_it_when_that_day_is_over(
    write: Callable[..., Path],
) -> None:
    folder = write(NO_CITY + "allow: [{check: C001, reason: just once, until: 2026-12-01}]\n")
    assert not any(c.stops for c in reviewed(folder, at=EVENING).checks)
    assert [code for code, _ in refused(folder, at=TOO_LATE, saved=folder / "reviewed.plan")] == ["E595"]
    assert apply(folder, at=LAST_MOMENT, saved=folder / "reviewed.plan").result is Result.APPLIED


def test_checks_of_a_saved_plan_are_about_what_was_approved(write: Callable[..., Path]) -> None:
    """Who came since then is left for the next plan, and for its checks."""
    folder = write("checks: {C001: {deny: 'plan.summary.contacts.create > 2', message: 'two at a time'}}\n")
    reviewed(folder)
    people(folder, ADA, BOB, "eve@canary.example,eve@canary.example,Rome,pro,3\n")
    assert [c.passed for c in plan(folder).checks] == [False]
    assert apply(folder, saved=folder / "reviewed.plan").result is Result.APPLIED


def test_creations_without_a_state_that_were_permitted_for_a_saved_plan_stay_so(write: Callable[..., Path]) -> None:
    folder = write(entry("create_without_state", 2))
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        crm.seed([], [], [{"email": "zoe@example.org"}])
    reviewed(folder, at=EVENING)
    saved = folder / "reviewed.plan"
    assert [code for code, _ in refused(folder, at=TOO_LATE, saved=saved)] == ["E514"]
    assert apply(folder, at=TOO_LATE, saved=saved, allow={"create": 2}).result is Result.APPLIED


def test_reports_of_every_format_say_which_check_denies(write: Callable[..., Path]) -> None:
    document = plan_document(plan(write(NO_CITY)))
    remarked = " ".join(f"{p.level} {p.code} {p.detail}" for p in remarks(document))
    for told in (plan_markdown(document, "reconciler.yaml"), html_page(document), remarked):
        assert "nobody gets a tag" in told.lower()
        assert "add to allow: {check: C001, reason: WHY, until: DATE}" in told
    assert "error E595" in remarked
    assert plan_refused(document) == "1 check denies it"
    assert step_outputs(document)["refused"] == "true"


def test_reports_of_every_format_say_who_permits_what(write: Callable[..., Path]) -> None:
    allowed = "allow: [{check: C001, reason: just once, until: 2026-12-01},"
    allowed += " {limit: create, up_to: 2, reason: two people, until: 2026-12-02}]\n"
    document = plan_document(plan(write(NO_CITY + "limits: {create: 1}\n" + allowed)))
    remarked = " ".join(f"{p.level} {p.code} {p.detail}" for p in remarks(document))
    for told in (plan_markdown(document, "reconciler.yaml"), html_page(document)):
        assert "until 2026-12-01 (just once)" in told
        assert "until 2026-12-02 (two people); 1 without that" in told
    assert "warning E595" in remarked
    assert plan_refused(document) == ""
    assert step_outputs(document)["refused"] == "false"
