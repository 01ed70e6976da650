"""`python -m bench`: the table of targets, measured in one run. Exit 1 if a plan is not the truth.

python -m bench                            1,000,000 and 10,000,000 people; half an hour, 12 GB of disk
python -m bench --sizes 100000 1000000     smaller ones; a few minutes
python -m bench --keep                     leave the generated data in .bench/ for the next run
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import Used, best, run, stage, wall_ratio

WORK = Path(".bench")
RECONCILER = (sys.executable, "-c", "import sys; from reconciler.cli.main import main; sys.exit(main())")
NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `measured` "" means that the work behind it is not done yet."""

    number: int
    what: str
    target: str
    measured: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Measured:
    """What the stages found, by number of people."""

    join: dict[int, Used] = field(default_factory=dict)
    plan: dict[tuple[int, str, str], Used] = field(default_factory=dict)  # people, variant of the data, first or later
    wrong: list[str] = field(default_factory=list)

    def ratio(self, people: int, variant: str, way: str) -> float:
        return self.plan[people, variant, way].cpu / self.join[people].cpu

    def peak(self, people: int) -> float:
        return max(used.mebibytes for (size, *_), used in self.plan.items() if size == people)


def main() -> int:
    options = _options()
    measured = Measured()
    for people in options.sizes:
        _plans(measured, people, fresh=not options.keep)
    rows = _table(measured, options.sizes)
    print(_printed(rows), flush=True)
    run([sys.executable, "-m", "bench.two_way", str(_some_data(min(options.sizes)))], quiet=False)
    for sentence in measured.wrong:
        print(f"the plan is not the truth: {sentence}", file=sys.stderr)
    if not options.keep:
        shutil.rmtree(WORK, ignore_errors=True)
    return 1 if measured.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="the table of targets, measured")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000], metavar="PEOPLE")
    parser.add_argument("--keep", action="store_true", help="keep the generated data in .bench/ and use it again")
    return parser.parse_args()


