"""One plan: people from the CSV through the program's own source, contacts from Parquet pages, through `diff`.

`python -m bench.plan FOLDER first` plans without anything from before and keeps what a plan keeps; `later` plans again
with that (the memo, the snapshot with its keys, settled pairs); `bare` keeps nothing (`snapshot: false`).
Fetching is not counted, so contacts do not come from a CRM; everything else is what `reconciler plan` does, its page
and its JSON document included.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.columns import TAGS
from reconciler.adapters.local.door import capabilities
from reconciler.adapters.registry import CRM, SOURCE, find, options_models
from reconciler.cli.timings import Timings
from reconciler.config import load
from reconciler.model.desired import Desired
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag, Inventory
from reconciler.model.plan import Plan
from reconciler.planning.observed import Observed, Options, Remembered
from reconciler.planning.plan import diff
from reconciler.report.document import plan_document, to_json
from reconciler.report.text import plan_text
from reconciler.runtime.caches import CacheFolder, Seen

PAGE = 10_000
KEY = b"k" * 32
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def inventory(desired: Desired) -> Inventory:
    """Every field of the file as the CRM would have made it, and all tags."""
    wires = capabilities(50.0).wires
    fields = [
        CrmField(
            key,
            key,
            wires["email" if key == "email" else entry.type or "text"].native,
            tuple(CrmOption(option.value, option.label or "") for option in entry.options or ()),
            standard=key in ("email", "first_name", "last_name", "phone"),
        )
        for key, entry in desired.fields.items()
    ]
    return Inventory(tuple(fields), tuple(CrmTag(str(n), name) for n, name in enumerate(TAGS)))


def plan(folder: Path, workdir: Path, way: str = "bare") -> Plan:
    """The plan for one generated folder."""
    caches = CacheFolder(folder / "caches", KEY, lambda: os.urandom(4).hex())
    kept = caches.load() if way == "later" else None
    if way == "later" and (kept is None or kept.snapshot is None):
        sys.exit("bench: the first plan left nothing")
    desired = load(folder / "reconciler.yaml", {}, options_models(CRM), options_models(SOURCE))
    source = find(SOURCE, "csv").open(desired.source.options, folder)
    pages = pq.ParquetFile(folder / "contacts.parquet", pre_buffer=False)  # or it would hold all of the file

    def contacts(keys: Sequence[str]) -> Iterator[pa.RecordBatch]:
        return pages.iter_batches(PAGE, columns=["$id", "$tags", *keys], use_threads=False)

    observed = Observed(
        account=Account("bench"),
        capabilities=capabilities(50.0),
        inventory=inventory(desired),
        people=source.read,
        contacts=contacts,
        remembered=Remembered(key=KEY),
        reads=dict,
        source_label="people.csv",
        columns=tuple(source.columns()),
        snapshot=lambda _keys: kept.snapshot if kept else None,
        caches=kept.caches if kept else None,
    )
    keep = way != "bare"
    timings = Timings()
    options = Options(now=NOW, workdir=workdir, keep=keep, salt=os.urandom, progress=timings)
    made = diff(desired, observed, options)
    if made.caches is not None:
        caches.save(made.caches, Seen(NOW, NOW, {f.key: f.native for f in observed.inventory.fields}))
    shown = (plan_text(made), to_json(plan_document(made)))
    print(timings.text(), file=sys.stderr)
    if not all(shown):
        sys.exit("bench: a plan that says nothing")
    return made


def said(made: Plan) -> dict[str, Any]:
    """The plan in the words of `truth.json`."""
    sets: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for count in made.fields:
        sets[count.key] += count.set
        held[count.key] += count.held
    counts = made.contacts
    return {
        "people": counts.people,
        "contacts": counts.contacts,
        "create": counts.create,
        "update": counts.update,
        "in_sync": counts.in_sync,
        "held": counts.held,
        "set": dict(sets),
        "values_held": dict(held),
        "apply": {t.name: t.apply for t in made.tags if t.apply},
        "remove": {t.name: t.remove for t in made.tags if t.remove},
        "findings": sum(f.count for f in made.findings),
    }


def differences(truth: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Every number that is not the truth's; a count that a plan leaves out is 0."""
    wrong = []
    for part, want in {**truth, "findings": 0}.items():
        have = found[part]
        if isinstance(want, dict):
            want, have = ({k: v for k, v in side.items() if v} for side in (want, have))
        if want != have:
            wrong.append(f"{part}: {want} is true, {have} was planned")
    return wrong


if __name__ == "__main__":
    data = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(dir=data) as spill:
        found = said(plan(data, Path(spill), sys.argv[2]))
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    print(json.dumps({"wrong": differences(truth, found)}))
