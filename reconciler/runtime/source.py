"""Pulling, carried out: what was changed in the CRM goes into the source, batch by batch, before anything is sent.

A person's row is written or it is not. Who was not written is left as a whole, CRM side included: what the plan says of
them follows from the row as it would be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.adapters.source import Edit, Source, Writable, Wrote
from reconciler.model.addresses import person_digest, value_digest
from reconciler.model.desired import Desired
from reconciler.model.messages import problem
from reconciler.model.plan import Plan, Verdict
from reconciler.model.problems import Problem
from reconciler.planning.bindings import Binding
from reconciler.planning.conversion import Columns, ours_lane
from reconciler.runtime.applying import Applying, Halted, Why
from reconciler.runtime.failures import doors_said
from reconciler.runtime.recording import current as recorder
from reconciler.tables.lanes import Lane
from reconciler.tables.remembered import move

_MOST_ROWS = 10  # that a sentence names
_WHY = {
    Wrote.GONE: "no row has that person any more",
    Wrote.SEVERAL: "more than one row has that person",
    Wrote.ALTERED: "the source would keep another value",
    Wrote.REFUSED: "the source does not take the value",
}


@dataclass(frozen=True, slots=True)
class _Pull:
    """One person's row: its number, what is to stand there, and by field what is agreed on then and the change."""

    row: int
    digest: bytes
    edit: Edit
    agreed: dict[str, int]
    values: dict[str, Mapping[str, Any]]


class SourceWriter:
    """Writes the pulls of one plan. `left`: digests of people whose row was not written."""

    def __init__(self, applying: Applying, plan: Plan, desired: Desired, source: Source | None) -> None:
        self._applying, self._plan, self._desired, self._source = applying, plan, desired, source
        self._columns = {key: entry.column or "" for key, entry in desired.fields.items() if entry.pull}
        self._lanes = {column: self._lane(key) for key, column in self._columns.items() if key in plan.bound}
        self._refused: defaultdict[Wrote, list[int]] = defaultdict(list)
        self.left: set[bytes] = set()

    def write(self) -> None:
        """Everything, to the end of the plan. Raises Halted where it has to stop before, Failure where the source
        fails; what was written before is remembered."""
        source = self._source
        if not isinstance(source, Writable) or not self._columns:
            return
        waiting: list[_Pull] = []
        for pull in self._pulls():
            waiting.append(pull)
            if len(waiting) >= source.at_once:
                self._batch(source, waiting)
                waiting = []
        if waiting:
            self._batch(source, waiting)

    def problems(self) -> tuple[Problem, ...]:
        """Why rows were not written, one per cause."""
        return tuple(
            problem("E550", f"{_named(rows)}: {_WHY[why]}", self._desired.source.where)
            for why, rows in sorted(self._refused.items())
        )

    def _pulls(self) -> Iterator[_Pull]:
        key, keys = self._applying.state.key, self._plan.people.keys
        for batch in self._plan.people.batches():
            values = batch.column("values")
            pulled = pc.equal(values.flatten().field("verdict"), pa.scalar(int(Verdict.PULL), pa.int8()))
            if not pc.any(pulled).as_py():
                continue
            rows = pc.unique(pc.list_parent_indices(values).filter(pulled))
            for row in batch.select(["person", "row", "values"]).take(rows).to_pylist():
                mine = [v for v in row["values"] if v["verdict"] == Verdict.PULL]
                cells = {self._columns[keys[v["field"]]]: (v["read"], v["write"]) for v in mine}
                agreed = {keys[v["field"]]: value_digest(key, v["after"]) for v in mine}
                values = {keys[v["field"]]: v for v in mine}
                yield _Pull(row["row"], person_digest(key, row["person"]), Edit(row["person"], cells), agreed, values)

    def _batch(self, source: Writable, pulls: list[_Pull]) -> None:
        applying = self._applying
        if applying.stop():
            raise Halted(Why.ASKED)
        seq = applying.journal.intent("write_source", len(pulls))
        applying.state.add_moves(
            move([(p.digest, key, None, digest) for p in pulls for key, digest in p.agreed.items()])
        )
        first = applying.writes.pulling((p.edit.person, p.digest, p.values) for p in pulls)
        recorder().before_write()
        with doors_said(self._desired.source.where):
            done = source.write(self._desired.identity.person, [pull.edit for pull in pulls], self._same)
        written = [pull for pull, wrote in zip(pulls, done, strict=True) if wrote is Wrote.DONE]
        if written:
            moves = [(p.digest, key, digest, digest) for p in written for key, digest in p.agreed.items()]
            applying.state.add_moves(move(moves))
        applying.journal.outcome(seq, len(written), len(pulls) - len(written))
        applying.writes.pulled(first, ((len(p.values), wrote) for p, wrote in zip(pulls, done, strict=True)))
        applying.written.pulled += sum(len(pull.agreed) for pull in written)
        applying.written.rows += len(written)
        for pull, wrote in zip(pulls, done, strict=True):
            if wrote is not Wrote.DONE:
                self.left.add(pull.digest)
                self._not_written(wrote, pull.row)

    def _not_written(self, wrote: Wrote, row: int) -> None:
        if wrote is Wrote.MOVED:
            self._applying.written.moved_rows += 1
        else:
            self._applying.written.failed += 1
            self._refused[wrote].append(row)

    def _same(self, column: str, meant: str | None, kept: str | None) -> bool:
        """Whether both texts are one value of that column."""
        lane = self._lanes.get(column)
        if (meant or "") == (kept or ""):
            return True
        return lane is not None and len(lane.inputs) == 1 and lane.one(meant) == lane.one(kept)

    def _lane(self, key: str) -> Lane:
        desired, bound = self._desired, self._plan.bound[key]
        source = desired.source
        columns = Columns((), source.types, source.timezone, source.region)
        binding = Binding(desired.fields[key], bound.type, bound.wire, None, key)
        return ours_lane(key, binding, columns, desired.scores, self._plan.now)


def _named(rows: list[int]) -> str:
    """Rows as the plan numbers them."""
    count, first = len(rows), ", ".join(f"{row:,}" for row in sorted(rows)[:_MOST_ROWS])
    more = f" and {count - _MOST_ROWS:,} more" if count > _MOST_ROWS else ""
    return f"1 row ({first})" if count == 1 else f"{count:,} rows ({first}{more})"
