"""Scenarios: a file, a world, and what must come of it, as data.

`run` plans, compares, applies, looks at the CRM and the source, and plans again: nothing may be pending then. It needs
nothing but a folder. Every scalar of a scenario is text; `tests/scenarios/README.md` lists the keys.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.outcome import Result
from reconciler.model.plan import Action, Cause, ContactCount, Plan, TagAction, Verdict
from reconciler.model.problems import Failure, Level
from reconciler.report.causes import moved_fields, moved_tags, settled_how
from reconciler.runtime import pipeline
from reconciler.testing import people

ACCOUNT = "5ce0a210"
NOW = "2026-11-22"
SIGNS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.RENAME: ">",
    Action.BLOCKED: "!",
    Action.RELEASED: ".",
}
Text = Mapping[str, Any]


class Stand(Protocol):
    """Where a scenario plays. `opened`: the embedded CRM that holds the contacts, without any misbehaviour. `section`:
    the `crm` of the file, for a CRM with these quirks. `reached`: what requests are given to reach it."""

    def opened(self) -> AbstractContextManager[LocalCrm]: ...

    def section(self, quirks: Text) -> dict[str, Any]: ...

    @property
    def reached(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded CRM of a folder itself."""

    folder: Path

    def opened(self) -> AbstractContextManager[LocalCrm]:
        clock = Clock.fixed(datetime.fromisoformat(NOW).replace(tzinfo=UTC))
        return closing(LocalCrm(self.folder / "crm.db", clock, token=lambda: ACCOUNT))

    def section(self, quirks: Text) -> dict[str, Any]:
        return {"type": "local", "path": "crm.db", **({"quirks": quirks} if quirks else {})}

    @property
    def reached(self) -> Mapping[str, Any]:
        return {}


def run(scenario: Text, folder: Path, snapshot: bool = True, stand: Stand | None = None) -> list[str]:
    """What differs from what the scenario says, one sentence each; nothing if it holds. `snapshot`: contacts are kept
    between its steps, which must not change what comes of it."""
    return list(_Play(scenario, folder, snapshot, stand or Embedded(folder)).differences())


