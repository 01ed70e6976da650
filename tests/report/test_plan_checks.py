"""The file's checks over a plan's document: what is denied, what cannot be told, and who is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reconciler.model.desired import Allowance, Expression, PlanCheck
from reconciler.model.plan import Action, AllowedBy, Cause, CheckResult, FieldCount, InventoryChange, Plan, TagCount
from reconciler.model.problems import Level
from reconciler.planning.allowances import Allowed
from reconciler.report.document import plan_document
from reconciler.report.plan_checks import check_results
from tests.report.plans import EMPTY, FULL, at

TAGS = (
    TagCount("Customer", at(36), Cause.SOURCE, apply=300),
    TagCount("Customer", at(36), Cause.DRIFT, apply=250),
    TagCount("VIP", at(37), Cause.SOURCE, apply=12),
    TagCount("Role: editor", at(38), Cause.SOURCE, apply=400, under="Role: *"),
    TagCount("Role: author", at(38), Cause.SOURCE, apply=300, under="Role: *"),
)
FIELDS = (
    FieldCount("revenue", at(28), Cause.SOURCE, set=3, group="Finance"),
    FieldCount("city", at(29), Cause.SOURCE, set=3, group="Address"),
    FieldCount("debts", at(30), Cause.SOURCE, held=3, group="Finance"),
)
CHANGES = (
    InventoryChange("field.debts", "field", "debts", Action.DELETE, at(30), group="Finance"),
    InventoryChange("field.rank", "field", "rank", Action.BLOCKED, at(31), group="Finance"),
)
PLAN = replace(EMPTY, tags=TAGS, fields=FIELDS, inventory=CHANGES)
FIVE_HUNDRED = "plan.tags.exists(t, t.reaches > 500)"
FINANCE = (
    'plan.fields.exists(f, f.group == "Finance" && f.set + f.clear > 0)'
    ' || plan.changes.exists(c, c.group == "Finance" && !(c.action in ["blocked", "released"]))'
)


def check(deny: str, level: Level = Level.ERROR) -> PlanCheck:
    return PlanCheck("C001", Expression(deny, at(60)), "not allowed", at(60), level)


def result(deny: str, plan: Plan = PLAN, allowed: Allowed | None = None, level: Level = Level.ERROR) -> CheckResult:
    (found,) = check_results({"C001": check(deny, level)}, plan_document(plan), allowed)
    return found


def test_no_tag_may_reach_more_than_500_people() -> None:
    """Whatever the causes are: none of the rows of this tag alone would reach so many."""
    found = result(FIVE_HUNDRED)
    assert (found.passed, found.stops, found.detail) == (False, True, "Customer")
    assert result(FIVE_HUNDRED, replace(PLAN, tags=TAGS[1:])).passed


def test_of_tags_made_from_values_the_largest_one_counts_and_no_name_is_said() -> None:
    found = result("plan.tags.exists(t, t.reaches == 400)")
    assert (found.passed, found.detail) == (False, "Role: *")


def test_values_that_are_shown_at_a_terminal_are_not_what_a_check_sees() -> None:
    looked_at = replace(PLAN, values_shown=True)
    assert result('plan.tags.exists(t, t.name == "Role: editor")', looked_at).passed
    assert result("plan.tags.exists(t, t.reaches == 400)", looked_at).detail == "Role: *"


def test_no_field_of_group_finance_may_change() -> None:
    found = result(FINANCE)
    assert (found.passed, found.detail) == (False, "revenue, debts")
    quiet = replace(PLAN, fields=FIELDS[1:], inventory=CHANGES[1:])
    assert result(FINANCE, quiet).passed


NOT_TOLD = [
    ("plan.run.startsWith('x')", "perhaps a null"),
    ("plan.run > 'x'", "perhaps a null"),
    ("plan.fields[99].set > 5", "an item that is not there"),
    ("plan.cost.writes / plan.cost.writes > 1", "a division by zero"),
    ("timestamp(plan.id) > timestamp(plan.now)", "a text that cannot be converted"),
    ("plan.written", "it gives null"),
    ("plan.written.created > 5 || false", "it cannot be evaluated"),
    ("plan.tags.exists(t, plan.run.startsWith('x'))", "it cannot be evaluated"),
    ("plan.tags.filter(t, plan.run.startsWith('x')).size() > 0", "it cannot be evaluated"),
    ("!plan.tags.all(t, t.where.startsWith(plan.run))", "it cannot be evaluated"),
]


@pytest.mark.parametrize(("deny", "why"), NOT_TOLD, ids=[deny for deny, _ in NOT_TOLD])
@pytest.mark.parametrize("level", [Level.ERROR, Level.WARNING])
def test_what_cannot_be_evaluated_has_not_passed(deny: str, why: str, level: Level) -> None:
    found = result(deny, level=level)
    assert not found.passed
    assert found.stops is (level is Level.ERROR)
    assert found.detail.startswith("it cannot be evaluated, and so it has not passed: ")
    assert why in found.detail


def test_a_warning_is_said_and_stops_nothing() -> None:
    found = result(FIVE_HUNDRED, level=Level.WARNING)
    assert (found.passed, found.stops, found.ways) == (False, False, ())


def test_a_check_says_every_way_on_and_none_of_them_is_an_option() -> None:
    assert result(FIVE_HUNDRED).ways == (
        "change what is denied",
        "add to allow: {check: C001, reason: WHY, until: DATE}",
    )


def test_an_entry_under_allow_lets_a_check_fail_and_is_named() -> None:
    entry = Allowance("once", date(2026, 12, 1), at(50), check="C001")
    found = result(FIVE_HUNDRED, allowed=Allowed({}, (entry,)))
    assert (found.passed, found.stops, found.ways) == (False, False, ())
    assert found.allowed_by == AllowedBy("file", 0, at(50), "once", "2026-12-01")
    assert result("plan.two_way", allowed=Allowed({}, (entry,))).allowed_by is None


NAMED = [
    (FIVE_HUNDRED, "Customer"),
    ("plan.tags.exists(t, t.apply > 0)", "Customer, Role: *, VIP"),
    ("!plan.tags.all(t, t.apply > 12)", "VIP"),
    ("plan.tags.exists(x, x.name.matches('^V.*,'))||plan.fields.exists(f, f.set > 0)", "city, revenue"),
    ("plan.tags.filter(t, t.apply > 20).exists(t, t.reaches > 500)", "Customer"),
    ("plan.fields.exists(f, plan.tags.exists(t, t.apply > f.set))", "city, debts, revenue"),
    ("plan.guards.exists(g, g.allowed > 0)", "update_percent"),
    ("plan.tags.exists(t, t.apply > 0) && true", ""),
    ("true && plan.tags.exists(t, t.apply > 0)", ""),
    ("size(plan.tags) > 1", ""),
    ("!(!plan.tags.exists(t, t.apply > 0))", ""),
    ("plan.tags.exists(t, t.apply > 0) == true", ""),
]


@pytest.mark.parametrize(("deny", "detail"), NAMED, ids=[deny for deny, _ in NAMED])
def test_who_is_denied_is_named_where_the_expression_looks_for_somebody(deny: str, detail: str) -> None:
    plan = replace(PLAN, guards=(*FULL.guards[1:],))
    found = result(deny, plan)
    assert not found.passed
    assert found.detail == detail


def test_of_many_only_a_few_are_named() -> None:
    many = tuple(TagCount(f"T{n:04}", None, Cause.SOURCE, apply=n) for n in range(1, 2001))
    found = result("plan.tags.exists(t, t.apply > 0)", replace(PLAN, tags=many))
    assert found.detail == "T0001, T0002, T0003, T0004, T0005 and 1,995 more"


def test_checks_come_by_their_code() -> None:
    checks = {code: check("plan.two_way")._replace(code=code) for code in ("b", "C2", "a")}
    assert [found.code for found in check_results(checks, plan_document(PLAN))] == ["C2", "a", "b"]
