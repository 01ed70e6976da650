"""The law: plan, apply, plan is empty. Carried out by the program itself, on a file and people made for this CRM."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import SkipTest

from reconciler.adapters.crm import ReadsAll
from reconciler.model.capabilities import Ability, Capabilities
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Plan
from reconciler.runtime import pipeline
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.samples import CANARY, CHOICES, SAMPLES
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)

_NOW = datetime(2026, 11, 22, tzinfo=UTC)
_PEOPLE = 9
_COMPUTED = frozenset({"score"})  # a score has no column
_LIMITS = "{create: 999, clear: 999, update_percent: 100, untag_percent: 100, tag_people: 999, new_fields: 99}"
Rows = Sequence[Mapping[str, str]]


@promise("plan then apply then plan is empty", ReadsAll)
def _(stage: Stage) -> None:
    play = _Play.on(stage)
    first = play.applied(play.people(range(_PEOPLE)))
    assert first.plan.contacts.create == _PEOPLE, "everybody is created"
    assert None not in [stage.crm.get_contact_id(stage.address(number)) for number in range(_PEOPLE)]
    turned = play.people(range(_PEOPLE + 3), turn=1)
    second = play.applied(turned)
    assert second.plan.contacts.create == 3, "only who is new is created"
    assert second.written.updated or not play.kinds, "changed values are written"
    if Ability.CLEAR_VALUE in stage.crm.capabilities.can and play.kinds:
        third = play.applied([{**row, **dict.fromkeys(play.kinds, "")} for row in turned])
        assert sum(count.clear for count in third.plan.fields), "values are cleared"


@dataclass(frozen=True, slots=True)
class _Play:
    """A file with a field of every type that the CRM can be given, a rule tag, and people with every sample."""

    folder: Path
    section: str
    stage: Stage
    kinds: tuple[str, ...]

    @classmethod
    def on(cls, stage: Stage) -> _Play:
        subject = stage.subject
        if not subject.section or subject.folder is None:
            raise SkipTest("the subject names no section of a file, so the program cannot reach it")
        has = stage.crm.capabilities
        kinds = tuple(k for k in has.wires if k not in _COMPUTED) if Ability.ADD_FIELD in has.can else ()
        play = cls(subject.folder, subject.section, stage, kinds)
        (play.folder / "law.yaml").write_text("\n".join(play._file(has)), encoding="utf-8")
        return play

    def people(self, numbers: range, turn: int = 0) -> Rows:
        """A row per person; with another `turn` everybody has other values, and every second one another tag."""
        return [
            {
                "id": str(number),
                "mail": self.stage.address(number),
                "tagged": str((number + turn) % 2),
                **{kind: SAMPLES[kind][(number + turn) % len(SAMPLES[kind])] for kind in self.kinds},
            }
            for number in numbers
        ]

    def applied(self, rows: Rows) -> Outcome:
        """Plan, apply, and see that nothing is left to do."""
        with open(self.folder / "people.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        assert self._plan().pending, "there is something to do"
        outcome = pipeline.apply(self._request(), lambda _plan: True, lambda: False)
        assert outcome.result is Result.APPLIED, f"{outcome.result}: {', '.join(p.code for p in outcome.problems)}"
        assert outcome.calls == outcome.plan.cost.endpoints, "the calls are those that the plan announced"
        left = self._plan()
        assert not left.pending, f"something is left to do: {_pending(left)}"
        return outcome

    def _plan(self) -> Plan:
        return pipeline.plan(self._request())

    def _request(self) -> pipeline.Request:
        subject = self.stage.subject
        return pipeline.Request(
            self.folder / "law.yaml",
            subject.env,
            Clock.fixed(_NOW),
            secrets.token_bytes,
            now=_NOW,
            allow={"create": 999},
            transport=subject.transport,
            workers=1,
        )

    def _file(self, has: Capabilities) -> Iterator[str]:
        clears = "clear" if Ability.CLEAR_VALUE in has.can else "skip"
        yield "version: 1"
        yield f"crm: {self.section}"
        yield "source: {type: csv, path: people.csv}"
        yield f"identity: {{person: id, match: {has.match}}}"
        yield f"defaults: {{empty: {clears}}}"
        yield "contacts: {create: true}"
        yield f"limits: {_LIMITS}"
        yield "fields:"
        yield f"  {has.match}: mail"
        yield from (f"  {key}: {{value: '\"{CANARY}\"'}}" for key in self.stage.required)
        for kind in self.kinds:
            choices = json.dumps({c: c for c in CHOICES}, ensure_ascii=False)
            options = f", options: {choices}" if kind in ("select", "multiselect") else ""
            yield f"  law_{kind}: {{from: {kind}, type: {kind}, label: Law {kind}{options}}}"
        if Ability.ADD_TAG in has.can:
            yield "tags: {Law: {when: 'tagged == \"1\"'}}"


def _pending(plan: Plan) -> str:
    """What a plan would do, in names and counts."""
    inventory = [change.address for change in plan.inventory]
    fields = [f"{count.key} {count.set + count.clear}" for count in plan.fields]
    tags = [f"{count.name} {count.apply + count.remove}" for count in plan.tags]
    return ", ".join([f"{plan.people.contacts} contacts", *inventory, *fields, *tags])
