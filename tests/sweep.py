"""A story told to one CRM over HTTP again and again, with something going wrong at one request each time."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from reconciler.cli import exits
from reconciler.localcrm import LocalCrm
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure, Problem
from reconciler.runtime import pipeline
from reconciler.testing.faults import Faulty, When
from reconciler.testing.ticking import Ticking


@dataclass(frozen=True)
class Told:
    """What a file says of the fields and tags that a story is about: by key and by name, as YAML."""

    fields: Mapping[str, str]
    tags: Mapping[str, str]


PLAN = "{from: plan, type: select, options: {free: Free, pro: Pro}, label: Plan}"
NOTE = "{from: note, type: text, label: Note}"
CUSTOMER, BUYER = "{when: 'orders > 0'}", "{when: 'orders > 2'}"
IN_GROUP = PLAN.replace("label: Plan", "label: Plan, group: Sweep")
PLAIN = Told({"sweep_plan": PLAN, "sweep_note": NOTE}, {"Customer": CUSTOMER, "Buyer": BUYER})
GROUPED = Told({"sweep_plan": IN_GROUP, "sweep_note": NOTE}, PLAIN.tags)


@dataclass
class World:
    """One account. `crm`: what lies behind the API, where somebody else may act. `section`: the `crm` of the file.
    `names`: the CRM's keys of the fields that the story fills. `state()`: fields, tags and contacts, without ids.
    `spare`: part of an endpoint without whose answer a run goes on, since it only says more."""

    folder: Path
    ticking: Ticking
    behind: httpx.BaseTransport
    crm: LocalCrm
    section: str
    env: Mapping[str, str]
    state: Callable[[], Any]
    names: Mapping[str, str]
    spare: str = ""
    emulator: Any = None
    limits: str = "{create: 999, update_percent: 100, untag_percent: 100, tag_people: 999, delete: 9}"

    def write(self, told: Told = PLAIN, people: int = 6, bought: int = 0) -> None:
        """The file and its people: the first half of them is in the CRM already (`fill`). Each has as many orders as
        his number, and `bought`."""
        names = self.names
        (self.folder / "reconciler.yaml").write_text(
            f"""version: 1
crm: {self.section}
source: {{type: csv, path: people.csv, types: {{orders: integer}}}}
identity: {{person: id, match: email}}
contacts: {{create: true}}
limits: {self.limits}
fields:
  email: mail
  {names["first"]}: first
{_lines(told.fields)}
tags:
{_lines(told.tags)}
""",
            encoding="utf-8",
        )
        with open(self.folder / "people.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["id", "mail", "first", "plan", "note", "orders"])
            for n in range(people):
                writer.writerow(
                    [f"p{n}", f"person.{n}@example.org", f"Name {n}", "pro" if n % 2 else "free", "x", n + bought]
                )

    def fill(self, people: int = 3) -> None:
        """Contacts that are there before: everyone named differently, all of them customers."""
        first = self.names["first"]
        rows = [{"email": f"person.{n}@example.org", first: f"Old {n}"} for n in range(people)]
        for at in range(0, len(rows), 100):
            ids = [result.id for result in self.crm.add(rows[at : at + 100])]
            tag = next((t.key for t in self.crm.tags() if t.name == "Customer"), None)
            if tag is not None:
                self.crm.tag([tag], [id for id in ids if id], on=True)

    def fill_more(self, count: int) -> None:
        """Contacts that are nobody's."""
        for at in range(0, count, 100):
            self.crm.add([{"email": f"nobody.{n}@example.net"} for n in range(at, min(at + 100, count))])

    def request(self, when: When | None = None, **more: Any) -> pipeline.Request:
        self.faulty = Faulty(self.behind, when) if when else Faulty(self.behind)
        count = itertools.count()

        def token_bytes(size: int) -> bytes:
            return next(count).to_bytes(8, "big").rjust(size, b"k")[-size:]

        return pipeline.Request(
            self.folder / "reconciler.yaml",
            self.env,
            self.ticking.clock,
            token_bytes,
            now=self.ticking.clock.now(),
            transport=self.faulty,
            workers=1,
            **{"allow": {"create": 999, "untag": 999, "delete": 9}, **more},
        )

    def apply(self, when: When | None = None, **more: Any) -> Ended:
        """An apply as the command makes it, with its exit code."""
        try:
            outcome = pipeline.apply(self.request(when, **more), lambda _plan: True, lambda: False)
        except Failure as failure:
            return _ended(exits.OF_FAILURE[failure.exit], None, failure.problems)
        return _ended(exits.OF_RESULT[outcome.result.value], outcome, outcome.problems)

    def plan(self) -> Plan:
        return pipeline.plan(self.request())


def _lines(entries: Mapping[str, str]) -> str:
    return "\n".join(f"  {name}: {entry}" for name, entry in entries.items())


@dataclass(frozen=True)
class Ended:
    code: int
    outcome: Outcome | None
    problems: tuple[str, ...]
    said: str


def _ended(code: int, outcome: Outcome | None, problems: Sequence[Problem]) -> Ended:
    said = "\n".join(f"{p.summary} {p.detail} {p.fix}" for p in problems)
    return Ended(code, outcome, tuple(p.code for p in problems), said)
