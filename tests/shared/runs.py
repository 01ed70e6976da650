"""Runs of the program with a shared state, each on a machine of its own that knows nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.runtime import pipeline
from reconciler.runtime.pipeline import Request

from .places import KEY, NAME, World, chance

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)
CANARY = "qzxkanari"
FILE = """\
version: 1
crm: {{type: local, path: crm.db}}
source: {{type: csv, path: people.csv, types: {{orders: integer}}, write: true}}
identity: {{person: id, match: email}}
fields:
  email: email
  city: {{from: city, pull: true}}
  nick: nick
tags:
  Customer: {{when: 'orders > 0'}}
  Welcome: {{when: 'true', push: on_create}}
contacts: {{create: true}}
limits: {{update_percent: 100, write_percent: 100, untag_percent: 100, clear: 99}}
{state}
"""
_RUNNERS = count(1)


@dataclass
class Team:
    """A file, its people and a CRM, which all runners share; and a place for what is remembered."""

    folder: Path
    world: World
    key: bytes | None = KEY
    lease: int = 60
    clock: list[datetime] = field(default_factory=lambda: [NOW])

    def __post_init__(self) -> None:
        self.chance = chance(7)
        key = ", key: '${env:STATE_KEY}'" if self.key else ""
        self.write(f"state: {{{self.world.yaml}, name: {NAME}, lease: {self.lease}s{key}}}")
        self.people(*(person(number) for number in range(5)))

    def write(self, state: str) -> None:
        (self.folder / "reconciler.yaml").write_text(FILE.format(state=state), encoding="utf-8")

    def people(self, *rows: str) -> None:
        (self.folder / "people.csv").write_text("id,email,city,nick,orders\n" + "".join(rows), encoding="utf-8")

    @property
    def env(self) -> Mapping[str, str]:
        return {**self.world.env, **({"STATE_KEY": self.key.hex()} if self.key else {})}

    def fresh(self) -> Path:
        """The state folder of a machine that has never been here."""
        return self.folder / f"runner-{next(_RUNNERS)}"

    def request(self, runner: Path | None = None, **more: Any) -> Request:
        self.clock[0] += timedelta(seconds=1)
        clock = Clock(lambda: self.clock[0], lambda _: None, lambda: 0.0)
        asked = {"env": self.env, "now": NOW, "allow": {"create": 99}, **more}
        file = self.folder / "reconciler.yaml"
        return Request(file, clock=clock, token_bytes=self.chance, state_dir=runner or self.fresh(), **asked)

    def plan(self, runner: Path | None = None, **more: Any) -> Plan:
        return pipeline.plan(self.request(runner, **more))

    def apply(self, runner: Path | None = None, stop: Callable[[], bool] = lambda: False, **more: Any) -> Outcome:
        return pipeline.apply(self.request(runner, **more), lambda _: True, stop)

    def crm(self, **more: Any) -> LocalCrm:
        return LocalCrm(self.folder / "crm.db", Clock.fixed(NOW), **more)

    def contacts(self) -> list[dict[str, object]]:
        """Everything that the CRM holds of people, by address."""
        with closing(self.crm()) as crm:
            names = {tag.key: tag.name for tag in crm.tags()}
            rows = [row for page in crm.pages([f.key for f in crm.fields()]) for row in page.to_pylist()]
        shown = [{**row, "$tags": sorted(names[tag] for tag in row["$tags"])} for row in rows]
        return sorted(shown, key=lambda row: str(row["email"]))

    def edit(self, **values: str) -> None:
        """Somebody changes the first contact in the CRM."""
        with closing(self.crm()) as crm:
            page = next(iter(crm.pages(["email"]))).to_pylist()
            crm.update([(min(page, key=lambda row: row["email"])["$id"], values)])


def person(number: int, city: str = "Oulu", nick: str = "Al") -> str:
    return f"{number},{CANARY}{number}@example.org,{CANARY} {city},{CANARY} {nick},{number % 2}\n"
