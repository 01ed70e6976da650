"""Small worlds for planning tests: a desired state, people and contacts as plain rows, and the plan of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from reconciler.adapters.local.door import capabilities
from reconciler.model.capabilities import Capabilities
from reconciler.model.desired import (
    Contacts,
    Desired,
    Door,
    DynamicTags,
    Expression,
    Field,
    FromColumn,
    Identity,
    Limits,
    Tag,
)
from reconciler.model.inventory import Account, CrmField, CrmTag, Inventory
from reconciler.model.plan import CAUSES, ContactAction, Plan, TagAction, Verdict
from reconciler.model.problems import Place
from reconciler.planning.observed import Observed, Options, Remembered
from reconciler.planning.plan import diff

CAPABILITIES = capabilities(50)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
HERE = Place("reconciler.yaml", 1)
KEY = bytes(range(32))

Rows = Sequence[Mapping[str, Any]]


def mapped(key: str, column: str | None = None, **more: Any) -> Field:
    return Field(key, HERE, FromColumn(column or key), **more)


def rule(name: str, when: str, **more: Any) -> Tag:
    return Tag(name, HERE, Expression(when, HERE), **more)


@dataclass
class World:
    """`contacts`: rows with `id`, `tags` (names) and field keys."""

    people: Rows
    contacts: Rows = ()
    fields: Sequence[Field] = ()
    crm_fields: Sequence[CrmField] = ()
    tags: Sequence[Tag] = ()
    crm_tags: Sequence[str] = ()
    dynamic: Sequence[DynamicTags] = ()
    create: bool | Expression = True
    when: Expression | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=lambda: Remembered(KEY))
    batch: int = 1000
    source_columns: Sequence[str] = ()
    capabilities: Capabilities = CAPABILITIES

    def desired(self) -> Desired:
        fields = [mapped("email", type="email"), *self.fields]
        return Desired(
            files=("reconciler.yaml",),
            digest="blake2b:0",
            crm=Door("local", None, HERE),
            source=Door("csv", None, HERE, types=self.types),
            identity=Identity("id", "email", HERE),
            fields={f.key: f for f in fields},
            tags={t.name: t for t in self.tags},
            dynamic_tags=tuple(self.dynamic),
            contacts=Contacts(self.create, self.when),
            limits=Limits(),
        )

    def observed(self) -> Observed:
        names = list(dict.fromkeys(["id", "email", *self.source_columns, *(k for p in self.people for k in p)]))
        tags = tuple(CrmTag(f"t{n}", name) for n, name in enumerate(self.crm_tags))
        keys = {t.name: t.key for t in tags}
        standard = [CrmField("email", "Email", CAPABILITIES.wires["email"].native, standard=True)]

        def people(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
            for start in range(0, len(self.people), self.batch):
                rows = self.people[start : start + self.batch]
                arrays = [pa.array([r.get(c) for r in rows], pa.string()) for c in columns]
                yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

        def contacts(fields: Sequence[str]) -> Iterator[pa.RecordBatch]:
            rows = self.contacts
            arrays = [
                pa.array([str(r["id"]) for r in rows], pa.string()),
                pa.array([[keys[t] for t in r.get("tags", ())] for r in rows], pa.list_(pa.string())),
                *(pa.array([r.get(k) for r in rows], pa.string()) for k in fields),
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=["$id", "$tags", *fields])

        return Observed(
            account=Account("acc"),
            capabilities=self.capabilities,
            inventory=Inventory((*standard, *self.crm_fields), tags),
            people=people,
            contacts=contacts,
            remembered=self.remembered,
            reads=dict,
            columns=tuple(names),
        )

    def plan(self, workdir: Path, **options: Any) -> Plan:
        workdir.mkdir(parents=True, exist_ok=True)
        return diff(self.desired(), self.observed(), Options(NOW, workdir, **options))


def written(plan: Plan) -> list[tuple[Any, ...]]:
    """The change table as rows: (person, contact or None, field or tag, verb, before, after), sorted."""
    out: list[tuple[Any, ...]] = []
    for batch in plan.people.batches():
        for row in batch.to_pylist():
            who = (row["person"], row["contact"])
            for v in row["values"]:
                verb = Verdict(v["verdict"]).name.lower()
                out.append((*who, plan.people.keys[v["field"]], verb, v["before"], v["after"]))
            out.extend((*who, t["tag"], TagAction(t["action"]).name.lower(), None, None) for t in row["tags"])
            assert (row["contact"] is None) == (row["action"] == ContactAction.CREATE)
    return sorted(out, key=repr)


def causes(plan: Plan) -> set[str]:
    return {CAUSES[v["cause"]].value for b in plan.people.batches() for row in b.to_pylist() for v in row["values"]}


def text_field(key: str, native: str | None = None) -> CrmField:
    return CrmField(key, key.title(), native or CAPABILITIES.wires["text"].native)


def codes(plan: Plan) -> dict[str, int]:
    return {f.code: f.count for f in plan.findings}


__all__ = ["HERE", "KEY", "NOW", "World", "causes", "codes", "mapped", "replace", "rule", "text_field", "written"]
