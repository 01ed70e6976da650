"""What a plan says that it costs is what plan and apply really call, endpoint by endpoint."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.outcome import Outcome, Result
from reconciler.runtime import pipeline
from reconciler.runtime.pipeline import Request
from reconciler.testing.ticking import Ticking

from .memory_crm import KEY, NOW

HEAD = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
contacts: {create: true}
limits: {create: 9999, update_percent: 100, untag_percent: 100, tag_people: 9999, clear: 9999, delete: 9999}
"""
PLAIN = "fields: {email: mail, first_name: first}\n"
TAGS = (
    PLAIN
    + "tags: {Customer: {when: 'orders > 0'}, Few: {when: 'orders > 90'}, Welcome: {when: 'true', push: on_create}}\n"
)
DYNAMIC = PLAIN + "dynamic_tags: [{from: first, prefix: 'Name: ', max_new: 99}]\n"
OPTIONS = """\
fields:
  email: mail
  plan: {from: plan, type: select, label: A plan, options: {free: Free of charge, gold: Gold, old: {absent: true}}}
  city: {from: first, type: text, label: Town}
  notes: {renamed_from: remarks}
  legacy: {absent: true}
tags: {Kept: {renamed_from: Former}, Gone: {absent: true}, New: {}}
"""
MATCH_ONLY = "fields: {email: mail}\n"


@dataclass(frozen=True)
class Shape:
    name: str
    body: str
    people: int
    there: int  # contacts of these people that exist already; -1: not even the CRM
    carry: bool = False  # everybody carries the tag Customer

    def __str__(self) -> str:
        return f"{self.name}-{self.people}-on-{self.there}"


SHAPES = [
    *(Shape("new", PLAIN, people, there) for people in (1, 100, 101, 250) for there in (-1, 0)),
    *(Shape("known", PLAIN, people, people) for people in (1, 100, 101, 250)),
    *(Shape("tags", TAGS, people, there) for people, there in ((1, -1), (101, 0), (250, 100), (250, 250))),
    Shape("untagged", TAGS, 250, 250, carry=True),
    Shape("dynamic", DYNAMIC, 250, 120),
    Shape("dynamic", DYNAMIC, 1, -1),
    Shape("match-only", MATCH_ONLY, 101, 1),
    Shape("options", OPTIONS, 101, 50),
]


def request(folder: Path, clock: Clock | None = None, **more: object) -> Request:
    return Request(folder / "reconciler.yaml", {}, clock or Clock.fixed(NOW), lambda count: KEY[:count], **more)  # type: ignore[arg-type]  # by name


def build(folder: Path, shape: Shape) -> None:
    rows = [f"{n},p{n}@example.org,F{n % 30},{('free', 'gold')[n % 2]},{n % 100}" for n in range(shape.people)]
    (folder / "people.csv").write_text("\n".join(["id,mail,first,plan,orders", *rows, ""]))
    (folder / "reconciler.yaml").write_text(HEAD + shape.body)
    if shape.there < 0:
        return
    plan = CrmField("plan", "Plan", "select", (CrmOption("free", "Free"), CrmOption("old", "Old")))
    others = [CrmField("remarks", "Remarks", "text"), CrmField("legacy", "Legacy", "text")]
    carried = ["Customer"] if shape.carry else []
    contacts = [{"email": f"p{n}@example.org", "$tags": carried} for n in range(shape.there)]
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        crm.seed([plan, *others], ["Customer", "Former", "Gone"], contacts)


def asked(folder: Path, refresh: str | None = None) -> Request:
    return request(folder, allow={"create": 9999, "untag": 9999}, refresh=refresh)


def applied(folder: Path, refresh: str | None = None) -> Outcome:
    return pipeline.apply(asked(folder, refresh), lambda _: True, lambda: False)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_calls_are_as_predicted_endpoint_by_endpoint(shape: Shape, tmp_path: Path) -> None:
    build(tmp_path, shape)
    said = pipeline.plan(asked(tmp_path, "full")).cost
    outcome = applied(tmp_path, "full")
    assert outcome.result is Result.APPLIED
    assert outcome.calls == outcome.plan.cost.endpoints
    assert outcome.plan.cost == said
    assert said.writes == sum(call.calls for call in outcome.calls if call.write)
    assert said.reads == sum(call.calls for call in outcome.calls if not call.write)
    again = applied(tmp_path)
    assert again.result is Result.NONE
    assert again.calls == again.plan.cost.endpoints


@pytest.mark.parametrize("shape", [s for s in SHAPES if s.there > 0], ids=str)
def test_so_are_those_of_an_apply_that_knows_contacts_from_a_snapshot_and_looks_again(
    shape: Shape, tmp_path: Path
) -> None:
    build(tmp_path, shape)
    said = pipeline.plan(asked(tmp_path)).cost
    outcome = applied(tmp_path)
    assert outcome.plan.scope == "incremental"
    assert outcome.calls == outcome.plan.cost.endpoints
    assert outcome.plan.cost.writes == said.writes


@pytest.mark.parametrize(("rate", "a_second"), [("{calls: 2, per: 1s}", 2.0), ("{calls: 30, per: 1m}", 0.5)])
def test_the_rate_of_the_file_is_the_rate_of_the_cost_and_of_the_calls(
    rate: str, a_second: float, tmp_path: Path
) -> None:
    build(tmp_path, Shape("tags", TAGS, 101, 50))
    written = (tmp_path / "reconciler.yaml").read_text().replace("path: crm.db", f"path: crm.db, rate: {rate}")
    (tmp_path / "reconciler.yaml").write_text(written)
    cost = pipeline.plan(request(tmp_path)).cost
    assert cost.rate == a_second
    assert cost.seconds == pytest.approx((cost.reads + cost.writes) / a_second)
    time = Ticking()
    starts = [0.0]
    asked = request(tmp_path, time.clock, allow={"create": 9999})
    outcome = pipeline.apply(asked, lambda _: True, lambda: bool(starts.append(time.passed)))
    assert outcome.result is Result.APPLIED
    calls = sum(call.calls for call in outcome.calls)
    assert time.passed == pytest.approx((calls - 1) / a_second)
    assert all(later >= earlier for earlier, later in pairwise(starts))


def test_without_a_rate_the_adapters_own_is_the_price(tmp_path: Path) -> None:
    build(tmp_path, Shape("new", PLAIN, 1, 0))
    assert pipeline.plan(request(tmp_path)).cost.rate == 50.0
