"""`examples/gitops` on GitLab: its pipeline's own scripts, the real curl and jq, an API of this machine, an emulated
account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from forge.gitlab import BOT, FORK, GitLab, Note, served
from forge.pipelines import Pipelines, Ran
from forge.repository import Repository
from gitops_world import CANARY, PLAN_KEY, READ_TOKEN, WRITE_TOKEN, Account, account_in, changed, copied, programs_in
from servers import program
from servers.databases import Database

TAGS = "tags:\n"
VIP = {TAGS: TAGS + "  VIP: {when: 'orders >= 10', keep: true}\n"}


@dataclass(eq=False)
class Here:
    gitlab: GitLab
    pipelines: Pipelines
    account: Account

    def change(self, branch: str, replaced: dict[str, str]) -> str:
        return changed(self.gitlab.repository, branch, replaced)


@pytest.fixture
def here(tmp_path: Path, postgres: Database) -> Iterator[Here]:
    for name in ("curl", "jq"):
        program(name)
    with account_in(tmp_path) as account:
        variables = {
            "HUBSPOT_READ_TOKEN": READ_TOKEN,
            "RECONCILER_PLAN_KEY": PLAN_KEY,
            "RECONCILER_STATE_URL": postgres.url,
        }
        gitlab = GitLab(Repository(tmp_path), variables, {"HUBSPOT_TOKEN": WRITE_TOKEN})
        copied(gitlab.repository, account)
        with served(gitlab) as url:
            yield Here(gitlab, Pipelines(gitlab, tmp_path, programs_in(tmp_path), url), account)


def fine(ran: Ran) -> None:
    """It succeeded, and nobody's value and no secret is in what it says."""
    assert ran.code == 0, ran.said
    assert CANARY not in ran.said
    assert "@example.org" not in ran.said


def test_a_merge_request_is_planned_noted_once_and_applied_as_it_was_reviewed(here: Here) -> None:
    merge = here.gitlab.opened(here.change("vip", VIP))
    merge.notes.append(Note(1, 99, "<!-- reconciler: reconciler.yaml -->\nsomebody's"))
    fine(here.pipelines.planned(merge)["plan"])
    assert not here.account.writes()
    here.gitlab.pushed(merge, here.change("vip", {"orders >= 10": "orders >= 20"}))
    fine(here.pipelines.planned(merge)["plan"])
    [note] = [note for note in merge.notes if note.author == BOT]
    assert note.edits == 1
    assert "VIP" in note.body

    fine(here.pipelines.applied(here.gitlab.accepted(merge))["apply"])
    assert here.account.carriers("VIP") == {"Farid"}

    fine(here.pipelines.scheduled()["drift"])
    assert not here.gitlab.issues
    here.account.changed("farid.aziz@example.org", firstname=CANARY)
    for _ in range(2):
        fine(here.pipelines.scheduled()["drift"])
    [issue] = here.gitlab.issues.values()
    assert issue.state == "opened"
    assert "firstname" in issue.description
    here.account.changed("farid.aziz@example.org", firstname="Farid")
    fine(here.pipelines.scheduled()["drift"])
    assert issue.state == "closed"


def test_what_was_not_reviewed_or_is_stale_is_never_applied(here: Here) -> None:
    direct = here.pipelines.applied(here.gitlab.repository.main)["apply"]
    assert direct.code == 1
    assert "no merge of a merge request" in direct.said

    merge = here.gitlab.opened(here.change("vip", VIP))
    unplanned = here.pipelines.applied(here.gitlab.accepted(merge))["apply"]
    assert unplanned.code == 1
    assert "There is no plan of" in unplanned.said

    fine(here.pipelines.planned(merge)["plan"])  # after all
    fine(here.pipelines.applied(merge.merged)["apply"])

    second = here.gitlab.opened(here.change("more", {"orders > 0": "orders > 1"}))
    fine(here.pipelines.planned(second)["plan"])
    here.account.renamed("Customer", "Kunden")
    before, found = here.account.writes(), here.account.found()
    stale = here.pipelines.applied(here.gitlab.accepted(second))["apply"]
    assert stale.code == 5
    assert (here.account.writes(), here.account.found()) == (before, found)


def test_a_forks_merge_request_is_rehearsed_without_a_secret(here: Here) -> None:
    merge = here.gitlab.opened(here.change("vip", VIP), project=FORK)
    ran = here.pipelines.planned(merge)
    assert list(ran) == ["rehearsal"]
    fine(ran["rehearsal"])
    assert "VIP" in ran["rehearsal"].said
    assert not here.account.writing.log
    assert not here.account.reading.log
    assert not merge.notes
    unplanned = here.pipelines.applied(here.gitlab.accepted(merge))["apply"]
    assert unplanned.code == 1