@dataclass(frozen=True, slots=True)
class _Play:
    scenario: Text
    folder: Path
    snapshot: bool
    stand: Stand

    def differences(self) -> Iterator[str]:
        world, expect = self.scenario.get("world", {}), self.scenario.get("expect", {})
        with self.stand.opened() as crm:
            seed(crm, world.get("crm", {}))
        for other in self.scenario.get("others", ()):
            self._other(other)
        self._before()
        self._write(self.scenario["desired"], world.get("people", ()))
        if "problems" in expect:
            yield from self._refused(expect["problems"])
            return
        asked = self._request(relink=self.scenario.get("relink", ""))  # a plan lives as long as its request
        plan = pipeline.plan(asked)
        yield from compare(expect, seen(plan))
        if "guards" in expect or "refused" in self.scenario:
            yield from self._guarded()
            return
        yield from self._applied(plan)
        asked = self._request()
        again = pipeline.plan(asked)
        yield from compare(self.scenario.get("then", {}), seen(again), only=True)
        if again.pending:
            yield f"the second plan is not empty: {seen(again)}"

    def _other(self, other: Text) -> None:
        """Another file on the same CRM: applied, or only planned."""
        name = other["name"]
        self._write(other["desired"], other.get("people", self.scenario["world"]["people"]), name)
        asked = self._request(everything=True, name=name)
        if "planned" in other:
            pipeline.plan(asked)
        else:
            _must_apply(asked, name)
        if "gone" in other:
            (self.folder / f"{name}.yaml").unlink()
        if "forget" in other:
            pipeline.forget(asked, other["forget"])

    def _before(self) -> None:
        earlier = self.scenario.get("before")
        if earlier is None:
            return
        self._write(earlier["desired"], earlier["people"])
        _must_apply(self._request(everything=True), "the step before")
        if "forget" in earlier:
            shutil.rmtree(self.folder / ".reconciler")
        with self.stand.opened() as crm:
            for email, values in earlier.get("meanwhile", {}).items():
                _edit(crm, _found(crm, email), _cells(values))
            for email, changes in earlier.get("retagged", {}).items():
                _retag(crm, _found(crm, email), changes)
            for email in earlier.get("gone", ()):
                crm.delete_contact(_found(crm, email))
            for lost, kept in earlier.get("merged", {}).items():
                crm.merge(_found(crm, kept), _found(crm, lost))
            for key in earlier.get("removed", ()):
                crm.delete_field(key)
            leads = crm.of("lead")
            for email, values in earlier.get("leads_meanwhile", {}).items():
                leads.update([(_found(leads, email), _cells(values))])
            for email, told in earlier.get("converted", {}).items():
                crm.convert(_found(leads, email), {"Company": "company"}, told == "told")

    def _refused(self, codes: Sequence[str]) -> Iterator[str]:
        try:
            pipeline.plan(self._request())
        except Failure as failure:
            found = sorted(p.code for p in failure.problems if p.level is Level.ERROR)
            if found != sorted(codes):
                yield f"problems: {sorted(codes)} expected, {found} found"
        else:
            yield f"the file is not refused; {sorted(codes)} expected"

    def _guarded(self) -> Iterator[str]:
        before = self._contacts()
        outcome = pipeline.apply(
            self._request(relink=self.scenario.get("relink", "")), lambda _plan: True, lambda: False
        )
        if outcome.result is not Result.REFUSED:
            yield f"apply ended as {outcome.result}, though it must be refused"
        if self._contacts() != before:
            yield "a refused apply wrote to the CRM"
        yield from self._source_after()

    def _applied(self, plan: Plan) -> Iterator[str]:
        pending = plan.pending
        asked = self._request(relink=self.scenario.get("relink", ""))
        outcome = pipeline.apply(asked, lambda _plan: True, lambda: False)
        if outcome.result is not (Result.APPLIED if pending else Result.NONE):
            yield f"apply ended as {outcome.result}: {[p.code for p in outcome.problems]}"
        expected = self.scenario.get("crm_after", self.scenario["world"].get("crm", {}).get("contacts", ()))
        yield from compare({"crm_after": sorted_contacts(expected)}, {"crm_after": self._contacts()})
        expected = self.scenario.get("leads_after", self.scenario["world"].get("crm", {}).get("leads", ()))
        found = self._contacts("lead")
        yield from compare({"leads_after": sorted_contacts(expected)}, {"leads_after": found})
        yield from self._source_after()

    def _contacts(self, object: str = "contact") -> list[dict[str, Any]]:
        with self.stand.opened() as crm:
            return _contacts(crm.of(object))

    def _source_after(self) -> Iterator[str]:
        """What the source holds but for what the scenario names is as it was."""
        rows = [_cells(row) for row in self.scenario["world"].get("people", ())]
        changed = {person: _cells(row) for person, row in self.scenario.get("source_after", {}).items()}
        found = people.read(self._kind, self.folder / self._source_file(), people.columns_of(rows)) if rows else {}
        yield from people.differences(rows, changed, found)

    def _request(self, everything: bool = False, name: str = "reconciler", relink: str = "") -> pipeline.Request:
        now = datetime.fromisoformat(self.scenario.get("now", NOW)).replace(tzinfo=UTC)
        file = self.folder / f"{name}.yaml"
        if everything:
            allow = {"create": 1000, "clear": 1000, "delete": 1000, "write_percent": 100}
            return request(file, now=now, allow=allow, **self.stand.reached)
        given = self.scenario
        allow = {limit: int(number) for limit, number in given.get("allow", {}).items()}
        persons, target = frozenset(given.get("persons", ())), tuple(given.get("target", ()))
        more = {"relink": relink, "persons": persons, "target": target, **self.stand.reached}
        return request(file, now=now, allow=allow, **more)

    @property
    def _kind(self) -> people.Kind:
        return people.KINDS[self.scenario.get("source", {}).get("type", "jsonl")]

    def _source_file(self, name: str = "reconciler") -> str:
        kind = self.scenario.get("source", {}).get("type", "jsonl")
        return f"{'people' if name == 'reconciler' else name}.{kind}"

    def _write(self, desired: str, rows: Sequence[Text], name: str = "reconciler") -> None:
        """The file of that name; those of others have a source of their own."""
        source_file = self._source_file(name)
        quirks = self.scenario.get("world", {}).get("crm", {}).get("quirks", {})
        source = {"type": "jsonl", "path": source_file, **self._kind.more, **self.scenario.get("source", {})}
        if source.get("write") == "false":
            del source["write"]
        crm = self.stand.section(quirks)
        crm |= {"object": self.scenario["object"]} if "object" in self.scenario else {}
        head = {"version": 1, "crm": crm, "source": source}
        if "identity:" not in desired:
            head["identity"] = {"person": "id", "match": "email"}
        if not self.snapshot:
            head["snapshot"] = False
        lines = [f"{key}: {json.dumps(value)}" for key, value in head.items()]
        (self.folder / f"{name}.yaml").write_text("\n".join([*lines, desired]), encoding="utf-8")
        self._kind.write(self.folder / source_file, [_cells(row) for row in rows])


