"""Expressions over a document: what is certainly wrong is found before there is one, and what may be right is left."""

from __future__ import annotations

import pytest

from reconciler.model.expressions import compile_expression
from reconciler.model.expressions.shaped import Shape, check_shaped
from reconciler.report.plan_checks import plan_shape

KNOWN = {"plan": plan_shape()}

GOOD = [
    "plan.tags.exists(t, t.reaches > 500)",
    'plan.fields.exists(f, f.group == "Finance" && f.set + f.clear > 0)',
    '!plan.changes.all(c, c.action != "delete")',
    "size(plan.tags.filter(t, t.apply > 5 && t.remove > 5)) > 3",
    "plan.tags.map(t, t.apply).exists(n, n > 500)",
    "plan.tags.filter(t, t.apply > 5).exists(t, t.name.startsWith('VIP'))",
    'plan.changes.exists(c, c.action in ["delete", "rename"])',
    "plan.summary.contacts.create + plan.summary.contacts.update > 100",
    "plan.summary.contacts.create * 2 > plan.summary.contacts.people",
    "plan.cost.seconds > 3600.0",
    "plan.cost.seconds > 3600",
    "plan.cost.writes / 2.0 > 5.0 || plan.cost.reads % 2 == 1",
    "has(plan.run) && plan.two_way",
    "plan.run == null",
    'plan["tags"].exists(t, t["reaches"] > 5)',
    "plan.tags.size() > 5 && plan.tags[0].reaches > 5",
    "plan.changes.exists(c, c.deltas.exists(d, d.path == 'type' && d.before != null))",
    "plan.guards.exists(g, g.allowed_by != null && g.allowed_by.how == 'option')",
    "plan.mode == 'plan' ? plan.two_way : false",
    "plan.findings.exists(f, f.rows.exists(r, r > 100))",
    "plan.tags.exists_one(t, t.name.lower().contains('vip'))",
    "timestamp(plan.now) > timestamp('2026-01-01T00:00:00Z')",
    "-plan.cost.writes < 0 && (plan.two_way || !plan.two_way)",
    "plan.tags.exists(t, plan.fields.exists(f, f.key == t.name))",
    "'a' in plan.tags.map(t, t.name)",
    "// a comment\nplan.two_way",
    "100 * plan.summary.contacts.update / plan.summary.contacts.people > 30",
    "double(plan.summary.contacts.update) / double(plan.summary.contacts.people) > 0.3",
    "plan.cost.writes / plan.cost.reads >= 2.0",
    "plan.cost.seconds / 2.0 > 0.5",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_may_be_right_is_let_through(text: str) -> None:
    assert check_shaped(compile_expression(text), KNOWN) is None


WRONG = [
    ("plan.tgas.exists(t, t.apply > 5)", "`plan` has no key `tgas`", "did you mean `tags`"),
    ("plan.tags.exists(t, t.aply > 5)", "`t` has no key `aply`", "did you mean `apply`?"),
    ("plan.summary.contact.create > 5", "`plan.summary` has no key `contact`", "did you mean `contacts`?"),
    ('plan["fieldz"].size() > 5', "`plan` has no key `fieldz`", "did you mean `fields`"),
    ("has(plan.runn)", "`plan` has no key `runn`", "did you mean `run`?"),
    ("plan.tags.reaches > 5", "`plan.tags` is a list, and has no key `reaches`", "plan.tags.exists(x, x.reaches ...)"),
    ("plan.cost.writes.calls > 5", "`plan.cost.writes` is a number, and has no key", ""),
    ("plan.cost.writes.exists(w, w > 5)", "`plan.cost.writes` is a number, and `exists` looks into a list", ""),
    ("plan.two_way || tags.exists(t, t.apply > 5)", "`tags` is not known here", "write `plan.tags`"),
    ("plan.two_way || pln.tags.exists(t, t.apply > 5)", "`pln` is not known here", "did you mean `plan`?"),
    ("plan.two_way && orders > 5", "`orders` is not known here", "known are `plan`"),
    ("tags.exists(t, t.apply > 5)", "`tags` is not known here", "write `plan.tags`"),
    ("plan.two_way && row.x == now", "`row` is not known here", ""),
    ("plan.tags.exists(t, s.apply > 5)", "`s` is not known here", ""),
    ("plan.tags.exists(t, true) && t.apply > 5", "`t` is not known here", ""),
    ("plan.cost.writes", "it gives a number, not true or false", "compare it"),
    ("plan.tags", "it gives a list, not true or false", ""),
    ("plan.tags.filter(t, t.apply > 5)", "it gives a list, not true or false", ""),
    ("plan.tags.exists(t, t.apply)", "the condition of `exists` is a number", ""),
    ("plan.tags.filter(t, t.name).size() > 0", "the condition of `filter` is a text", ""),
    ("plan.cost.writes && plan.two_way", "before `&&` is a number", ""),
    ("plan.two_way || plan.id", "behind `||` is a text", ""),
    ("!plan.cost.writes", "behind `!` is a number", ""),
    ("plan.cost.writes ? true : false", "before `?` is a number", ""),
    ('plan.tags.exists(t, t.apply > "5")', "`t.apply` is a number, which never compares with a text", ""),
    ("plan.tags.exists(t, t.name == 5)", "`t.name` is a text, which never compares with a number", ""),
    ('plan.changes.exists(c, c.action == "deleted")', '`c.action` never is "deleted"', "did you mean `delete`"),
    ('plan.changes.exists(c, "remove" != c.action)', '`c.action` never is "remove"', ""),
    ('plan.changes.exists(c, c.action in ["delete", "renamed"])', '`c.action` never is "renamed"', "`rename`"),
    ('plan.mode == "drift"', '`plan.mode` never is "drift"', 'it is "plan" or "apply"'),
    ("plan.tags.exists(t, t.apply in ['5'])", "`t.apply` is a number, which never is in that list", ""),
    ("sizeof(plan.tags) > 5", "`sizeof` is not a function", "did you mean `size`?"),
    ("plan.tags.any(t, t.apply > 5)", "`any` is not a function", ""),
    ("plan.summary.contacts.update / plan.summary.contacts.people > 0.3", "into a whole number", "multiply first"),
    ("0.3 < (plan.cost.writes / plan.cost.reads)", "into a whole number", "double(a)"),
    ("false", "it does not look at `plan`", ""),
    ("1 == 2 && 'plan' == 'x'", "it does not look at `plan`", ""),
    ("plan.id.size() + plan.id > 5", "types do not fit", ""),
    ("plan.tags.exists(t, t.apply.startsWith('5'))", "types do not fit", ""),
]


@pytest.mark.parametrize(("text", "detail", "hint"), WRONG, ids=[text for text, *_ in WRONG])
def test_what_is_certainly_wrong_is_said_in_its_own_words(text: str, detail: str, hint: str) -> None:
    found = check_shaped(compile_expression(text), KNOWN)
    assert found is not None
    assert detail in found.detail
    assert hint in found.hint
    assert found.hint


def test_of_what_cannot_be_told_nothing_is_said() -> None:
    assert check_shaped(compile_expression("plan.changes.exists(c, c.deltas.exists(d, d.before > 5))"), KNOWN) is None
    assert check_shaped(compile_expression("x.anything.goes == 'text'"), {"x": Shape()}) is None


def test_the_whole_document_has_a_shape() -> None:
    """A schema that could not be read would let everything through."""

    def unknown(shape: Shape, path: str) -> list[str]:
        inner = [(f"{path}.{key}", of) for key, of in (shape.keys or {}).items()]
        inner += [(f"{path}[]", shape.item)] if shape.item else []
        return ([path] if not shape.kinds else []) + [found for name, of in inner for found in unknown(of, name)]

    assert unknown(plan_shape(), "plan") == ["plan.changes[].deltas[].before", "plan.changes[].deltas[].after"]
