"""A plan of many changes saved, shown and approved: bytes against JSON Lines, peak memory of each step.

`python -m bench.saved_plan [CHANGES]`: half of the people have one value that differs, the others two; an apply looks
at all of it and stops after its first calls.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField

RECONCILER = (sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())")
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, city: {from: city, type: text}, membership_level: {from: level, type: text}}
limits: {update_percent: 100}
"""
PARTIAL = 6


def main() -> int:
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _fill(folder, changes * 2 // 3)
        steps = {
            "saved": _step(folder, 0, "plan", "--out", "reviewed.plan"),
            "shown": _step(folder, 0, "show", "reviewed.plan"),
            "as JSON Lines": _step(folder, 0, "show", "reviewed.plan", "--format", "jsonl", to="reviewed.jsonl"),
            "approved": _step(folder, PARTIAL, "apply", "reviewed.plan", "--max-calls", "9", "--format", "json"),
        }
        ratio = os.path.getsize(folder / "reviewed.plan") / os.path.getsize(folder / "reviewed.jsonl")
        approved = json.loads((folder / "out").read_text())["approved"]
    for what, (cpu, wall, mebibytes) in steps.items():
        print(f"{changes:,} changes {what}: {cpu:.1f} CPU s, {wall:.1f} s, {mebibytes:.0f} MiB", file=sys.stderr)
    peak = max(mebibytes for *_, mebibytes in steps.values())
    print(json.dumps({"ratio": ratio, "mebibytes": peak, "approved": approved}))
    return 0 if approved["pending"] == approved["approved"] else 1


def _fill(folder: Path, people: int) -> None:
    (folder / "reconciler.yaml").write_text(FILE, encoding="utf-8")
    with (folder / "people.csv").open("w", encoding="utf-8") as file:
        file.write("id,email,city,level\n")
        file.writelines(f"{n},p{n}@example.org,City {n % 977},{'pro' if n % 2 else 'free'}\n" for n in range(people))
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(datetime(2026, 11, 22, tzinfo=UTC)))) as crm:
        for key in ("city", "membership_level"):
            crm.add_field(CrmField(key, key, "text"))
        for start in range(0, people, 100):
            some = range(start, min(start + 100, people))
            crm.add([{"email": f"p{n}@example.org", "city": "Old", "membership_level": "free"} for n in some])


def _step(folder: Path, ends: int, *arguments: str, to: str = "out") -> tuple[float, float, float]:
    """CPU seconds, wall seconds, peak MiB of one command."""
    begun = time.perf_counter()
    with (folder / to).open("wb") as out:
        process = subprocess.Popen([*RECONCILER, "-q", "-C", str(folder), *arguments], stdout=out)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != ends:
        sys.exit(f"bench: `reconciler {' '.join(arguments)}` ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, time.perf_counter() - begun, used.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
