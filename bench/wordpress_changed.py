"""One meta value of one user among a million changes: how many a later plan says it is, and what the plan takes.

`python -m bench.wordpress_changed [USERS]`: on a MariaDB of its own, with contacts that are equal to the users before.
"""

from __future__ import annotations

import itertools
import json
import resource
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bench.wordpress import KEYS, connected, fill, site
from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.runtime import pipeline

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MAPPED = KEYS[:8]


def main() -> int:
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with site() as (url, place, _), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(url, users, place)
        lines = "".join(f"  {key}: {{from: {key}, type: text}}\n" for key in MAPPED)
        (folder / "reconciler.yaml").write_text(
            f"version: 1\ncrm: {{type: local, path: crm.db}}\nsource: {{type: wordpress, url: '${{env:SITE}}'}}\n"
            f"identity: {{person: user_id, match: email}}\nfields:\n  email: user_email\n{lines}",
            encoding="utf-8",
        )
        _contacts(folder / "crm.db", users)
        found = [_planned(folder, url)]
        with closing(connected(url)) as connection, closing(connection.cursor()) as cursor:
            statement = "UPDATE wp_usermeta SET meta_value = 'another' WHERE user_id = %s AND meta_key = %s"
            cursor.execute(statement, (users // 3, MAPPED[3]))
            connection.commit()
        found.append(_planned(folder, url))
    for what, (people, cpu, wall) in zip(("first plan", "later plan"), found, strict=True):
        print(f"{what}: {people} changed, {cpu:.1f} CPU s, {wall:.1f} s", file=sys.stderr)
    print(
        json.dumps({"users": users, "cpu": [cpu for _, cpu, _ in found], "changed": [len(some) for some, *_ in found]})
    )
    return 0 if [people for people, *_ in found] == [[], [str(users // 3)]] else 1


def _contacts(path: Path, users: int) -> None:
    crm = LocalCrm(path, Clock.fixed(NOW))
    for key in MAPPED:
        crm.add_field(CrmField(key, key, "text"))
    for start in range(1, users + 1, 100):
        numbers = range(start, min(start + 100, users + 1))
        crm.add(
            [
                {
                    "email": f"user{n}@example.org",
                    **{k: f"value {(n * 7919 + at) % 9973} of {at}" for at, k in enumerate(MAPPED)},
                }
                for n in numbers
            ]
        )
    crm.close()


def _planned(folder: Path, url: str) -> tuple[list[str | None], float, float]:
    count = itertools.count()

    def token_bytes(size: int) -> bytes:
        return next(count).to_bytes(8, "big").rjust(size, b"k")[-size:]

    before, began = _cpu(), time.perf_counter()
    plan = pipeline.plan(pipeline.Request(folder / "reconciler.yaml", {"SITE": url}, Clock.fixed(NOW), token_bytes))
    people = [row["person"] for batch in plan.people.batches() for row in batch.select(["person"]).to_pylist()]
    return people[:10], _cpu() - before, time.perf_counter() - began


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
