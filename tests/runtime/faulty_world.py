"""A world in which one apply changes everything that can be changed, and ways to spoil single calls of it.

The CRM has contacts of its own and those of an earlier apply; then file and people change: fields, options and tags are
created, changed, renamed and removed, people are created, updated, cleared, tagged and untagged, in several batches.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.runtime import pipeline
from reconciler.runtime.pipeline import Request

from .memory_crm import KEY, NOW

HEAD = """\
version: 1
crm: {type: local, path: crm.db, quirks: QUIRKS}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
contacts: {create: true}
limits: {create: 999, update_percent: 100, untag_percent: 100, tag_people: 999, clear: 999, delete: 999}
"""
BEFORE = """\
fields:
  email: mail
  first_name: first
  level: level
  plan: {from: plan, type: select, label: Plan, options: {free: Free, pro: Pro, old: Old}}
  note: {from: note, empty: clear}
  legacy: {type: text}
tags:
  Customer: {when: 'orders > 0'}
  Lead: {}
  Old promo: {}
dynamic_tags:
  - {from: role, prefix: 'Role: '}
"""
AFTER = """\
fields:
  email: mail
  first_name: first
  tier: {from: level, renamed_from: level}
  plan: {from: plan, type: select, label: A plan, options: {free: Gratis, pro: Pro, gold: Gold, old: {absent: true}}}
  note: {from: note, empty: clear}
  legacy: {absent: true}
  city: {from: city, label: Home town}
  joined: {from: joined, type: date}
  source: {value: '"import"', type: text, push: on_create}
tags:
  Customer: {when: 'orders > 0'}
  VIP: {when: 'orders >= 3', keep: true}
  Welcome: {when: 'true', push: on_create}
  Prospect: {renamed_from: Lead}
  Old promo: {absent: true}
dynamic_tags:
  - {from: role, prefix: 'Role: '}
"""
KNOWN, NEW = 140, 110
HEADER = "id,mail,first,level,plan,note,city,joined,orders,role\n"


def before(folder: Path) -> None:
    """The world as an earlier apply left it."""
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW), token=lambda: "acct")) as crm:
        crm.seed(
            [CrmField("legacy", "Legacy", "text"), CrmField("plan", "Plan", "select", _options("free", "pro", "old"))],
            ["Lead", "Old promo"],
            [
                {
                    "email": f"own{n}@example.org",
                    "first_name": f"Own {n}",
                    "legacy": "x",
                    "$tags": ["Lead", "Old promo"],
                }
                for n in range(20)
            ],
        )
    rows = [
        f"{n},p{n}@example.org,First {n},l{n % 3},{('free', 'pro', 'old')[n % 3]},note {n},,,{n % 2},{'ab'[n % 2]}\n"
        for n in range(KNOWN)
    ]
    (folder / "people.csv").write_text(HEADER + "".join(rows))
    write_file(folder, BEFORE)
    made = apply(folder, allow={"create": 999})
    assert made.result.value == "applied", made.problems


def changed(folder: Path) -> None:
    """What the disturbed apply has to carry out: a new file, and new people."""
    rows = []
    for n in range(KNOWN + NEW):
        mail = f"moved{n}@example.org" if n % 40 == 7 and n < KNOWN else f"p{n}@example.org"
        first = f"First {n}" if n % 4 == 0 else f"Other {n}"
        note = "" if n % 10 == 3 else f"note {n}"
        plan = ("free", "pro", "gold")[n % 3]
        rows.append(
            f"{n},{mail},{first},l{n % 4},{plan},{note},City {n % 7},2026-01-0{n % 9 + 1},{n % 5},{'bca'[n % 3]}\n"
        )
    (folder / "people.csv").write_text(HEADER + "".join(rows))
    write_file(folder, AFTER)


def write_file(folder: Path, body: str, **quirks: Any) -> None:
    (folder / "reconciler.yaml").write_text(HEAD.replace("QUIRKS", json.dumps(quirks)) + body)


def copied(template: Path, folder: Path, **quirks: Any) -> Path:
    """A world of its own, ready for the apply that is to be disturbed."""
    shutil.copytree(template, folder)
    write_file(folder, AFTER, **quirks)
    return folder


def request(folder: Path, **more: Any) -> Request:
    return Request(folder / "reconciler.yaml", {}, Clock.fixed(NOW), lambda count: KEY[:count], **more)


def apply(folder: Path, stop: Callable[[], bool] = lambda: False, **more: Any) -> Outcome:
    return pipeline.apply(request(folder, **more), lambda _: True, stop)


def plan(folder: Path) -> Plan:
    return pipeline.plan(request(folder))


@dataclass(frozen=True)
class Seen:
    """Everything that a CRM holds; contacts by id."""

    fields: tuple[CrmField, ...]
    tags: frozenset[str]
    contacts: Mapping[str, Mapping[str, object]]

    def by_email(self) -> dict[object, Mapping[str, object]]:
        found = {contact["email"]: contact for contact in self.contacts.values()}
        assert len(found) == len(self.contacts)
        return found


def seen(folder: Path) -> Seen:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        names = {tag.key: tag.name for tag in crm.tags()}
        fields = crm.fields()
        rows = pa.Table.from_batches(crm.pages([f.key for f in fields])).to_pylist()
    contacts = {row.pop("$id"): {**row, "$tags": sorted(names[key] for key in row["$tags"])} for row in rows}
    return Seen(tuple(sorted(fields, key=lambda f: f.key)), frozenset(names.values()), contacts)


def _options(*values: str) -> tuple[CrmOption, ...]:
    return tuple(CrmOption(value, value.title()) for value in values)


def opened(folder: Path) -> LocalCrm:
    """The folder's CRM as somebody else opens it."""
    return LocalCrm(folder / "crm.db", Clock.fixed(NOW))
