"""The file's checks over a plan: CEL over the very document that `plan --format json` prints.

What cannot be evaluated has not passed. A check sees what everybody may see of a plan, so that it says the same to
whoever looks at values and to whoever does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from reconciler.model.desired import PlanCheck
from reconciler.model.expressions import compile_expression
from reconciler.model.expressions.denied import denial, denied_items
from reconciler.model.expressions.shaped import Shape, shape_of
from reconciler.model.plan import CheckResult
from reconciler.planning.allowances import Allowed, written_entry
from reconciler.report.remarks import NOT_EVALUATED
from reconciler.report.shapes import PlanDocument
from reconciler.report.words import listing, number

_MOST_NAMED = 5
_NAMES = ("name", "key", "code", "limit", "path")
"""How an item of a list is called: by the first of these that it has."""


@cache
def plan_shape() -> Shape:
    """What `plan` is in a check, by the document's own schema."""
    return shape_of(PlanDocument.model_json_schema(mode="serialization"))


def check_results(
    checks: Mapping[str, PlanCheck], document: PlanDocument, allowed: Allowed | None = None
) -> tuple[CheckResult, ...]:
    """What each check says of the document, by code."""
    values = {"plan": document.model_dump(mode="json")}
    return tuple(_result(checks[code], values, allowed or Allowed()) for code in sorted(checks))


def _result(check: PlanCheck, values: Mapping[str, Any], allowed: Allowed) -> CheckResult:
    program = compile_expression(check.deny.text)
    found = denial(program, values)
    if found.denied is False:
        return CheckResult(check.code, check.level, check.message, check.where, passed=True)
    detail = f"{NOT_EVALUATED}: {found.why}" if found.denied is None else _named(denied_items(program, values))
    by = allowed.check(check.code)
    result = CheckResult(check.code, check.level, check.message, check.where, False, detail, by)
    return replace(result, ways=tuple(_ways(check))) if result.stops else result


def _ways(check: PlanCheck) -> Iterator[str]:
    yield "change what is denied"
    yield f"add to allow: {written_entry(check=check.code)}"


def _named(items: Iterable[Mapping[str, Any]]) -> str:
    """The first few by name, and how many more there are."""
    names = list(dict.fromkeys(str(name) for item in items if (name := _name(item))))
    more = len(names) - _MOST_NAMED
    return listing(names[:_MOST_NAMED]) + (f" and {number(more)} more" if more > 0 else "")


def _name(item: Mapping[str, Any]) -> str:
    return next((str(item[key]) for key in _NAMES if item.get(key)), "")