def _plans(measured: Measured, people: int, fresh: bool) -> None:
    """Both variants of the data: blanks here that are blank there, and blanks here that hold something there."""
    for filled, variant in ((0, "same"), (3, "filled")):
        folder = WORK / f"{people}-{variant}"
        if fresh or not (folder / "truth.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            stage("generate", str(folder), str(people), str(filled))  # a child's peak memory begins with its parent's
        times = 2
        if people not in measured.join:
            measured.join[people] = best("join", str(folder), times=times + 1)
            _note(f"{people:,} people, raw join", measured.join[people])
        for way in ("first", "later"):
            used = best("plan", str(folder), way, times=times)
            measured.wrong += [f"{people:,} people, {variant}, {way}: {sentence}" for sentence in used.said["wrong"]]
            measured.plan[people, variant, way] = used
            _note(f"{people:,} people, {way} plan, {variant}, {measured.ratio(people, variant, way):.2f}x", used)
        if fresh:
            shutil.rmtree(folder / "caches", ignore_errors=True)
        if fresh and people > 2_000_000:
            shutil.rmtree(folder, ignore_errors=True)


def _note(what: str, used: Used) -> None:
    line = f"{what}: {used.cpu:.1f} CPU s, {used.wall:.1f} s, {used.mebibytes:,.0f} MiB"
    print(line, file=sys.stderr, flush=True)


def _table(measured: Measured, sizes: Sequence[int]) -> list[Row]:
    smallest, largest = min(sizes), max(sizes)
    at = 1_000_000 if 1_000_000 in sizes else largest
    record = best("record", str(_some_data(smallest)), times=3).said["microseconds"]
    version = wall_ratio((*_script(), "--version"), (sys.executable, "-c", "pass"))
    return [
        _plan_row(1, measured, at, "later", 2.5, "<= 2.5x, then 1.5x"),
        _plan_row(2, measured, at, "first", 4.5, "<= 4.5x, then 3.5x"),
        Row(
            3,
            f"peak memory at {largest:,}",
            "< 1 GiB",
            f"{measured.peak(largest):,.0f} MiB",
            measured.peak(largest) < 1024,
        ),
        _growth(measured, sizes),
        Row(5, "one record, 20 fields, converters only", "<= 20 µs", f"{record:.1f} µs", record <= 20),
        Row(6, "same plan on every engine", "0 rows different"),
        *_writes(),
        Row(11, "--version against bare Python, wall", "<= 1.2x", f"{version:.2f}x", version <= 1.2),
        _validate(),
        _wordpress(at),
        _saved_plan(),
    ]


def _some_data(people: int) -> Path:
    folder = WORK / f"{people}-same"
    if not (folder / "people.csv").exists():
        stage("generate", str(folder), "100000", "0")
    return folder


def _plan_row(number: int, measured: Measured, people: int, way: str, most: float, target: str) -> Row:
    ratios = [measured.ratio(people, variant, way) for variant in ("same", "filled")]
    what = f"{way} plan, {people:,} people, CPU against DuckDB's raw join, both variants"
    return Row(number, what, target, " and ".join(f"{r:.2f}x" for r in ratios), max(ratios) <= most)


def _growth(measured: Measured, sizes: Sequence[int]) -> Row:
    """How CPU grows where people are ten times as many."""
    pairs = [(n, 10 * n) for n in sizes if 10 * n in sizes]
    what, target = "growth, CPU at ten times the people", "<= 10.5x"
    if not pairs:
        return Row(4, what, target)
    small, large = pairs[-1]
    grown = {
        (variant, way): measured.plan[large, variant, way].cpu / measured.plan[small, variant, way].cpu
        for variant in ("same", "filled")
        for way in ("first", "later")
    }
    said = ", ".join(f"{way} {variant} {ratio:.1f}x" for (variant, way), ratio in grown.items())
    return Row(4, f"{what}, {small:,} to {large:,}", target, said, max(grown.values()) <= 10.5)


def _script() -> tuple[str, ...]:
    """The console script where it is installed beside this Python."""
    script = Path(sys.executable).with_name("reconciler")
    return (str(script),) if script.exists() else RECONCILER


def _writes() -> list[Row]:
    said = stage("watched", str(WORK / "writes"), "writes").said
    calls = {name: said["calls"].get(name) for name in said["fewest"]}
    as_few = calls == said["fewest"] and said["calls"] == said["predicted"]
    once = said["planned"] == said["reached"] and not said["twice"]
    killed = stage("watched", str(WORK / "kills"), "kills").said
    safe = not killed["lost"] and not killed["doubled"]
    made, fewest = sum(calls.values()), sum(said["fewest"].values())
    reached, planned = sum(said["reached"].values()), sum(said["planned"].values())
    harm = f"{killed['lost']} lost, {killed['doubled']} doubled in {killed['kills']} kills"
    return [
        Row(7, "write calls", "= ceil(changes / batch), as predicted", f"{made} where {fewest} are needed", as_few),
        _paced(),
        Row(9, "killed anywhere", "0 lost, 0 doubled", harm, safe),
        Row(10, "one planned value", "written once", f"{reached:,} written, {planned:,} planned", once),
    ]


def _paced() -> Row:
    said = stage("pace").said
    good = said["used"] >= 0.98 and not said["over"]
    return Row(8, "rate limit", ">= 98 % used, 0 windows over", f"{said['used']:.1%} used, {said['over']} over", good)


def _validate() -> Row:
    folder = WORK / "validate"
    folder.mkdir(parents=True, exist_ok=True)
    mappings = "".join(f"  field_{n}: {{from: column_{n}, type: text, label: Field {n}}}\n" for n in range(1000))
    file = folder / "reconciler.yaml"
    head = "version: 1\ncrm: {type: local, path: crm.db}\nsource: {type: csv, path: people.csv}\n"
    file.write_text(f"{head}identity: {{person: id, match: email}}\nfields:\n  email: email\n{mappings}", "utf-8")
    columns = ["id", "email", *(f"column_{n}" for n in range(1000))]
    (folder / "people.csv").write_text(",".join(columns) + "\n" + ",".join("x" for _ in columns) + "\n", "utf-8")
    command = [*RECONCILER, "-C", str(folder), "validate"]
    pairs = [(run(command).cpu, stage("eager", str(file)).cpu) for _ in range(15)]  # in turn: both see one machine
    ratio = min(ours for ours, _ in pairs) / min(eager for _, eager in pairs)
    return Row(12, "validate, 1,000 mappings, against eager imports", "<= 0.25x CPU", f"{ratio:.2f}x", ratio <= 0.25)


def _wordpress(users: int) -> Row:
    """Beside it, what a later plan finds of one change among them, and a read of 10,000 by REST."""
    what, target = f"WordPress: {users:,} users x 20 meta rows", "<= 0.6x, < 1 GiB"
    said = [_on_servers(name, size) for name, size in (("", users), ("_changed", users), ("_rest", 10_000))]
    if any(one is None for one in said):
        return Row(13, what, target, "no MariaDB or WordPress here")
    read, changed, rest = (one or {} for one in said)
    measured = f"{read['ratio']:.2f}x, {read['mebibytes']:.0f} MiB"
    for line in (
        f"one change among {users:,} users: {changed['changed'][1]} found, {changed['cpu'][1]:.1f} CPU s",
        f"{rest['users']:,} users by REST: {rest['requests']} requests, {rest['seconds']:.1f} s",
    ):
        print(line, file=sys.stderr, flush=True)
    return Row(13, what, target, measured, read["ratio"] <= 0.6 and read["mebibytes"] < 1024)


def _saved_plan() -> Row:
    said = stage("saved_plan").said
    measured = f"{said['ratio']:.2f}x, {said['mebibytes']:.0f} MiB"
    met = said["ratio"] <= 0.1 and said["mebibytes"] < 1024
    return Row(14, "plan file of 1,000,000 changes against JSON Lines", "<= 0.1x bytes, < 1 GiB", measured, met)


def _on_servers(name: str, users: int) -> dict[str, Any] | None:
    """What `bench.wordpressNAME` says; None where the servers that it starts are not installed."""
    command = [sys.executable, "-m", f"bench.wordpress{name}", str(users)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    said: dict[str, Any] | None = json.loads(done.stdout) if done.returncode == 0 else None
    return said


def _printed(rows: Sequence[Row]) -> str:
    """The table as Markdown."""
    lines = ["| # | what | target | measured | met |", "|---|---|---|---|---|"]
    said = {True: "yes", False: "NO", None: ""}
    for row in rows:
        lines.append(f"| {row.number} | {row.what} | {row.target} | {row.measured or NOT_YET} | {said[row.met]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
