"""`examples/gitops` from end to end: plan, comment, merge and apply, by the very commands of its workflows, with a
local git repository, the real `gh` against a forge of this machine, and an emulated HubSpot account."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.actions import Job
from forge.github import BOT, FORK
from gitops_world import CANARY, World, world
from servers.databases import Database

TAGS = "tags:\n"
VIP = {TAGS: TAGS + "  VIP: {when: 'orders >= 10', keep: true}\n"}
PLAN = {"email: email": "email: email\n  plan: {from: plan, type: text, label: Plan, group: Membership}"}
WELCOME = {TAGS: TAGS + "  Welcome: {when: 'true', push: on_create}\n"}


@pytest.fixture
def here(tmp_path: Path, postgres: Database) -> Iterator[World]:
    with world(tmp_path, postgres.url) as made:
        yield made


def fine(job: Job) -> Job:
    assert job.conclusion == "success", job.said
    return job


def quiet(job: Job) -> None:
    """Nobody's value and no secret is in what it says."""
    assert CANARY not in job.said + job.summary
    assert "@example.org" not in job.said + job.summary


def with_more(packed: bytes, name: str, content: bytes) -> bytes:
    """The same archive, with a file more: whoever may change the workflow may upload it."""
    with io.BytesIO(packed) as stream:
        with zipfile.ZipFile(stream, "a") as archive:
            archive.writestr(name, content)
        return stream.getvalue()


def test_a_change_is_planned_commented_on_merged_and_applied_and_then_nothing_is_left(here: World) -> None:
    pull = here.proposed("vip", VIP)
    planned = fine(here.runners.planned(pull)["plan"])
    assert not here.account.writes()
    [note] = pull.notes
    assert note.login == BOT
    assert "VIP" in note.body
    assert "VIP" in planned.summary

    applied = fine(here.runners.applied(here.github.merged(pull)))
    found = here.account.found()
    assert found["tags"] == ["Customer", "VIP"]
    assert len(found["contacts"]) == 1 + 8
    assert applied.environment == "production"

    again = here.proposed("again", {})
    fine(here.runners.planned(again)["plan"])
    assert "Nothing" in again.notes[0].body
    quiet(planned)
    quiet(applied)


def test_a_second_push_updates_the_one_comment_which_is_ours_by_its_first_line_and_its_author(here: World) -> None:
    pull = here.proposed("vip", VIP)
    for number in range(120):  # the forge gives them in pages
        here.github.noted(pull, "somebody", f"What about {number}?")
    fine(here.runners.planned(pull)["plan"])
    ours = pull.notes[-1]
    copied = here.github.noted(pull, "somebody", ours.body)
    pull.notes.insert(0, pull.notes.pop())
    assert "Welcome" not in ours.body

    here.github.pushed(pull, here.change("vip", WELCOME))
    fine(here.runners.planned(pull)["plan"])
    assert [note for note in pull.notes if note.login == BOT] == [ours]
    assert ours.edits == 1
    assert "Welcome" in ours.body
    assert not copied.edits


def test_a_plan_that_fails_says_so_in_the_comment_and_nothing_can_be_applied(here: World) -> None:
    pull = here.proposed("vip", VIP)
    fine(here.runners.planned(pull)["plan"])
    here.github.pushed(pull, here.change("vip", {"email: email": "email: e_mail"}))
    job = here.runners.planned(pull)["plan"]
    assert job.conclusion == "failure"
    assert "::error file=reconciler.yaml,line=" in job.said
    assert "reconciler-plan" not in job.uploaded
    [note] = pull.notes
    assert note.edits == 1
    assert "VIP" not in note.body
    assert "e_mail" in note.body
    applied = here.runners.applied(here.github.merged(pull))
    assert applied.step("Find the plan that was reviewed").outcome == "failure"
    assert "There is no plan of" in applied.said
    assert not here.account.writes()


def test_what_is_applied_is_what_was_reviewed_and_what_came_up_since_is_left_for_the_next_plan(here: World) -> None:
    fine(here.shipped())
    pull = here.proposed("vip", VIP)
    fine(here.runners.planned(pull)["plan"])
    here.account.changed("hugo.marin@example.org", firstname="Ugo")
    kept = here.github.runs[max(here.github.runs)].artifacts
    kept["reconciler-plan"] = with_more(kept["reconciler-plan"], "requirements.txt", b"somebody-elses-program")
    merged = here.github.merged(pull)
    fine(here.runners.applied(merged))
    assert here.account.carriers("VIP") == {"Farid", "Ugo"}

    before = here.account.writes()
    again = here.runners.applied(merged)  # somebody presses the button twice
    assert again.step("Apply that plan").code == 5
    assert here.account.writes() == before