def _cells(row: Text) -> dict[str, str | None]:
    """`null` is absent."""
    return {name: None if text == "null" else text for name, text in row.items()}


def _must_apply(asked: pipeline.Request, what: str) -> None:
    outcome = pipeline.apply(asked, lambda _plan: True, lambda: False)
    if outcome.result not in (Result.APPLIED, Result.NONE):
        raise AssertionError(f"{what} ended as {outcome.result}: {[f.detail for f in outcome.plan.findings]}")


def request(file: Path, now: datetime, **more: Any) -> pipeline.Request:
    """A request for that file with a clock that stands still and a key that is always the same."""
    return pipeline.Request(
        file=file, clock=Clock.fixed(now), now=now, token_bytes=lambda count: b"\x07" * count, **{"env": {}, **more}
    )


def compare(expected: Text, found: Text, only: bool = False) -> Iterator[str]:
    """A sentence per part that differs. What `expected` does not name must be empty, unless `only` it is compared."""
    for part in expected if only else {**found, **expected}:
        want = _numbers(expected.get(part)) or None
        have = found.get(part) or None
        if part in ("reasons", "details") and want and have:
            have = {address: want.get(address, "") for address, text in have.items() if want.get(address, "") in text}
            want = {address: want.get(address, "") for address in want}
        elif part in _ASKED_FOR and part not in expected:
            continue
        if want != have:
            yield f"{part}: {want} expected, {have} found"


def seen(plan: Plan) -> dict[str, Any]:
    """A plan in the words of a scenario's `expect`."""
    values, tags = _people(plan)
    counts, codes = plan.contacts, {f.code for f in plan.findings}
    return {
        "inventory": sorted(f"{SIGNS[c.action]} {c.address}" for c in plan.inventory),
        "contacts": {n: getattr(counts, n) for n in _PARTS if getattr(counts, n)},
        "out_of_scope": counts.out_of_scope,
        "values": values,
        "tags": tags,
        "findings": _summed((f.code, f.count) for f in plan.findings),
        "guards": sorted({g.limit for g in plan.guards if g.tripped}),
        "held": _summed((f.key, f.held) for f in plan.fields),
        "pulled": _summed((f.key, f.pull) for f in plan.fields),
        "conflict": _summed((f.key, f.conflict) for f in plan.fields),
        "rewritten": _summed((f.key, f.rewritten) for f in plan.fields),
        "kept": _summed((t.name, t.kept) for t in plan.tags),
        "reasons": {c.address: f"{c.reason} {c.by_hand}" for c in plan.inventory if c.reason},
        "waiting": {c.address: c.waiting for c in plan.inventory if c.waiting},
        "holders": {c.address: c.holders for c in plan.inventory if c.holders},
        "drift": {
            **{f.key: settled_how(f) for f in moved_fields(plan)},
            **{t.name: settled_how(t) for t in moved_tags(plan)},
        },
        "taken_over": {f.key: f.set + f.clear for f in plan.fields if f.cause is Cause.ADOPT and f.set + f.clear},
        "owners": sorted(_near(f.detail, plan) for f in plan.findings if f.code in ("R320", "R321")),
        "details": {code: " | ".join(f.detail for f in plan.findings if f.code == code) for code in codes},
        "notes": sorted(p.code for p in plan.problems),
    }


_ASKED_FOR = frozenset(
    {"reasons", "waiting", "holders", "drift", "taken_over", "owners", "notes", "pulled", "conflict", "details"}
)
"""Parts that a scenario is only held to if it names them."""


def _near(text: str, plan: Plan) -> str:
    """As it is said beside the file."""
    return text.replace(f"{Path(plan.file).parent}/", "")


_PARTS = [n for n in ContactCount.__dataclass_fields__ if n not in ("people", "out_of_scope", "contacts", "linked")]


