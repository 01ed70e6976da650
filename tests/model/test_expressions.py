"""Expressions: what they name, what they give, and that nobody's value ever leaves them in an error."""

from __future__ import annotations

import logging
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.expressions import UNKNOWN, ExpressionError, compile_expression, result_text

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("orders > 0", {"orders": 3}, True),
        ('first + " " + last', {"first": "Ada", "last": "L"}, "Ada L"),
        ('row["First Name"] == "Ada"', {"First Name": "Ada"}, True),
        ("row['x y'] + row.z", {"x y": "a", "z": "b"}, "ab"),
        ('row["say \\"hi\\""]', {'say "hi"': "yes"}, "yes"),
        ("row[which]", {"which": "a", "a": "found"}, "found"),
        ('has(row.gone) ? "y" : "n"', {}, "n"),
        ('last_login > now - duration("720h")', {"last_login": DAY}, True),
        ("now == seen", {"now": "a column", "seen": NOW}, True),
        ('row["now"]', {"now": "a column"}, "a column"),
        ('tags.exists(t, t == "a")', {"tags": ["a", "b"]}, True),
        ('"a" in tags', {"tags": ["a"]}, True),
        ("maybe == null", {"maybe": None}, True),
        ("sure || maybe", {"sure": True, "maybe": None}, True),
        ("sure && maybe", {"sure": False, "maybe": None}, False),
        ("lower(x) + upper(x) + trim(y)", {"x": "Éa", "y": "\u00a0z "}, "éaÉAz"),
        ("x.lower()", {"x": "A"}, "a"),
        ("lower(lower)", {"lower": "A"}, "a"),
        ("round(2.5)", {}, 3.0),
        ("round(-2.5)", {}, -3.0),
        ("round(x, 2)", {"x": 2.675}, 2.68),
        ("round(1250, -2)", {}, 1300),
        ("round(x, 300)", {"x": 0.1}, 0.1),
        ("size(x)", {"x": "éü"}, 2),
        ("x.size() + size(y)", {"x": "é", "y": ["a", "b"]}, 3),
        ('"size(" + x', {"x": "é"}, "size(é"),
        ("string(x)", {"x": True}, "true"),
        ("string(x)", {"x": 12}, "12"),
        ('x // the " rest\n == "a"', {"x": "a"}, True),
        ("'''it's''' + x", {"x": "!"}, "it's!"),
        (r"x == r'\d'", {"x": r"\d"}, True),
    ],
)
def test_an_expression_gives_its_value(text: str, values: dict[str, object], result: object) -> None:
    found = compile_expression(text).evaluate(values, NOW)
    assert (found, found.__class__) == (result, result.__class__)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("orders > 0", {}),
        ("orders > 0", {"orders": None}),
        ("orders > 0", {"orders": "3"}),
        ("maybe", {"maybe": None}),
        ("sure && maybe", {"sure": True, "maybe": None}),
        ("1 / orders == 1", {"orders": 0}),
        ("orders + 9223372036854775807", {"orders": 1}),
        ("x.matches('(')", {"x": "a"}),
        ("int(x)", {"x": "many"}),
        ("lower(x)", {"x": None}),
        ("upper(x)", {"x": 1}),
        ("trim(x, x)", {"x": "a"}),
        ("round(x)", {"x": "1"}),
        ("round(x)", {"x": True}),
        ("round(1.5, 999)", {}),
        ("round()", {}),
        ("size(1)", {}),
        ("nothing_of_that_name(x)", {"x": "a"}),
        ('duration("1h")', {}),
        ('{"a": 1}', {}),
        ('b"bytes"', {}),
        ("[[1]]", {}),
        ("[x]", {"x": None}),
        ("1.0 / 0.0", {}),
        ("x", {"x": "\ud800"}),
        ("x", {"x": object()}),
        ('row["gone"]', {}),
    ],
)
def test_errors_nulls_and_senseless_results_are_unknown(text: str, values: dict[str, object]) -> None:
    program = compile_expression(text)
    assert program.evaluate(values, NOW) is UNKNOWN
    assert program.evaluate_bool(values, NOW) is None


@pytest.mark.parametrize(("value", "answer"), [(True, True), (False, False), ("true", None), (1, None)])
def test_a_condition_is_true_false_or_unknown(value: object, answer: bool | None) -> None:
    assert compile_expression("x").evaluate_bool({"x": value}, NOW) is answer


@pytest.mark.parametrize(
    ("text", "columns", "whole_row", "uses_now"),
    [
        ("orders > 0", ("orders",), False, False),
        ("b + a + b", ("b", "a"), False, False),
        ('row["First Name"] + row.last', ("First Name", "last"), False, False),
        ("row[key]", ("key",), True, False),
        ("size(row) > 3", (), True, False),
        ("row.exists(k, row[k] == x)", ("x",), True, False),
        ("row.size()", (), True, False),
        ("now > seen", ("seen",), False, True),
        ("tags.exists(t, t == x)", ("tags", "x"), False, False),
        ("tags.exists(t, t == x) || t", ("tags", "x", "t"), False, False),
        ("tags.filter(now, now == x)", ("tags", "x"), False, False),
        ("tags.map(t, t.map(u, u + t))", ("tags",), False, False),
        ("tags.map(a, a > 0, a + b)", ("tags", "b"), False, False),
        ("has(row.a) && lower(b.c) == 'd'", ("a", "b"), False, False),
        ('{"k": v}.k == "row.x"', ("v",), False, False),
        ("true && null == x // y", ("x",), False, False),
        (r'row["\u0041\x42"]', ("AB",), False, False),
        ("x in [y]", ("x", "y"), False, False),
        ("map(x, y)", ("x", "y"), False, False),
    ],
)
def test_an_expression_says_which_columns_it_reads(
    text: str, columns: tuple[str, ...], whole_row: bool, uses_now: bool
) -> None:
    program = compile_expression(text)
    assert (program.columns, program.whole_row, program.uses_now) == (columns, whole_row, uses_now)