def test_a_crm_that_moved_between_plan_and_merge_makes_the_plan_stale_and_nothing_is_written(here: World) -> None:
    fine(here.shipped())
    pull = here.proposed("vip", VIP)
    fine(here.runners.planned(pull)["plan"])
    here.account.renamed("Customer", "Kunden")
    before, found = here.account.writes(), here.account.found()
    job = here.runners.applied(here.github.merged(pull))
    assert job.step("Apply that plan").code == 5
    assert job.conclusion == "failure"
    assert "plan again" in job.said
    assert (here.account.writes(), here.account.found()) == (before, found)
    assert len(pull.notes) == 2  # what came of it is said on the pull request
    quiet(job)

    fine(here.runners.planned(pull)["plan"])  # its plan is run again, and reviewed
    fine(here.runners.applied(pull.merge))
    assert here.account.carriers("VIP") == {"Farid", "Hugo"}


def test_a_plan_of_another_state_of_the_file_is_stale(here: World) -> None:
    """Two pull requests, each planned without the other."""
    first, second = here.proposed("vip", VIP), here.proposed("plan", PLAN)
    for pull in (first, second):
        fine(here.runners.planned(pull)["plan"])
    fine(here.runners.applied(here.github.merged(first)))
    before = here.account.writes()
    job = here.runners.applied(here.github.merged(second))
    assert job.step("Apply that plan").code == 5
    assert here.account.writes() == before


def test_a_commit_that_nobody_reviewed_is_never_applied(here: World) -> None:
    here.repository.on("main")
    here.change("main", VIP)
    here.repository.push("refs/heads/main", here.repository.main)
    job = here.runners.applied(here.repository.main)
    assert job.conclusion == "failure"
    assert "no merge of a pull request" in job.said
    assert not here.account.writes()


def test_a_forks_pull_request_is_rehearsed_without_secrets_and_its_merge_is_not_applied(here: World) -> None:
    pull = here.proposed("vip", VIP, repository=FORK, login="stranger")
    jobs = here.runners.planned(pull)
    assert jobs["plan"].conclusion == "skipped"
    rehearsal = fine(jobs["rehearsal"])
    assert "VIP" in rehearsal.summary
    assert "Customer" not in rehearsal.summary  # main is applied there already
    assert not pull.notes
    assert not here.account.writing.log
    assert not here.account.reading.log

    job = here.runners.applied(here.github.merged(pull))
    assert "There is no plan of" in job.said
    assert not here.account.writes()


def test_dependabot_gets_what_a_fork_gets(here: World) -> None:
    jobs = here.runners.planned(here.proposed("newer", {}, login="dependabot[bot]"))
    assert jobs["plan"].conclusion == "skipped"
    fine(jobs["rehearsal"])


def test_a_plan_that_a_forks_run_kept_is_not_taken_for_the_reviewed_one(here: World) -> None:
    """A fork may change the workflow, and so upload whatever it likes under any name."""
    pull = here.proposed("vip", VIP)
    fine(here.runners.planned(pull)["plan"])
    [run] = here.github.runs.values()
    run.repository = FORK
    job = here.runners.applied(here.github.merged(pull))
    assert "There is no plan of" in job.said
    assert not here.account.writes()


def test_every_job_has_the_permissions_that_it_uses_and_no_other(here: World) -> None:
    pull = here.proposed("vip", VIP)
    planned = fine(here.runners.planned(pull)["plan"])
    here.github.pushed(pull, here.change("vip", WELCOME))
    fine(here.runners.planned(pull)["plan"])
    applied = fine(here.runners.applied(here.github.merged(pull)))
    for job in (planned, applied):
        used = {what: "write" if (what, "write") in job.used else "read" for what, _ in job.used}
        assert used == job.granted


def test_drift_opens_one_issue_keeps_it_up_to_date_and_closes_it(here: World) -> None:
    fine(here.shipped())
    quiet(fine(here.runners.drifted()))
    assert not here.github.issues

    here.account.changed("farid.aziz@example.org", firstname=CANARY)
    for _ in range(2):
        job = fine(here.runners.drifted())
        quiet(job)
        [issue] = here.github.issues.values()
        assert issue.state == "open"
        assert "firstname" in issue.body
        assert CANARY not in issue.body
    assert {what for what, _ in job.used} == set(job.granted)

    here.account.changed("farid.aziz@example.org", firstname="Farid")
    fine(here.runners.drifted())
    assert issue.state == "closed"


def test_a_drift_that_cannot_be_told_is_a_failure_and_no_issue(here: World) -> None:
    fine(here.shipped())
    here.account.reading.settings.token = "another"
    job = here.runners.drifted()
    assert job.conclusion == "failure"
    assert not here.github.issues


def test_problems_are_alerts_of_code_scanning_where_it_is_asked_for(here: World) -> None:
    pull = here.proposed("broken", {"match: email": "match: e_mail"})
    assert here.runners.planned(pull)["code-scanning"].conclusion == "skipped"
    here.github.variables["CODE_SCANNING"] = "true"
    job = here.runners.planned(pull)["code-scanning"]
    [run] = here.github.scanned["reconciler"]["runs"]
    assert run["results"]
    assert {what for what, _ in job.used} == set(job.granted)
