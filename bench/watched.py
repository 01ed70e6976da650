"""Applies on an embedded CRM that counts, by triggers of its own, what really reaches its tables.

`python -m bench.watched FOLDER writes` applies once and compares calls and writes with the plan;
`python -m bench.watched FOLDER kills` kills applies and looks for what was lost or doubled.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan, TagAction
from reconciler.runtime import pipeline

PEOPLE, THERE, KILLS = 5_000, 2_000, 8
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields: {email: email, first_name: name, city: city}
tags: {Customer: {when: 'orders > 0'}, VIP: {when: 'orders > 5', keep: true}}
contacts: {create: true}
limits: {create: 9999, tag_people: 9999, update_percent: 100}
"""
TRIGGERS = """
CREATE TABLE seen (what TEXT NOT NULL, contact INTEGER NOT NULL);
CREATE TRIGGER seen_create AFTER INSERT ON contacts BEGIN INSERT INTO seen VALUES ('create', NEW.id); END;
CREATE TRIGGER seen_tag AFTER INSERT ON contact_tags
    BEGIN INSERT INTO seen VALUES ('tag ' || NEW.tag, NEW.contact); END;
CREATE TRIGGER seen_untag AFTER DELETE ON contact_tags
    BEGIN INSERT INTO seen VALUES ('untag ' || OLD.tag, OLD.contact); END;
"""
ON_UPDATE = (
    "CREATE TRIGGER seen_{0} AFTER UPDATE OF {0} ON contacts BEGIN INSERT INTO seen VALUES ('{0}', NEW.id); END;"
)


def prepare(folder: Path) -> None:
    """5,000 people, of whom the CRM knows 2,000 with an older city; one in ten has no city here."""
    folder.mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(FILE, encoding="utf-8")
    rows = [f"{n},person.{n}@example.org,Ada{n},{f'City{n % 90}' if n % 10 else ''},{n % 9}\n" for n in range(PEOPLE)]
    (folder / "people.csv").write_text("id,email,name,city,orders\n" + "".join(rows), encoding="utf-8")
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        old = [{"email": f"person.{n}@example.org", "city": "Elsewhere", "first_name": f"Ada{n}"} for n in range(THERE)]
        crm.seed([CrmField("city", "City", "text")], ["Customer", "VIP"], old)
        columns = [f"f{number}" for number in range(1, len(crm.fields()) + 1)]
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        db.executescript(TRIGGERS + "".join(ON_UPDATE.format(column) for column in columns))


def request(folder: Path) -> pipeline.Request:
    return pipeline.Request(
        file=folder / "reconciler.yaml",
        env={},
        clock=Clock.fixed(NOW),
        now=NOW,
        token_bytes=lambda count: b"\x07" * count,
        allow={"create": PEOPLE},
    )


def seen(folder: Path) -> Counter[tuple[str, int]]:
    """How often each value, tagging and creation reached the tables."""
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        return Counter(db.execute("SELECT what, contact FROM seen").fetchall())


def planned(plan: Plan) -> Counter[str]:
    """How many of each kind the plan has; values of new contacts are one creation each."""
    counts: Counter[str] = Counter()
    for row in (row for batch in plan.people.batches() for row in batch.to_pylist()):
        if row["contact"] is None:
            counts["create"] += 1
        else:
            counts["value"] += len(row["values"])
        for change in row["tags"]:
            counts["tag" if change["action"] == TagAction.APPLY else "untag"] += 1
    return counts


def writes(folder: Path) -> dict[str, Any]:
    """One apply: the calls as planned, as few as the batches allow, and every planned value once."""
    shutil.rmtree(folder, ignore_errors=True)
    prepare(folder)
    asked, expected = request(folder), Counter[str]()

    def agree(plan: Plan) -> bool:
        expected.update(planned(plan))
        return True

    outcome = pipeline.apply(asked, agree, lambda: False)
    reached = seen(folder)
    kinds = Counter(dict.fromkeys(expected, 0))
    for (what, _), times in reached.items():
        kinds[_kind(what)] += times
    return {
        "planned": dict(expected),
        "reached": dict(kinds),
        "twice": sum(times > 1 for times in reached.values()),
        "calls": _calls(outcome),
        "predicted": {e.name: e.calls for e in outcome.plan.cost.endpoints},
        "fewest": _fewest(outcome.plan),
    }


def _kind(what: str) -> str:
    return what.split()[0] if what.startswith(("tag ", "untag ")) or what == "create" else "value"


def _calls(outcome: Outcome) -> dict[str, int]:
    return {e.name: e.calls for e in outcome.calls}


def _fewest(plan: Plan) -> dict[str, int]:
    """Full batches of a hundred: ceil(changes / batch) per endpoint, one per tag."""
    creates, updates = plan.contacts.create, 0
    for row in (row for batch in plan.people.batches() for row in batch.to_pylist()):
        updates += row["contact"] is not None and bool(row["values"])
    return {
        "contacts/batch/create": -(-creates // 100),
        "contacts/batch/update": -(-updates // 100),
        "contacts/batch/tag": sum(-(-tag.apply // 100) for tag in plan.tags),
    }


def kills(folder: Path) -> dict[str, Any]:
    """Applies killed at random moments, each followed at once by the next: what the CRM lacks or got twice."""
    shutil.rmtree(folder, ignore_errors=True)
    draw, killed, lost, doubled = random.Random(9), 0, 0, 0
    whole = folder / "whole"
    prepare(whole)
    begun = time.monotonic()
    subprocess.run(_apply(whole), check=True)
    duration = time.monotonic() - begun
    expected = _contents(whole)
    while killed < KILLS:
        world = folder / f"world-{killed}"
        shutil.rmtree(world, ignore_errors=True)
        prepare(world)
        process = subprocess.Popen(_apply(world))
        time.sleep(draw.uniform(0.2, 1.0) * duration)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        subprocess.run(_apply(world), check=True)
        found = _contents(world)
        lost += sum((expected - found).values())
        doubled += sum((found - expected).values()) + sum(
            times > 1 for (what, _), times in seen(world).items() if what == "create"
        )
        shutil.rmtree(world)
    return {"kills": killed, "lost": lost, "doubled": doubled}


def _apply(folder: Path) -> list[str]:
    return [sys.executable, "-m", "bench.watched", str(folder), "apply"]


def _contents(folder: Path) -> Counter[tuple[Any, ...]]:
    """Every contact with its values and names of tags, without ids and times."""
    with closing(sqlite3.connect(folder / "crm.db")) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(contacts)") if row[1].startswith("f")]
        tags = "(SELECT group_concat(tag) FROM (SELECT tag FROM contact_tags WHERE contact = c.id ORDER BY tag))"
        return Counter(db.execute(f"SELECT {', '.join(columns)}, {tags} FROM contacts c").fetchall())


if __name__ == "__main__":
    place, task = Path(sys.argv[1]), sys.argv[2]
    if task == "apply":
        pipeline.apply(request(place), lambda _plan: True, lambda: False)
    else:
        print(json.dumps({"writes": writes, "kills": kills}[task](place)))
