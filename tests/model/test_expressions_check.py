"""Expressions are tried on typed samples before any person is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.expressions import KNOWN, check_result, compile_expression

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("orders > 0", {"orders": "integer"}),
        ('user_status == "0"', {}),
        ('last_login > now - duration("720h")', {"last_login": "datetime"}),
        ("birthday < now", {"birthday": "date"}),
        ("total >= 1.5", {"total": "number"}),
        ("newsletter", {"newsletter": "checkbox"}),
        ('tags.exists(t, t == "a")', {"tags": "multiselect"}),
        ("int(age) > 17", {}),
        ('timestamp(seen + "T00:00:00Z") < now', {}),
        ("a == null || a > 3", {"a": "integer"}),
        ('lower(mail).endsWith("@example.org")', {"mail": "email"}),
        ("row[which] == which", {}),
        ('row["Last Name"].size() > 0', {}),
        ("true", {}),
        ("x + 1 == 2", {"x": "integer"}),
        ("a + b + c + d + e + f > 5", dict.fromkeys("abcdef", "integer")),
        ("x == y", {"x": "integer"}),
    ],
)
def test_a_condition_that_can_hold_is_left_alone(text: str, types: dict[str, str]) -> None:
    assert check_result(compile_expression(text), types, "bool", NOW) is None


@pytest.mark.parametrize(
    ("text", "types", "detail", "hint"),
    [
        ("orders > 0", {}, "`orders` reads as text", "types: {orders: integer}"),
        ('seen > now - duration("1h")', {}, "`seen` reads as text", "types: {seen: datetime}"),
        ("orders == 0", {}, "`orders` reads as text and never equals a number", '"0"'),
        ("0 != orders", {}, "`orders` reads as text and never equals a number", "integer"),
        ("a && optin == true", {"a": "checkbox"}, "`optin` reads as text and never equals true", "checkbox"),
        ('orders == "3"', {"orders": "integer"}, "`orders` reads as integer and never equals a text", "without quotes"),
        ("lowr(x) == x", {}, "`lowr` is not a function", "`lower`"),
        ("x.split(y) == y", {}, "`split` is not a function", "known are"),
        ("orders", {"orders": "integer"}, "it gives a number, not true or false", "compare"),
        ("first + last", {}, "it gives text, not true or false", "compare"),
        ('newsletter ? true : "no"', {"newsletter": "checkbox"}, "it gives text, not true or false", "compare"),
        ("orders + 1.5 > 2.0", {"orders": "integer"}, "the types do not fit", "double(...)"),
        ("null", {}, "it gives nothing", "types"),
        ('x.matches("(")', {}, "it gives nothing", "types"),
    ],
)
def test_a_condition_that_can_never_hold_is_named_with_a_way_out(
    text: str, types: dict[str, str], detail: str, hint: str
) -> None:
    found = check_result(compile_expression(text), types, "bool", NOW)
    assert found is not None
    assert found.detail.startswith(detail)
    assert hint in found.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('duration("1h")', "a span of time"),
        ('{"a": 1}', "a map"),
        ("1.0 / 0.0", "an endless number"),
        ('b"a"', "no value"),
    ],
)
def test_a_computed_value_that_no_field_could_take_is_named(text: str, said: str) -> None:
    found = check_result(compile_expression(text), {}, "any", NOW)
    assert found is not None
    assert said in found.detail


@pytest.mark.parametrize("text", ["now", "[1, 2]", 'a + "x"', "round(1.5)", 'a == "" ? "none" : a'])
def test_a_computed_value_may_be_of_any_type_that_a_field_takes(text: str) -> None:
    assert check_result(compile_expression(text), {}, "any", NOW) is None


_CALLS = (
    '"1".{}("1")',
    '{}("1")',
    '{}("1s") == duration("1s")',
    '{}("2026-01-02T03:04:05Z") < now',
    "now.{}()",
    "{}(1.5)",
    "[1].{}(v, v == 1)",
)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_function_that_is_said_to_exist_does(name: str) -> None:
    calls = ["has(row.x)"] if name == "has" else [call.format(name) for call in _CALLS]
    assert any(check_result(compile_expression(call), {}, "any", NOW) is None for call in calls)
