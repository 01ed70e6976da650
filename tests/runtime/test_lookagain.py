"""An apply that knows contacts from a snapshot looks again before it changes them."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Plan
from reconciler.runtime import pipeline

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, city: city, street: street}
tags: {Customer: {when: 'city != ""'}}
"""


def request(folder: Path) -> pipeline.Request:
    file = folder / "reconciler.yaml"
    return pipeline.Request(file, {}, Clock.fixed(NOW), lambda n: b"\x07" * n, allow={"update_percent": 100})


@pytest.fixture
def crm(tmp_path: Path) -> Callable[[], LocalCrm]:
    """Three people whose city and street differ, known to the CRM; one plan was made of them."""

    def opened() -> LocalCrm:
        return LocalCrm(tmp_path / "crm.db", Clock.fixed(NOW))

    (tmp_path / "reconciler.yaml").write_text(FILE)
    rows = [f"{n},p{n}@example.org,New,Lane\n" for n in range(3)]
    (tmp_path / "people.csv").write_text("id,email,city,street\n" + "".join(rows))
    contacts = [{"email": f"p{n}@example.org", "city": "Old", "street": "Road"} for n in range(3)]
    with closing(opened()) as made:
        made.seed([CrmField("city", "City", "text"), CrmField("street", "Street", "text")], ["Customer"], contacts)
    pipeline.plan(request(tmp_path))
    return opened


def apply_after(folder: Path, meanwhile: Callable[[], None]) -> Outcome:
    """Apply, with something that happens between its plan and its first write."""

    def confirm(plan: Plan) -> bool:
        assert plan.scope == "incremental"
        meanwhile()
        return True

    return pipeline.apply(request(folder), confirm, lambda: False)


def held(crm: Callable[[], LocalCrm]) -> dict[str, tuple[str | None, ...]]:
    with closing(crm()) as opened:
        loaded = opened.load([str(n) for n in range(1, 4)], ["city", "street"])
    return {contact: tuple(texts) for contact, texts in loaded.items()}


def test_a_value_that_moved_is_left_and_everything_else_is_written(crm: Callable[[], LocalCrm], tmp_path: Path) -> None:
    def meanwhile() -> None:
        with closing(crm()) as opened:
            opened.update([("2", {"city": "Elsewhere"})])

    outcome = apply_after(tmp_path, meanwhile)
    assert (outcome.result, outcome.written.moved, outcome.written.values) == (Result.APPLIED, 1, 5)
    assert held(crm) == {"1": ("New", "Lane"), "2": ("Elsewhere", "Lane"), "3": ("New", "Lane")}
    again = pipeline.plan(request(tmp_path))
    assert (again.contacts.update, sum(f.set for f in again.fields)) == (1, 1)


def test_what_is_so_already_is_neither_written_nor_counted_as_moved(
    crm: Callable[[], LocalCrm], tmp_path: Path
) -> None:
    def meanwhile() -> None:
        with closing(crm()) as opened:
            opened.update([("1", {"city": "New", "street": "Lane"})])

    outcome = apply_after(tmp_path, meanwhile)
    assert (outcome.result, outcome.written.moved, outcome.written.values) == (Result.APPLIED, 0, 4)
    assert outcome.written.tags_applied == 3
    assert not pipeline.plan(request(tmp_path)).pending


def test_with_everybody_as_planned_everything_is_written(crm: Callable[[], LocalCrm], tmp_path: Path) -> None:
    outcome = apply_after(tmp_path, lambda: None)
    assert (outcome.result, outcome.written.moved, outcome.written.values) == (Result.APPLIED, 0, 6)
    assert not pipeline.plan(request(tmp_path)).pending
