"""Ctrl-C at any moment of a plan or an apply: the next plan is that of a full read, and nothing is left lying about."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from processes import NOW, contents, reconciler, start

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.runtime.caches import CacheFolder

PEOPLE = 3_000
MOMENTS = 4
FILE = """\
version: 1
crm: {type: local, path: crm.db, calls_per_second: 40}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, city: city, first_name: {from: name, push: if_empty}}
tags: {Customer: {when: 'city == "Oulu"'}}
limits: {update_percent: 100, tag_people: 9999}
"""
APPLY = ("apply", "--auto-approve", "--now", NOW)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A folder with caches of an earlier plan, and how many seconds that took; since then half of the people and a
    contact have changed."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "reconciler.yaml").write_text(FILE)
    write(folder, "Brno")
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(datetime(2026, 1, 1, tzinfo=UTC)))) as crm:
        there = [{"email": f"p{n}@example.org", "city": "Brno", "first_name": "Theirs"} for n in range(PEOPLE)]
        crm.seed([CrmField("city", "City", "text")], ["Customer"], there)
    begun = time.monotonic()
    assert reconciler(folder, "plan", "--now", NOW).code == 0
    duration = time.monotonic() - begun
    write(folder, "Oulu")
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(datetime.now(UTC)))) as crm:
        crm.update([("3", {"city": "Pori"})])
    return folder, duration


def write(folder: Path, town: str) -> None:
    rows = [f"{n},p{n}@example.org,Ada{n},{town if n % 2 else 'Brno'}\n" for n in range(PEOPLE)]
    (folder / "people.csv").write_text("id,email,name,city\n" + "".join(rows))


def interrupted(folder: Path, moment: float, *arguments: str) -> int:
    """The exit code of a command that is told to stop after so many seconds."""
    process = start(folder, *arguments)
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert b"E999" not in out + err
    if process.returncode >= 0:  # before the program itself runs, the interpreter says what it always says
        assert b"Traceback" not in err or b"reconciler/runtime" not in err, err.decode()
    return process.returncode


def planned(folder: Path, *arguments: str) -> dict[str, Any]:
    """What a plan says of fields, tags and people."""
    ended = reconciler(folder, "plan", "--now", NOW, "--format", "json", *arguments)
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    return {part: said[part] for part in ("summary", "fields", "tags", "changes", "findings", "guards")}


def whole(folder: Path) -> bool:
    """The caches are those of one plan, all of them."""
    state = folder / ".reconciler" / "reconciler"
    (place,) = (state / "accounts").glob("*/caches")
    kept = CacheFolder(place, (state / "key").read_bytes(), str).load()
    return kept is not None and None not in (kept.snapshot, kept.caches.memo, kept.caches.settled)


def left_over(folder: Path) -> list[str]:
    return [path.name for path in (folder / ".reconciler" / "reconciler" / "tmp").iterdir() if path.is_dir()]


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_after_an_interrupt_the_next_plan_is_that_of_a_full_read(
    world: tuple[Path, float], tmp_path: Path, command: str
) -> None:
    folder, (planned_once, duration) = tmp_path / "copy", world
    shutil.copytree(planned_once, folder)
    arguments = APPLY if command == "apply" else ("plan", "--now", NOW)
    before = contents(folder, "crm.db")
    moments = random.Random(command)
    codes = []
    for turn in range(MOMENTS):
        moment = duration * (0.3 + 0.7 * (turn + moments.random()) / MOMENTS)
        codes.append(interrupted(folder, moment, *arguments))
        assert whole(folder)
        if command == "plan":
            assert contents(folder, "crm.db") == before
    assert set(codes) <= {0, 130, -signal.SIGINT}
    assert 130 in codes
    assert planned(folder) == planned(folder, "--refresh", "full")
    assert left_over(folder) == []
    assert whole(folder)
    if command == "apply":
        assert reconciler(folder, *APPLY).code == 0
        assert "Nothing to do" in reconciler(folder, "plan", "--now", NOW).out
