"""Addresses that move from one contact to another: whatever goes wrong on the way, no two contacts are made of one
person, nobody gets an address that is not free, and the next apply ends what this one began."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Plan
from reconciler.runtime import pipeline
from reconciler.testing.scenarios import contacts

from .memory_crm import KEY, NOW

FILE = """\
version: 1
crm: {type: local, path: crm.db, quirks: QUIRKS}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, city: city, old_email: {value: previous_email}}
tags: {Oulu: {when: 'city == "Oulu"'}}
contacts: {create: true}
limits: {create: 999, update_percent: 100}
"""
LINE = {"1": "b", "2": "c", "3": "d", "new": "a", "other": "z"}
"""Person -> where their address moves; they had a, b and c."""
AFTER = [
    {"email": "a@x.org", "city": "Oulu", "tags": ["Oulu"]},
    {"email": "b@x.org", "city": "Oulu", "tags": ["Oulu"], "old_email": "a@x.org"},
    {"email": "c@x.org", "city": "Oulu", "tags": ["Oulu"], "old_email": "b@x.org"},
    {"email": "d@x.org", "city": "Oulu", "tags": ["Oulu"], "old_email": "c@x.org"},
    {"email": "z@x.org", "city": "Oulu", "tags": ["Oulu"]},
]


def people(folder: Path, addresses: dict[str, str], city: str) -> None:
    rows = [f"{person},{address}@x.org,{city}\n" for person, address in addresses.items()]
    (folder / "people.csv").write_text("id,email,city\n" + "".join(rows))


def spoil(folder: Path, **quirks: Any) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("QUIRKS", json.dumps(quirks)))


def request(folder: Path, **more: Any) -> pipeline.Request:
    return pipeline.Request(folder / "reconciler.yaml", {}, Clock.fixed(NOW), lambda count: KEY[:count], **more)


def apply(
    folder: Path, stop: Callable[[], bool] = lambda: False, meanwhile: Callable[[], None] | None = None, **more: Any
) -> Outcome:
    def confirm(_plan: Plan) -> bool:
        if meanwhile is not None:
            meanwhile()
        return True

    return pipeline.apply(request(folder, **more), confirm, stop)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three contacts, whose addresses move on by one, and two people who are new."""
    spoil(tmp_path)
    people(tmp_path, {"1": "a", "2": "b", "3": "c"}, "Brno")
    assert apply(tmp_path).result is Result.APPLIED
    people(tmp_path, LINE, "Oulu")
    return tmp_path


def finished(folder: Path) -> None:
    """The next apply ends it, and after that nothing is left to do."""
    spoil(folder)
    assert apply(folder).result in (Result.APPLIED, Result.NONE)
    assert contacts(folder) == AFTER
    assert not pipeline.plan(request(folder)).pending


def test_a_line_is_written_from_its_free_end_and_costs_what_the_plan_says(folder: Path) -> None:
    outcome = apply(folder)
    assert (outcome.result, contacts(folder)) == (Result.APPLIED, AFTER)
    assert outcome.calls == outcome.plan.cost.endpoints
    rows = [row for batch in outcome.plan.people.batches() for row in batch.to_pylist()]
    assert [(row["person"], row["rank"]) for row in rows] == [("other", 0), ("3", 1), ("2", 2), ("1", 3), ("new", 4)]
    finished(folder)


@pytest.mark.parametrize("write", range(1, 9))
def test_stopped_before_any_write_the_next_apply_goes_on(folder: Path, write: int) -> None:
    asked = iter(range(1, 100))
    apply(folder, stop=lambda: next(asked) >= write)
    assert len({contact["email"] for contact in contacts(folder)}) == len(contacts(folder))
    finished(folder)


@pytest.mark.parametrize("quirk", ["refused_items", "lost_answers", "vanishing"])
@pytest.mark.parametrize("number", range(1, 6))
def test_whatever_becomes_of_one_write_nobody_gets_an_address_twice(folder: Path, quirk: str, number: int) -> None:
    spoil(folder, **{quirk: [number]})
    outcome = apply(folder)
    addresses = [contact["email"] for contact in contacts(folder)]
    assert len(set(addresses)) == len(addresses)
    assert outcome.result in (Result.APPLIED, Result.PARTIAL)
    if quirk != "vanishing":  # somebody else deleted a contact: that is a finding of the next plan
        finished(folder)


@pytest.mark.parametrize(("refused", "left"), [(2, 3), (3, 2), (4, 1)])
def test_behind_a_write_that_failed_nobody_moves_and_what_is_left_is_counted(
    folder: Path, refused: int, left: int
) -> None:
    spoil(folder, refused_items=[refused])  # the first is somebody new who waits for nobody
    outcome = apply(folder)
    assert (outcome.result, outcome.written.failed, outcome.written.left) == (Result.PARTIAL, 1, left)
    found = {str(contact["email"])[0]: contact for contact in contacts(folder)}
    moved = refused - 2
    assert sorted(found) == sorted("abcz" if not moved else "abdz" if moved == 1 else "acdz")
    assert sum("old_email" in contact for contact in found.values()) == moved
    assert sum(contact["city"] == "Oulu" for contact in found.values()) == 3  # all but the refused one
    finished(folder)


def test_an_address_that_somebody_else_changed_meanwhile_is_left_and_nobody_takes_it(folder: Path) -> None:
    pipeline.plan(request(folder))

    def meanwhile() -> None:
        with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
            contact = crm.find("c@x.org")
            assert contact is not None
            crm.update([(contact, {"email": "hand@x.org"})])

    outcome = apply(folder, meanwhile=meanwhile)
    assert outcome.plan.scope == "incremental"
    assert (outcome.result, outcome.written.moved, outcome.written.left) == (Result.PARTIAL, 1, 3)
    assert [contact["email"] for contact in contacts(folder)] == ["a@x.org", "b@x.org", "hand@x.org", "z@x.org"]
    assert not any("old_email" in contact for contact in contacts(folder))
    spoil(folder)
    assert apply(folder).result is Result.APPLIED
    by_hand = [{**c, "old_email": "hand@x.org"} if c["email"] == "d@x.org" else c for c in AFTER]
    assert contacts(folder) == by_hand


@pytest.mark.parametrize("refresh", ["full", "incremental"])
@pytest.mark.parametrize("lines", [1, 70, 230])
def test_many_lines_share_batches_and_cost_what_the_plan_says(tmp_path: Path, refresh: str, lines: int) -> None:
    spoil(tmp_path)
    people(tmp_path, {f"{n}-{at}": f"p{n}-{at}" for n in range(lines) for at in range(2)}, "Oulu")
    assert apply(tmp_path).result is Result.APPLIED
    moved = {f"{n}-{at}": f"p{n}-{at + 1}" for n in range(lines) for at in range(-1, 2)}
    people(tmp_path, moved, "Oulu")
    outcome = apply(tmp_path, refresh=refresh)
    assert (outcome.result, outcome.plan.scope) == (Result.APPLIED, refresh)
    assert outcome.calls == outcome.plan.cost.endpoints
    assert {contact["email"] for contact in contacts(tmp_path)} == {f"{address}@x.org" for address in moved.values()}
    assert not pipeline.plan(request(tmp_path)).pending