def test_an_expression_says_which_functions_it_calls() -> None:
    program = compile_expression(
        'has(row.a) && tags.exists(t, lower(t) == x.trim()) && size(tags) > round(y) && lower("A") == "a"'
    )
    assert program.functions == ("lower", "trim", "size", "round")


@pytest.mark.parametrize(
    ("text", "detail", "hint"),
    [
        ("", "the expression is empty, at character 1", "orders > 0"),
        ("a = 1", "`=` is not a comparison, at character 3", "`==`"),
        ("a and b", "`and` is not an operator, at character 3", "`&&`"),
        ("not a", "`not` is not an operator, at character 1", "`!`"),
        ("a | b", "`|` is not an operator, at character 3", "`||`"),
        ('a == "x', "a quoted text does not end, at character 6", "close the quotes"),
        ("a && (b", "`(` is never closed, at character 6", "`)`"),
        ("a)", "`)` closes nothing, at character 2", "remove"),
        ("(a]", "`]` closes nothing, at character 3", "remove"),
        ("if > 1", "`if` is a reserved word, at character 1", 'row["if"]'),
        ("`a b`", "a name in backticks, at character 1", "row["),
        (".a", "a name begins with a dot, at character 1", "remove"),
        ("a b", "not an expression, at character 3", "documentation"),
        ("a ||\n b c", "not an expression, at line 2, character 4", "documentation"),
        ("(" * 65 + "1" + ")" * 65, "nested deeper than 64 levels, at character 65", "apart"),
        ("true" + " ? true : true" * 65, "more than 64 choices with `?`, at character 1", "map"),
        ("1" * 10_001, "longer than 10,000 characters, at character 1", "split"),
    ],
)
def test_a_miswritten_expression_says_where_and_what_to_write(text: str, detail: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(text)
    assert refused.value.detail == detail
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000,
        "[" * 5_000,
        "!" * 9_000 + "true",
        "-" * 9_000 + "1",
        "1" + "+1" * 4_900,
        "a" + ".b" * 4_900,
        "a" + "[0]" * 3_000,
    ],
)
def test_no_depth_of_nesting_ends_the_program(text: str) -> None:
    try:
        compile_expression(text).evaluate({"a": []}, NOW)
    except ExpressionError as refused:
        assert "nested" in refused.detail or "longer" in refused.detail  # noqa: PT017  # most of these compile


def test_the_deepest_nesting_that_is_allowed_works() -> None:
    assert compile_expression("(" * 64 + "1" + ")" * 64).evaluate({}, NOW) == 1


_PIECES = (
    "a", "row", "now", "1", "1.5", '"x"', "null", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "==", "+", "-", "*",
    "&&", "||", "!", "in", "size(", "exists(x,", "lower(", "duration(", " ", "\n", "'", "'''", "\\",
)  # fmt: skip


@settings(deadline=None)
@given(
    st.one_of(
        st.text(alphabet=st.characters(exclude_categories=[])),
        st.lists(st.sampled_from(_PIECES)).map("".join),
    )
)
def test_every_text_compiles_or_is_refused_in_our_words(text: str) -> None:
    try:
        program = compile_expression(text)
    except ExpressionError as refused:
        error = refused
    else:
        program.evaluate({"a": 1}, NOW)
        return
    assert error.hint
    assert error.__cause__ is None
    assert "ERROR" not in error.detail
    assert "<input>" not in error.detail


def test_a_value_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    canary = "canary-4711"
    values = {"x": canary, "n": 1}
    with caplog.at_level(logging.DEBUG):
        for text in ("int(x)", "x.matches(x + '(')", "lower(n, x)", "x + n", "timestamp(x)", "row.x / 0", "upper([x])"):
            assert compile_expression(text).evaluate(values, NOW) is UNKNOWN
    printed = capfd.readouterr()
    assert canary not in caplog.text + printed.out + printed.err
    assert caplog.text == ""


def test_an_expression_error_does_not_quote_the_texts_of_the_expression() -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression('email == "canary@example.org" email')
    assert "canary" not in repr(refused.value) + refused.value.detail + refused.value.hint
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_program_is_compared_and_sent_to_workers_as_its_text() -> None:
    program = compile_expression("orders > 0")
    again = pickle.loads(pickle.dumps(program))
    assert again == program
    assert hash(again) == hash(program)
    assert again.evaluate({"orders": 1}, NOW) is True


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is ", "as it is "),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (2.0, "2"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (1e22, "10000000000000000000000"),
        (1e-7, "0.0000001"),
        (datetime(2026, 11, 22, 10, 0, 0, 999, tzinfo=UTC), "2026-11-22T10:00:00Z"),
        (["ü", 1, True], '["ü","1","true"]'),
        (None, None),
        (UNKNOWN, None),
        (float("inf"), None),
    ],
)
def test_a_result_becomes_raw_text_for_the_types_parser(value: object, text: str | None) -> None:
    assert result_text(value) == text
