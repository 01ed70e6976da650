"""A folder with a file whose people are a running WordPress's, and what a plan says of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.model.clock import Clock
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure
from reconciler.runtime import pipeline

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))
FILE = """version: 1
crm: {{type: local, path: crm.db}}
source: {source}
identity: {{person: user_id, match: email}}
contacts: {{create: true}}
limits: {{create: 9999, update_percent: 100, tag_people: 9999}}
fields:
  email: user_email
  first_name: first_name
  last_name: last_name
  birthday: {{from: date_of_birth, type: date}}
  interests: {{from: interests, type: multiselect}}
  hobbies: {{from: interests, type: text}}
  joined: {{from: user_registered, type: datetime}}
  odd: {{from: odd, type: text}}
  roles: {{from: roles, type: multiselect}}
tags:
  Customer: {{when: '"customer" in roles'}}
  Pointed: {{when: 'points > 500'}}
"""
SECRETS = ("url", "password")  # come from outside


@dataclass
class World:
    """`options`: of the source, as `by_sql` and `by_rest` make them."""

    folder: Path
    options: Mapping[str, Any]
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {"type": "wordpress", "types": {"roles": "multiselect", "points": "integer"}, **self.options}
        self.env |= {name.upper(): given[name] for name in SECRETS if name in given}
        given |= {name: f"${{env:{name.upper()}}}" for name in SECRETS if name in given}
        self.folder.mkdir(exist_ok=True)
        (self.folder / "reconciler.yaml").write_text(FILE.format(source=json.dumps(given)), encoding="utf-8")

    def request(self) -> pipeline.Request:
        count = itertools.count()
        return pipeline.Request(
            self.folder / "reconciler.yaml",
            self.env,
            CLOCK,
            lambda size: next(count).to_bytes(8, "big").rjust(size, b"k")[-size:],
            allow={"create": 9999},
        )

    def plan(self) -> Plan:
        return pipeline.plan(self.request())

    def apply(self) -> None:
        outcome = pipeline.apply(self.request(), lambda _plan: True, lambda: False)
        assert not outcome.problems

    def refused(self) -> Failure:
        """Why no plan is made."""
        try:
            self.plan()
        except Failure as failure:
            return failure
        raise AssertionError("a plan was made")


def people(plan: Plan) -> dict[str, dict[str, Any]]:
    """Whom the plan changes, by their number: the fields that are set, and `+` the tags."""
    found: dict[str, dict[str, Any]] = {}
    for batch in plan.people.batches():
        for row in batch.to_pylist():
            found[row["person"]] = {plan.people.keys[value["field"]]: value["after"] for value in row["values"]}
            found[row["person"]]["+"] = sorted(tag["tag"] for tag in row["tags"])
    return found
