"""Two-way against one-way: the same people, contacts and file, eight fields pulled or not, after an apply of everybody.

`python -m bench.two_way [FOLDER]` measures a folder of `bench.generate` (default: a million people) and prints what
two ways cost beside one: CPU of a first plan (no caches) and of a later one, and bytes remembered of a person. Since
that apply 10,000 values of the eight fields moved in the CRM: two ways pull exactly those, one way sets them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bench.columns import quoted
from bench.generate import agreed, config
from bench.measure import Used, stage
from bench.plan import KEY, NOW, PAGE, inventory
from reconciler.adapters.local.door import capabilities
from reconciler.adapters.registry import CRM, SOURCE, find, options_models
from reconciler.cli.timings import Timings
from reconciler.config import load
from reconciler.model.desired import Desired
from reconciler.model.inventory import Account
from reconciler.model.plan import Plan, Remembers, Verdict
from reconciler.planning.observed import Observed, Options, Remembered
from reconciler.planning.plan import diff
from reconciler.report.document import plan_document, to_json
from reconciler.report.text import plan_text
from reconciler.runtime.caches import CacheFolder, Seen
from reconciler.runtime.state import State

FOLDER = Path(".bench/1000000-same")
PULLED = ("first_name", "last_name", "company", "city", "notes", "birthday", "newsletter", "locale")
MOVED = {"birthday": "DATE '1939-01-01'::VARCHAR", "newsletter": "CASE {} WHEN 'true' THEN 'false' ELSE 'true' END"}
"""What a value becomes in the CRM, where it is not a text with a word behind it."""
VALUES = 10_000
BYTES_PER_PERSON, BYTES_PER_VALUE = 40, 16


def prepare(folder: Path) -> None:
    """`agreed.parquet`: contacts as an apply leaves them; `moved.parquet`: so many values moved since; `moved.json`:
    how many of each field, and the sum of the contacts' numbers."""
    people = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["people"]
    agreed(folder, people)
    filled = " ".join(f"WHEN i % 8 = {n} THEN {key} IS NOT NULL" for n, key in enumerate(PULLED))
    cells = ", ".join(
        f"CASE WHEN moved = {n} THEN {MOVED.get(key, '{} || chr(32) || chr(50)').format(key)} ELSE {key} END AS {key}"
        for n, key in enumerate(PULLED)
    )
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(folder / "spill")}) as db:
        db.execute(f"""CREATE TABLE chosen AS SELECT "$id", i % 8 AS moved FROM (SELECT *, ("$id"::BIGINT // 3) AS i
            FROM {quoted(str(folder / "agreed.parquet"))}) WHERE CASE {filled} END ORDER BY hash(i) LIMIT {VALUES}""")
        db.execute(f"""COPY (SELECT * EXCLUDE moved REPLACE ({cells}) FROM {quoted(str(folder / "agreed.parquet"))}
            LEFT JOIN chosen USING ("$id")) TO {quoted(str(folder / "moved.parquet"))}
            (FORMAT parquet, ROW_GROUP_SIZE 50000)""")
        counts = dict(db.execute("SELECT moved, count(*) FROM chosen GROUP BY moved").fetchall())
        (total,) = db.execute('SELECT sum("$id"::BIGINT) FROM chosen').fetchall()[0]
    truth = {"fields": {key: counts.get(n, 0) for n, key in enumerate(PULLED)}, "contacts": int(total)}
    (folder / "moved.json").write_text(json.dumps(truth), encoding="utf-8")


def desired(folder: Path, two_way: bool) -> Desired:
    """The generated file; with `two_way` eight of its fields are pulled, too."""
    lines = config().splitlines()
    for n, line in enumerate(lines):
        key, _, entry = line.strip().partition(": ")
        if two_way and key in PULLED and line.startswith("  "):
            entry = entry[:-1] if entry.startswith("{") else f"{{from: {entry}"
            lines[n] = f"  {key}: {entry}, pull: true}}"
    text = "\n".join(lines).replace("path: people.csv", "path: people.csv, write: true")
    file = folder / f"{_name(two_way)}.yaml"
    file.write_text(f"{text}\n", encoding="utf-8")
    return load(file, {}, options_models(CRM), options_models(SOURCE))


def _name(two_way: bool) -> str:
    return "two-way" if two_way else "one-way"


def plan(folder: Path, workdir: Path, two_way: bool, way: str) -> Plan:
    """`agree`: the plan of the apply that remembers everybody; `first` and `later`: plans since, without caches and
    with those that the first one left."""
    wanted = desired(folder, two_way)
    caches = CacheFolder(folder / f"caches-{_name(two_way)}", KEY, lambda: os.urandom(4).hex())
    kept = caches.load() if way == "later" else None
    if way == "later" and (kept is None or kept.snapshot is None):
        sys.exit("bench: the first plan left nothing")
    source = find(SOURCE, "csv").open(wanted.source.options, folder)
    observed = Observed(
        account=Account("bench"),
        capabilities=capabilities(50.0),
        inventory=inventory(wanted),
        people=source.read,
        contacts=_contacts(folder / ("agreed.parquet" if way == "agree" else "moved.parquet")),
        remembered=Remembered(key=KEY) if way == "agree" else _remembered(folder, two_way),
        reads=dict,
        source_label="people.csv",
        columns=tuple(source.columns()),
        snapshot=lambda _keys: kept.snapshot if kept else None,
        caches=kept.caches if kept else None,
    )
    timings = Timings()
    options = Options(
        now=NOW, workdir=workdir, remember=way == "agree", keep=way != "agree", salt=os.urandom, progress=timings
    )
    made = diff(wanted, observed, options)
    if made.caches is not None:
        caches.save(made.caches, Seen(NOW, NOW, {f.key: f.native for f in observed.inventory.fields}))
    print(timings.text(), file=sys.stderr)
    if not (plan_text(made) and to_json(plan_document(made))):
        sys.exit("bench: a plan that says nothing")
    return made


