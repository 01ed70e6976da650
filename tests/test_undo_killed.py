"""An apply that dies at any instant is undone as far as it came; an undo that does goes on when it is run again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from dying import Death, Died, DyingCrm, apply_and_die

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.outcome import Result
from reconciler.runtime import pipeline
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.refusals import refusals
from reconciler.runtime.session import applying_alone, open_session
from reconciler.runtime.undoing import undo_work

BEGAN = datetime(2026, 11, 22, 10, tzinfo=UTC)
PEOPLE = 5
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, write: true, types: {orders: integer}}
identity: {person: id, match: email}
fields: {email: email, city: city, note: {from: note, empty: clear}}
tags: {Customer: {when: 'orders > 0'}}
history: {undo: true}
limits: {clear: 99}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(FILE)
    contacts = [{"email": f"p{n}@example.org", "city": f"City {n}", "note": "old"} for n in range(PEOPLE)]
    with closing(LocalCrm(tmp_path / "crm.db", Clock.fixed(BEGAN))) as crm:
        crm.seed([CrmField("city", "City", "text"), CrmField("note", "Note", "text")], ["Customer"], contacts)
    people(tmp_path, "", 0)
    assert pipeline.apply(request(tmp_path, 0), lambda _: True, lambda: False).result is not Result.PARTIAL
    people(tmp_path, " new", 1)
    return tmp_path


def people(folder: Path, suffix: str, orders: int) -> None:
    rows = [f"{n},p{n}@example.org,City {n}{suffix},{'' if suffix else 'old'},{orders}\n" for n in range(PEOPLE)]
    (folder / "people.csv").write_text("id,email,city,note,orders\n" + "".join(rows))


def request(folder: Path, minutes: int) -> pipeline.Request:
    allow = {"untag_percent": 100, "clear": 99}
    clock = Clock.fixed(BEGAN + timedelta(minutes=minutes))
    return pipeline.Request(folder / "reconciler.yaml", {}, clock, lambda count: b"k" * count, allow=allow)


def contents(folder: Path) -> list[dict[str, object]]:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(BEGAN))) as crm:
        return pa.Table.from_batches(crm.pages(["email", "city", "note"])).to_pylist()  # type: ignore[no-any-return]  # rows


def opened(folder: Path, act: Callable[[LocalCrm], bool]) -> bool:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(BEGAN + timedelta(minutes=9)))) as crm:
        return act(crm)


def undone(folder: Path, minutes: int, run: str = "last") -> Result:
    return pipeline.undo(request(folder, minutes), run, False, lambda _: True, lambda: False).result


def undo_and_die(folder: Path, crm: LocalCrm, run: str, minutes: int, instant: int) -> bool:
    """One undo as `undoing.undo` does it, over that CRM. Whether it came to its end before it could die."""
    asked = request(folder, minutes)
    try:
        with applying_alone(asked), open_session(asked) as session:
            session.gateway = Gateway(DyingCrm(crm, Death(instant)), asked.clock)
            work = undo_work(asked, session, run, False)
            assert not refusals(work.plan)
            session.carry_out(asked, work, lambda: False)
    except Died:
        return False
    return True


def test_an_apply_that_dies_at_any_instant_is_undone_as_far_as_it_came(folder: Path) -> None:
    before, instant, ended, wrote = contents(folder), 0, False, 0
    while not ended:
        asked, at = request(folder, 10 + instant), instant
        ended = opened(folder, lambda crm: apply_and_die(asked, crm, at))  # noqa: B023, it is called at once
        wrote += contents(folder) != before
        if len(pipeline.kept_runs(asked)) > 1:
            assert undone(folder, 11 + instant) in (Result.APPLIED, Result.NONE)
        assert contents(folder) == before, f"it died at instant {instant}"
        instant += 1
    assert instant > 20
    assert wrote > 10


def test_an_undo_that_dies_at_any_instant_goes_on_when_it_is_run_again(folder: Path) -> None:
    before, instant, ended = contents(folder), 0, False
    while not ended:
        begun, at = 10 + 3 * instant, instant
        run = pipeline.apply(request(folder, begun), lambda _: True, lambda: False).run
        ended = opened(
            folder,
            lambda crm: undo_and_die(folder, crm, run, begun + 1, at),  # noqa: B023, it is called at once
        )
        assert undone(folder, begun + 2, run) in (Result.APPLIED, Result.NONE)
        assert contents(folder) == before, f"it died at instant {instant}"
        instant += 1
    assert instant > 10
