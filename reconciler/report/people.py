"""The people section of a plan: who is created and updated, then a line per field or tag and cause."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from reconciler.model.plan import Cause, Example, FieldCount, Plan, TagCount, example_key
from reconciler.report.causes import moved_fields, moved_tags, settled_how
from reconciler.report.layout import WIDTH, folding_table, section, table
from reconciler.report.redaction import shown_tags
from reconciler.report.words import counted, line_of, listing, number, some

_DRIFT = "moved in the CRM by somebody else since the last apply"
NOT_FOUND = "none of the chosen people is in the source"


@dataclass(frozen=True, slots=True)
class _Row:
    sign: str
    name: str
    count: str
    why: str
    examples: tuple[Example, ...] = ()


def people_lines(plan: Plan, width: int = WIDTH) -> list[str]:
    """Who is created and updated, then one line per field or tag and cause; what somebody else moved stands apart."""
    asked = [*_new_contacts(plan), *_field_rows(plan), *_tag_rows(plan)]
    moved = list(_moved_rows(plan))
    if not asked and not moved and not plan.pending and plan.contacts.in_sync == plan.contacts.people:
        return []
    lines = _table([*asked, *moved], width)
    heading = section("People", [_partition(plan), _beside(plan)], width)
    drift = section("Drift", [_DRIFT], width) if moved else []
    return [*heading, *chain(*lines[: len(asked)]), *drift, *chain(*lines[len(asked) :])]


def _table(rows: Sequence[_Row], width: int) -> list[list[str]]:
    """Each row as its lines, aligned with all others."""
    digits = max((len(row.count.partition(" ")[0]) for row in rows), default=0)
    cells = [[row.sign, row.name, _right(row.count, digits), row.why] for row in rows]
    told = folding_table(cells, 2, width, gaps=(1,), least=(1, 24, 20))
    return [
        [*own, *(" " * 6 + example for example in _examples(row.examples))] for row, own in zip(rows, told, strict=True)
    ]


def _partition(plan: Plan) -> str:
    c = plan.contacts
    words = ((c.create, "to create"), (c.update, "to update"), (c.in_sync, "in sync"))
    rest = ((c.no_contact, "without a contact"), (c.set_aside, "set aside"), (c.out_of_scope, "out of scope"))
    return counted((*words, *rest)) or (NOT_FOUND if plan.scope == "person" else "nobody in scope")


def _beside(plan: Plan) -> str:
    c = plan.contacts
    kinds = ((c.held, "held values"), (c.conflict, "values in conflict"), (c.blocked, "blocked values"))
    return listing(f"{what} in {some(count, 'contact')}" for count, what in kinds if count)


def _right(count: str, width: int) -> str:
    first, space, rest = count.partition(" ")
    return f"{first:>{width}}{space}{rest}"


def _new_contacts(plan: Plan) -> list[_Row]:
    if not plan.contacts.create:
        return []
    count = f"{number(sum(f.created for f in plan.fields))} set"
    return [_Row("+", "new contacts", count, some(plan.contacts.create, "contact"))]


def _field_rows(plan: Plan) -> Iterable[_Row]:
    for row in sorted(map(_asked, plan.fields), key=lambda f: (f.key, f.cause)):
        written = ((row.set - row.created, "set"), (row.clear, "cleared"), (row.pull, "pulled"))
        left = ((row.held, "held"), (row.conflict, "conflict"), (row.blocked, "blocked"), (row.rewritten, "rewritten"))
        if row.cause is Cause.STORE:
            yield _Row("=", "stored ids", counted(written), f"kept in {row.key}")
        elif count := counted((*written, *left)):
            why = _why(row, plan.file) if counted(written) else ""
            yield _Row(_field_sign(row), row.key, count, why, plan.examples.get(example_key(row.key, row.cause), ()))


def _asked(row: FieldCount) -> FieldCount:
    """The row without what somebody else moved; what the CRM rewrites is not moved."""
    if row.cause is not Cause.DRIFT:
        return row
    return FieldCount(row.key, row.where, row.cause, blocked=row.blocked, rewritten=row.rewritten)


def _moved_rows(plan: Plan) -> Iterable[_Row]:
    for row in moved_fields(plan):
        examples = plan.examples.get(example_key(row.key, row.cause), ())
        yield _Row("~", row.key, settled_how(row), _place(row, plan.file), examples)
    for tag in moved_tags(plan):
        yield _Row("+" if tag.apply else "-", f"tag {tag.name}", settled_how(tag), _place(tag, plan.file))


def _field_sign(row: FieldCount) -> str:
    if row.cause is Cause.ADOPT and (row.set > row.created or row.clear):
        return "="
    if row.set > row.created or row.pull:
        return "~"
    return "-" if row.clear else "?" if row.conflict else "!" if row.blocked else " "


def _why(row: FieldCount | TagCount, file: str) -> str:
    return {
        Cause.CONFIG: f"{_place(row, file)} is new",
        Cause.SOURCE: "source changed",
        Cause.DRIFT: "changed in the CRM (drift)",
        Cause.ADOPT: "taken over",
        Cause.STORE: "stored ids",
        Cause.UNDO: "put back",
    }[row.cause]


def _place(row: FieldCount | TagCount, file: str) -> str:
    return line_of(row.where, file) if row.where else "the file"


def _tag_rows(plan: Plan) -> Iterable[_Row]:
    moved = moved_tags(plan)
    for row in sorted(shown_tags(plan), key=lambda t: (t.name, t.cause)):
        if row in moved:
            continue
        written = ((row.apply, "applied"), (row.remove, "removed"))
        left = ((row.kept, "left on people for whom the rule says no"), (row.unknown, "unknown"))
        if count := counted((*written, *left)):
            sign = "=" if row.cause is Cause.ADOPT else "+" if row.apply else "-" if row.remove else " "
            ruled = row.cause is Cause.SOURCE and row.where is not None
            why = f"rule of {line_of(row.where, plan.file)}" if ruled and row.where else _why(row, plan.file)
            yield _Row(sign, f"tag {row.name}", count, why if counted(written) else "")


def _examples(examples: Sequence[Example]) -> list[str]:
    return table([[f"row {e.row}", f"{_value(e.before)} -> {_value(e.after)}"] for e in examples])


def _value(text: str | None) -> str:
    return "(empty)" if text is None else json.dumps(text, ensure_ascii=False)