def _contacts(file: Path) -> Callable[[Sequence[str]], Iterator[pa.RecordBatch]]:
    pages = pq.ParquetFile(file, pre_buffer=False)  # or it would hold all of the file
    return lambda keys: pages.iter_batches(PAGE, columns=["$id", "$tags", *keys], use_threads=False)


def _remembered(folder: Path, two_way: bool) -> Remembered:
    """What the state says after that apply."""
    with closing(State(folder / f"state-{_name(two_way)}", KEY)) as state:
        return replace(state.remembered(""), moves=lambda: iter(()))  # there are none, and the state is closed by then


def agree(folder: Path, two_way: bool) -> dict[str, Any]:
    """An apply that finds everything as the file says, and remembers everybody: bytes of what is remembered."""
    path = folder / f"state-{_name(two_way)}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    with tempfile.TemporaryDirectory(dir=folder) as spill:
        made = plan(folder, Path(spill), two_way, "agree")
        if made.pending or not isinstance(made.remembers, Remembers):
            sys.exit("bench: there was something to do")
        with closing(State(path, KEY)) as state:
            state.begin(made.config, made.remembers, (), known=True, at=NOW.isoformat())
            state.settle(desired(folder, two_way).entry_digests, {}, whole=True, clean=True)
            state.agree()
    held = sum(file.stat().st_size for file in path.iterdir() if file.suffix in (".parquet", ".db"))
    return {"bytes": held / made.contacts.people}


def said(made: Plan, folder: Path, two_way: bool) -> dict[str, Any]:
    """What a plan is not that it should be: the moved values, pulled or set, and nothing else."""
    truth = json.loads((folder / "moved.json").read_text(encoding="utf-8"))
    verdict = Verdict.PULL if two_way else Verdict.SET
    found: dict[str, int] = {}
    contacts = 0
    for batch in made.people.batches():
        for row in batch.select(["contact", "values", "tags"]).to_pylist():
            contacts += int(row["contact"] or 0)
            for change in row["values"]:
                right = change["verdict"] == verdict and not row["tags"]
                key = made.people.keys[change["field"]] if right else "something else"
                found[key] = found.get(key, 0) + 1
    wrong = (
        [] if found == truth["fields"] and contacts == truth["contacts"] else [f"{found} was planned, {truth} moved"]
    )
    return {"wrong": wrong}


def measure(folder: Path) -> list[str]:
    """What is to be printed. Ends the benchmark where a plan is not the truth."""
    if not (folder / "moved.json").exists():
        stage("two_way", str(folder), "prepare")
    held = {name: stage("two_way", str(folder), name, "agree").said["bytes"] for name in ("one-way", "two-way")}
    best: dict[tuple[str, str], Used] = {}
    wrong: list[str] = []
    for _ in range(3):  # in turn: both see one machine
        for way in ("first", "later"):
            for name in ("one-way", "two-way"):
                used = stage("two_way", str(folder), name, way)
                wrong += [f"{name}, {way}: {sentence}" for sentence in used.said["wrong"]]
                if (name, way) not in best or used.cpu < best[name, way].cpu:
                    best[name, way] = used
    if wrong:
        sys.exit("\n".join(wrong))
    lines = []
    for way in ("first", "later"):
        one, two = best["one-way", way], best["two-way", way]
        lines.append(
            f"{way} plan, 8 two-way fields, against one-way: {two.cpu / one.cpu:.2f}x (<= 1.3x), {two.cpu:.1f} and"
            f" {one.cpu:.1f} CPU s, {two.mebibytes:,.0f} and {one.mebibytes:,.0f} MiB"
        )
    most = BYTES_PER_PERSON + BYTES_PER_VALUE * len(PULLED)
    lines.append(f"remembered of a person: {held['two-way']:.0f} bytes (<= {most}), one-way {held['one-way']:.0f}")
    lines.append(f"of {VALUES:,} values moved in the CRM exactly those were pulled")
    return lines


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments else FOLDER
    match arguments[1:]:
        case []:
            print("\n".join(measure(folder)))
        case ["prepare"]:
            prepare(folder)
        case [name, "agree"]:
            print(json.dumps(agree(folder, name == "two-way")))
        case [name, way]:
            with tempfile.TemporaryDirectory(dir=folder) as spill:
                two_way = name == "two-way"
                print(json.dumps(said(plan(folder, Path(spill), two_way, way), folder, two_way)))


if __name__ == "__main__":
    main(sys.argv[1:])
