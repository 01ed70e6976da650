"""A small world with a snapshot, a memo and settled pairs, and what a plan says, to compare plans of it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from processes import contents

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.plan import Plan
from reconciler.report.document import plan_document
from reconciler.runtime import pipeline

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields: {email: email, first_name: {from: name, push: if_empty}, city: city}
tags: {Customer: {when: 'orders > 0'}}
contacts: {create: 'orders > 1', when: 'orders < 9'}
limits: {update_percent: 100}
"""


def said(made: Plan) -> dict[str, Any]:
    """Everything that a plan says but how contacts were read, and its changes of people."""
    document = plan_document(made).model_dump(mode="json")
    for part in ("cost", "scope", "id", "problems"):
        document.pop(part)
    rows = [row for batch in made.people.batches() for row in batch.to_pylist()]
    return {**document, "rows": sorted(rows, key=lambda row: row["row"])}


class World:
    """Twelve people and eight contacts in one folder; the clock moves an hour with every look at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        (folder / "reconciler.yaml").write_text(FILE)
        self.write_people()
        there = [{"email": f"p{n}@example.org", "first_name": f"Theirs {n}", "city": "Brno"} for n in range(8)]
        with closing(self.crm()) as crm:
            crm.seed([CrmField("city", "City", "text")], ["Customer"], there)

    @property
    def caches(self) -> Path:
        """Where they lie, once there was a plan."""
        (state,) = (self.folder / ".reconciler" / "reconciler" / "accounts").iterdir()
        return state / "caches"

    def crm(self) -> LocalCrm:
        return LocalCrm(self.folder / "crm.db", Clock.fixed(self.now))

    def write_people(self, town: str = "Oulu") -> None:
        rows = [f"{n},p{n}@example.org,Ada{n},{town if n % 2 else 'Brno'},{n}\n" for n in range(12)]
        (self.folder / "people.csv").write_text("id,email,name,city,orders\n" + "".join(rows))

    def edit_contact(self, number: int, town: str) -> None:
        with closing(self.crm()) as crm:
            crm.update([(str(number), {"city": town})])

    def request(self, **more: Any) -> pipeline.Request:
        ticks = iter(range(1, 10_000))
        tokens = lambda count: next(ticks).to_bytes(4, "little").rjust(count, b"\x05")  # noqa: E731
        return pipeline.Request(
            self.folder / "reconciler.yaml", {}, Clock.fixed(self.now), tokens, **{"now": START, **more}
        )

    def plan(self, **more: Any) -> Plan:
        """A plan, an hour after the one before. It writes nothing to the CRM."""
        self.now += timedelta(hours=1)
        before = contents(self.folder, "crm.db")
        made = pipeline.plan(self.request(**more))
        assert contents(self.folder, "crm.db") == before
        return made

    def full(self) -> dict[str, Any]:
        """What a plan of everybody says, with state of its own: nothing is remembered in this world."""
        return said(self.plan(state_dir=self.folder / "fresh", refresh="full"))
