"""kill -9 amid applies that pull and push, each followed by another one: both sides end as if nothing had happened."""

from __future__ import annotations

import csv
import random
import shutil
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from processes import NOW, reconciler, start

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.testing.scenarios import contacts

PEOPLE = 1_200
KILLS, AMID = 5, 2
"""Killed applies at least, and such that had written something but not all."""
APPLY = ("apply", "--auto-approve", "--now", NOW)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, write: true}
identity: {person: id, match: email}
defaults: {pull: true}
fields: {email: email, city: city, plan: plan, note: note}
tags: {Oulu: {when: 'city == "Oulu"'}}
contacts: {create: true}
limits: {create: 9999, tag_people: 9999, update_percent: 100, untag_percent: 100, write_percent: 100}
"""


def crm(folder: Path) -> LocalCrm:
    return LocalCrm(folder / "crm.db", Clock.fixed(datetime(2026, 1, 1, tzinfo=UTC)))


def people(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "people.csv").open(newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All is agreed on; then half of the notes move here, half of the cities there, and some of the plans on both."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "reconciler.yaml").write_text(FILE)
    write(folder, "old")
    with closing(crm(folder)) as there:
        there.seed([CrmField(key, key.title(), "text") for key in ("city", "plan", "note")])
    ended = reconciler(folder, *APPLY, "--allow", f"create={PEOPLE}")
    assert ended.code == 0, ended.err
    write(folder, "new")
    with closing(crm(folder)) as there:
        ids = {str(contact["email"]): id for id, contact in by_id(there).items()}
        moved = [(ids[address(n)], {"city": "Oulu" if n % 3 else f"Town {n}"}) for n in range(0, PEOPLE, 2)]
        moved += [(ids[address(n)], {"plan": "theirs"}) for n in range(0, PEOPLE, 10)]
        for at in range(0, len(moved), 100):
            there.update(moved[at : at + 100])
    return folder


def write(folder: Path, note: str) -> None:
    rows = [
        f"{n},{address(n)},Brno,{'ours' if note == 'new' and not n % 10 else 'p'},{note if n % 4 > 1 else 'old'} {n}\n"
        for n in range(PEOPLE)
    ]
    (folder / "people.csv").write_text("id,email,city,plan,note\n" + "".join(rows))


def address(number: int) -> str:
    return f"person.{number}@example.org"


def by_id(there: LocalCrm) -> dict[str, dict[str, object]]:
    pages = (batch.to_pylist() for batch in there.pages(["email"]))
    return {str(row["$id"]): row for page in pages for row in page}


def sides(folder: Path) -> tuple[object, object]:
    return people(folder), contacts(folder)


@pytest.fixture(scope="module")
def calm(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[float, Path]:
    """How long an apply takes that is let alone, and what it leaves."""
    folder = tmp_path_factory.mktemp("calm") / "copy"
    shutil.copytree(world, folder)
    begun = time.monotonic()
    assert reconciler(folder, *APPLY).code == 0
    return time.monotonic() - begun, folder


def killed(folder: Path, seconds: float) -> bool:
    """One apply, killed after so long; False if it had ended by then."""
    process = start(folder, *APPLY)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), err.decode()
    return process.returncode != 0


def test_both_sides_of_a_killed_apply_end_as_those_of_one_that_was_let_alone(
    world: Path, calm: tuple[float, Path], tmp_path: Path
) -> None:
    (duration, undisturbed), moments = calm, random.Random(1)
    kills = amid = 0
    for attempt in range(40):
        folder = tmp_path / f"world-{attempt}"
        shutil.copytree(world, folder)
        while killed(folder, moments.uniform(0.4, 1.0) * duration):
            kills += 1
            amid += sides(folder) not in (sides(world), sides(undisturbed))
            if moments.random() < 0.5:
                break
        ended = reconciler(folder, *APPLY)
        assert ended.code == 0, ended.err
        assert sides(folder) == sides(undisturbed)
        assert "Nothing to do" in reconciler(folder, "plan", "--now", NOW).out
        if kills >= KILLS and amid >= AMID:
            return
    raise AssertionError("no moment was in the middle of the writing")


def test_what_moved_after_a_kill_is_not_taken_back(world: Path, calm: tuple[float, Path], tmp_path: Path) -> None:
    """Wherever the apply was killed: what somebody writes then stays on its side."""
    (duration, _), moments = calm, random.Random(7)
    for attempt in range(4):
        folder = tmp_path / f"world-{attempt}"
        shutil.copytree(world, folder)
        killed(folder, moments.uniform(0.5, 1.0) * duration)
        with closing(crm(folder)) as there:
            ids = {str(contact["email"]): id for id, contact in by_id(there).items()}
            there.update([(ids[address(n)], {"note": f"later {n}"}) for n in range(50)])
        rows = {id: {**row, "city": f"Later {id}"} if int(id) < 50 else row for id, row in people(folder).items()}
        lines = [",".join(row.values()) for row in rows.values()]
        (folder / "people.csv").write_text("\n".join(["id,email,city,plan,note", *lines, ""]))
        ended = reconciler(folder, *APPLY)
        assert ended.code == 0, ended.err
        notes = {str(contact["email"]): contact["note"] for contact in contacts(folder)}
        assert all(notes[address(n)] == f"later {n}" for n in range(50))
        assert all(row["city"] == f"Later {id}" for id, row in people(folder).items() if int(id) < 50)
