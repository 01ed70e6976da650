"""A file that changes, applied to the emulated account: at the announced calls, and so that nothing is left."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_hubspot_contract import TAGS

from reconciler.emulators.hubspot import HubSpot
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome, Result
from reconciler.model.problems import Failure
from reconciler.runtime import pipeline

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
FILE = """\
version: 1
crm: {{type: hubspot, token: '${{env:TOKEN}}', tags: {tags}}}
source: {{type: csv, path: people.csv, types: {{orders: integer}}}}
identity: {{person: id, match: email}}
defaults: {{empty: clear}}
contacts: {{create: true}}
limits: {{create: 999, clear: 999, update_percent: 100, untag_percent: 100, tag_people: 999, delete: 9}}
fields:
  email: mail
  firstname: first
{fields}
tags:
{rules}
"""
PLAN = "  club_plan: {{from: plan, type: select, label: {label}, group: {group}, options: {options}}}"
FIRST = PLAN.format(label="Plan", group="Our club", options="{free: Free, pro: Pro}")
SECOND = PLAN.format(label="Tariff", group="Elsewhere", options="{free: For free, pro: Pro, gold: Gold}")
ROLES = "\n  club_roles: {from: roles, type: multiselect, label: Roles, group: Our club, options: {a: A, b: B}}"
PEOPLE = ["id,mail,first,plan,roles,orders", '1,a@example.org,Ada,free,"a,b",1', "2,b@example.org,Bo,pro,a,0"]
LATER = [*PEOPLE[:1], "1,a@example.org,Ada,gold,,1", "2,b@example.org,Bob,pro,b,2", "3,c@example.org,Cy,,a,0"]
STEPS: list[tuple[str, str, list[str]]] = [
    (FIRST + ROLES, "  Customer: {when: 'orders > 0'}\n  Idle: {when: 'orders == 0'}", PEOPLE),
    (SECOND + ROLES, "  Buyer: {renamed_from: Customer, when: 'orders > 0'}\n  Idle: {when: 'orders == 0'}", LATER),
    (SECOND, "  Buyer: {when: 'orders > 0'}\n  Idle: {absent: true}", LATER),
    (FIRST, "  Buyer: {when: 'orders > 0'}", LATER),
    (SECOND, "  Buyer: {when: 'orders > 0'}", LATER),  # back into a group that nothing is in by now
]


class Program:
    """The program on one folder and one emulated account."""

    def __init__(self, folder: Path, tags: str) -> None:
        self._folder, self._tags = folder, tags
        self.emulator = HubSpot(folder / "hubspot.db", Clock.fixed(NOW))
        self.emulator.settings.burst = self.emulator.settings.search = 1_000_000  # time stands still
        self.transport = httpx.WSGITransport(app=self.emulator)
        self.token = self.emulator.settings.token
        with httpx.Client(transport=self.transport, headers={"Authorization": f"Bearer {self.token}"}) as client:
            client.post("https://api.hubapi.com/crm/v3/properties/contacts", json=TAGS).raise_for_status()

    def request(self) -> pipeline.Request:
        return pipeline.Request(
            self._folder / "reconciler.yaml",
            {"TOKEN": self.token},
            Clock.fixed(NOW),
            secrets.token_bytes,
            now=NOW,
            transport=self.transport,
            workers=1,
        )

    def applied(self, fields: str, rules: str, people: list[str]) -> Outcome:
        text = FILE.format(tags=self._tags, fields=fields, rules=rules)
        (self._folder / "reconciler.yaml").write_text(text, encoding="utf-8")
        (self._folder / "people.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
        return pipeline.apply(self.request(), lambda _plan: True, lambda: False)

    def values(self) -> Mapping[str, Any]:
        """First name -> plan, by what the account shows."""
        found = self.emulator.crm.load(["1", "2", "3"], ["firstname", "club_plan"])
        return {texts[0] or "": texts[1] for texts in found.values()}


@pytest.mark.parametrize("tags", ["lists", "{property: kit_tags}"])
def test_a_file_that_changes_is_applied_at_the_announced_cost(tags: str, tmp_path: Path) -> None:
    program = Program(tmp_path, tags)
    for fields, rules, people in STEPS:
        outcome = program.applied(fields, rules, people)
        assert outcome.result is Result.APPLIED, [p.code for p in outcome.problems]
        assert outcome.calls == outcome.plan.cost.endpoints
        assert not pipeline.plan(program.request()).pending
    assert program.values() == {"Ada": "gold", "Bob": "pro", "Cy": None}


def test_a_plan_sees_what_was_written_before_the_search_does(tmp_path: Path) -> None:
    program = Program(tmp_path, "{property: kit_tags}")
    program.emulator.settings.search_lag = 50
    program.applied(*STEPS[0])
    assert not pipeline.plan(program.request()).pending
    for number in (2, 3):
        program.applied(STEPS[0][0], STEPS[0][1], [row.replace("Ada", f"Ada {number}") for row in PEOPLE])
        assert not pipeline.plan(program.request()).pending


def test_a_token_without_a_scope_writes_nothing(tmp_path: Path) -> None:
    program = Program(tmp_path, "lists")
    program.emulator.settings.scopes.discard("crm.lists.write")
    before = len(program.emulator.crm.fields())
    with pytest.raises(Failure) as failure:
        program.applied(*STEPS[0])
    assert [(p.code, "crm.lists.write" in p.detail) for p in failure.value.problems] == [("E301", True)]
    assert len(program.emulator.crm.fields()) == before


def test_leads_are_refused_with_the_reason(tmp_path: Path) -> None:
    program = Program(tmp_path, "lists, object: lead")
    with pytest.raises(Failure) as failure:
        program.applied(*STEPS[0])
    (problem,) = failure.value.problems
    assert (problem.code, problem.fix) == ("E310", "this one has `contact`")
    assert "has no e-mail of its own" in problem.detail


def test_an_archived_property_in_the_way_blocks_its_values_and_nothing_else(tmp_path: Path) -> None:
    program = Program(tmp_path, "lists")
    program.applied(*STEPS[0])
    token = {"Authorization": f"Bearer {program.token}"}
    with httpx.Client(transport=program.transport, headers=token, base_url="https://api.hubapi.com") as client:
        client.delete("/crm/v3/properties/contacts/club_plan").raise_for_status()
    outcome = program.applied(FIRST + ROLES, STEPS[0][1], LATER)
    assert outcome.result is Result.APPLIED
    (blocked,) = [change for change in outcome.plan.inventory if change.action.value == "blocked"]
    assert blocked.address == "field.club_plan"
    assert "keeps the key" in blocked.reason
    assert not pipeline.plan(program.request()).pending
