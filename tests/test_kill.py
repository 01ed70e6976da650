"""kill -9 in the middle of an apply of 5,000 contacts, again and again, each followed at once by the next apply."""

from __future__ import annotations

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

PEOPLE = 5_000
THERE = 2_000
KILLS = 5
"""In each of five worlds: 25 in all."""
APPLY = ("apply", "--auto-approve", "--now", NOW, "--allow", f"create={PEOPLE}")
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields: {email: email, first_name: name, city: city, plan: {from: plan, type: select, options: {a: A, b: B}}, n: note}
tags: {Customer: {when: 'orders > 0'}, VIP: {when: 'orders > 5', keep: true}, Welcome: {when: 'true', push: on_create}}
dynamic_tags: [{from: plan, prefix: "Plan: "}]
contacts: {create: true}
limits: {create: 9999, tag_people: 9999, update_percent: 100, untag_percent: 100}
"""


def address(number: int) -> str:
    return f"person.{number}@example.org"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file, 5,000 people, and a CRM that knows 2,000 of them with old values."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "reconciler.yaml").write_text(FILE)
    rows = [f"{n},{address(n)},Ada{n},City{n % 90},{'ab'[n % 2]},{n % 9},Nr. {n}\n" for n in range(PEOPLE)]
    (folder / "people.csv").write_text("id,email,name,city,plan,orders,note\n" + "".join(rows))
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(datetime(2026, 1, 1, tzinfo=UTC)))) as crm:
        old = [{"email": address(n), "city": "Elsewhere", "$tags": ["Plan: c"]} for n in range(THERE)]
        crm.seed([CrmField("city", "City", "text")], ["Plan: c"], old)
    return folder


@pytest.fixture(scope="module")
def undisturbed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[float, list[dict[str, object]]]:
    """How long one apply takes from start to end, and what the CRM holds after it."""
    folder = copied(world, tmp_path_factory.mktemp("undisturbed") / "copy")
    begun = time.monotonic()
    ended = reconciler(folder, *APPLY)
    assert ended.code == 0, ended.err
    return time.monotonic() - begun, contents_of(folder)


def copied(world: Path, folder: Path) -> Path:
    shutil.copytree(world, folder)
    return folder


def contents_of(folder: Path) -> list[dict[str, object]]:
    """All contacts: fields, tags and status."""
    return contacts(folder)


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_apply_is_taken_up_by_the_next_one(
    world: Path, undisturbed: tuple[float, list[dict[str, object]]], tmp_path: Path, seed: int
) -> None:
    duration, expected = undisturbed
    moments = random.Random(seed)
    kills = attempts = 0
    while kills < KILLS:
        attempts += 1
        folder = copied(world, tmp_path / f"world-{attempts}")
        killed = kill_until_it_ends(folder, moments, duration, KILLS - kills)
        kills += killed
        final = contents_of(folder)
        addresses = [contact["email"] for contact in final]
        assert len(addresses) == len(set(addresses)) == PEOPLE
        assert final == expected
        assert "Nothing to do" in reconciler(folder, "plan", "--now", NOW).out
    assert kills == KILLS


def kill_until_it_ends(folder: Path, moments: random.Random, duration: float, most: int) -> int:
    """Apply after apply in one world, each killed at a random moment, until one ends or enough were killed and the last
    is let alone; how many were killed. The first moment is anywhere in an apply's duration; later ones are earlier,
    because less and less is left to do."""
    killed = 0
    while killed < most:
        process = start(folder, *APPLY)
        time.sleep(moments.uniform(0.05, 0.6 if killed else 1.0) * duration)
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        if process.returncode == 0:
            return killed
        assert process.returncode == -signal.SIGKILL, err.decode()
        killed += 1
    ended = reconciler(folder, *APPLY)
    assert ended.code == 0, ended.err
    return killed