def _people(plan: Plan) -> tuple[dict[str, dict[str, str]], dict[str, list[str]]]:
    values: dict[str, dict[str, str]] = {}
    tags: dict[str, list[str]] = {}
    for row in (row for batch in plan.people.batches() for row in batch.to_pylist()):
        for change in row["values"]:
            after = change["after"] if change["verdict"] != Verdict.CLEAR else None
            arrow = "<-" if change["verdict"] == Verdict.PULL else "->"
            shown = f"{change['before'] or ''} {arrow} {after or ''}".strip()
            values.setdefault(row["person"], {})[plan.people.keys[change["field"]]] = shown
        for change in row["tags"]:
            sign = "+" if change["action"] == TagAction.APPLY else "-"
            tags.setdefault(row["person"], []).append(f"{sign} {change['tag']}")
    return values, {person: sorted(changes) for person, changes in tags.items()}


def contacts(folder: Path) -> list[dict[str, Any]]:
    """All contacts of the folder's embedded CRM in the words of `crm_after`: filled values, and names of tags."""
    with Embedded(folder).opened() as crm:
        return _contacts(crm)


def _contacts(crm: LocalCrm) -> list[dict[str, Any]]:
    names = {tag.key: tag.name for tag in crm.tags()}
    keys = [field.key for field in crm.fields()]
    rows = [row for page in crm.pages(keys) for row in page.to_pylist()]
    found = []
    for row in rows:
        contact = {key: row[key] for key in keys if row[key]}
        contact["tags"] = [names[key] for key in row["$tags"]]
        contact["status"] = crm.status_of(row["$id"])
        found.append(contact)
    return sorted_contacts(found)


def sorted_contacts(rows: Sequence[Text]) -> list[dict[str, Any]]:
    """In the order of their e-mails, without what is empty; the status only where it is not the quiet one."""
    shown = []
    for row in rows:
        tags = sorted(row.get("tags", ()))
        contact = {key: value for key, value in row.items() if value and key not in ("tags", "status")}
        status = {} if row.get("status", "unsubscribed") == "unsubscribed" else {"status": row["status"]}
        shown.append({**contact, **({"tags": tags} if tags else {}), **status})
    return sorted(shown, key=lambda contact: str(contact.get("email", "")))


def seed(crm: LocalCrm, wanted: Text) -> None:
    """Fill the CRM with what a scenario's `world.crm` says."""
    if wanted:
        crm.seed(_fields(crm, wanted.get("fields", {})), wanted.get("tags", ()), _rows(wanted.get("contacts", ())))
    if "leads" in wanted:
        leads = crm.of("lead")
        leads.seed(_fields(leads, wanted.get("lead_fields", {})), (), _rows(wanted["leads"]))


def _fields(crm: LocalCrm, wanted: Text) -> list[CrmField]:
    standard = {field.key for field in crm.fields()}
    return [_field(key, entry) for key, entry in wanted.items() if key not in standard]


def _rows(wanted: Sequence[Text]) -> list[dict[str, Any]]:
    return [{**{k: v for k, v in row.items() if k != "tags"}, "$tags": row.get("tags", [])} for row in wanted]


def _field(key: str, entry: str | Text) -> CrmField:
    """`text`, or a mapping with `native`, `label`, `group` and `options` (stored value: label)."""
    more: Text = {"native": entry} if isinstance(entry, str) else entry
    options = tuple(CrmOption(value, label) for value, label in more.get("options", {}).items())
    return CrmField(key, more.get("label", key), more["native"], options, more.get("group"))


def _found(crm: LocalCrm, email: str) -> str:
    contact = crm.find(email)
    if contact is None:
        raise AssertionError("the scenario names a contact that is not there")
    return contact


def _edit(crm: LocalCrm, contact: str, values: Text) -> None:
    """By somebody else."""
    (result,) = crm.update([(contact, values)])
    if result.error is not None:
        raise AssertionError(f"the scenario's change is refused: {result.error}")


def _retag(crm: LocalCrm, contact: str, changes: Sequence[str]) -> None:
    """`+ Tag` or `- Tag`, by somebody else."""
    keys = {tag.name: tag.key for tag in crm.tags()}
    for sign, _, name in (change.partition(" ") for change in changes):
        crm.tag([keys[name]], [contact], on=sign == "+")


def _summed(pairs: Iterator[tuple[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for name, number in pairs:
        total[name] += number
    return {name: number for name, number in total.items() if number}


def _numbers(part: Any) -> Any:
    """Counts are written as text, as all is; people's ids and values stay text."""
    if isinstance(part, str):
        return int(part)
    if isinstance(part, Mapping):
        return {k: int(v) if isinstance(v, str) and v.isdigit() else _texts(v) for k, v in part.items()}
    return sorted(part) if isinstance(part, list) and all(isinstance(p, str) for p in part) else part


def _texts(part: Any) -> Any:
    return sorted(part) if isinstance(part, list) else part
