"""Trying an expression on typed samples before any person is read: does it ever give what is wanted?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.model.expressions.engine import KNOWN, Fault
from reconciler.model.expressions.program import UNKNOWN, ExpressionError, Program, usable
from reconciler.model.expressions.tokens import Token
from reconciler.model.names import near_matches
from reconciler.model.types import TYPES, cel_value

_SAMPLES: dict[str, tuple[str | None, ...]] = {
    "text": ("text", "1", None, "2026-01-02T03:04:05Z", "12h", "true", "1.5"),
    "email": ("name@example.org", None),
    "phone": ("+4930123456", None),
    "url": ("https://example.org/", None),
    "number": ("1.5", "0", "-2", None),
    "integer": ("3", "0", "-1", None),
    "checkbox": ("true", "false", None),
    "date": ("2026-01-02", None),
    "datetime": ("2026-01-02T03:04:05Z", None),
    "multiselect": ('["a","b"]', '["1"]', None),
    "country": ("DE", None),
    "score": ("10", "0", None),
}
_OTHER: tuple[str | None, ...] = ("text", "1", None)
_MOST_ROUNDS = 4000
_OTHER_READINGS = ("integer", "number", "datetime", "checkbox", "multiselect")
_CONVERTERS = frozenset(("int", "uint", "double", "timestamp", "duration", "bytes"))

_NUMERIC = frozenset(("integer", "number", "score"))
_TEXTUAL = frozenset(TYPES) - _NUMERIC - {"checkbox", "date", "datetime", "multiselect"}
_SAID = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a map",
    datetime: "a moment",
    timedelta: "a span of time",
}


def check_result(program: Program, types: Mapping[str, str], want: str, now: datetime) -> ExpressionError | None:
    """Why this expression can never give what is wanted, or None.

    `want`: "bool" or "any". `types`: column -> value type, `text` for those that are missing. An expression that might
    work for some input is left alone: conversions of text are not held against it.
    """
    return _unknown_function(program) or _never_equal(program, types) or _rehearse(program, types, want, now)


def _unknown_function(program: Program) -> ExpressionError | None:
    for name in program.functions:
        if name not in KNOWN:
            near = near_matches(name, KNOWN)
            meant = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
            return ExpressionError(f"`{name}` is not a function", meant or f"known are {', '.join(sorted(KNOWN))}")
    return None


_BEFORE = frozenset(("", "(", "[", ",", "?", ":", "&&", "||", "!", "{"))
_AFTER = frozenset(("", ")", "]", ",", "?", ":", "&&", "||", "}"))


def _never_equal(program: Program, types: Mapping[str, str]) -> ExpressionError | None:
    """`orders == 0` where `orders` reads as text is no error to the engine, and never true."""
    words = (Token("end", "", 0), *program.tokens)
    for before, left, sign, right, after in zip(words, words[1:], words[2:], words[3:], words[4:], strict=False):
        alone = before.text in _BEFORE and after.text in _AFTER and sign.text in ("==", "!=")
        if not alone:
            continue
        for name, other in ((left, right), (right, left)):
            if name.kind == "name" and name.text in program.names.plain:
                found = _mismatch(name.text, types.get(name.text, "text"), other)
                if found:
                    return found
    return None


def _mismatch(column: str, type: str, other: Token) -> ExpressionError | None:
    if type in _TEXTUAL and other.kind == "number":
        return ExpressionError(
            f"`{column}` reads as text and never equals a number",
            f'write "{other.text}" in quotes, or declare types: {{{column}: integer}}',
        )
    if type in _TEXTUAL and other.text in ("true", "false"):
        return ExpressionError(
            f"`{column}` reads as text and never equals {other.text}", f"declare types: {{{column}: checkbox}}"
        )
    if type in _NUMERIC | {"checkbox"} and other.kind == "string":
        return ExpressionError(f"`{column}` reads as {type} and never equals a text", "write the value without quotes")
    return None


def _rehearse(program: Program, types: Mapping[str, str], want: str, now: datetime) -> ExpressionError | None:
    faults: set[Fault] = set()
    results: list[object] = []
    for values in _rounds(program, types):
        result, fault = program.run(values, now)
        if fault is not None:
            faults.add(fault)
        elif result is not None:
            results.append(result)
    if want == "bool":
        wrong = [result for result in results if not isinstance(result, bool)]
    else:
        wrong = [result for result in results if usable(result) is UNKNOWN]
        wrong = wrong if len(wrong) == len(results) else []
    if wrong:
        return _wrong_result(wrong[0], want)
    if results or program.whole_row or (Fault.FUNCTION in faults and _CONVERTERS & set(program.functions)):
        return None
    return _never_works(program, types, faults, now)


def _wrong_result(result: object, want: str) -> ExpressionError:
    said = next((words for kind, words in _SAID.items() if isinstance(result, kind)), "something that is no value")
    if isinstance(result, float) and not math.isfinite(result):
        said = "an endless number"
    if want == "bool":
        return ExpressionError(f"it gives {said}, not true or false", "compare it with something, as in `orders > 0`")
    return ExpressionError(f"it gives {said}", "give text, a number, a bool, a moment or a list of them")


def _never_works(program: Program, types: Mapping[str, str], faults: set[Fault], now: datetime) -> ExpressionError:
    for column in program.columns:
        if types.get(column, "text") != "text":
            continue
        for other in _OTHER_READINGS:
            if any(program.run(v, now)[0] is not None for v in _rounds(program, {**types, column: other})):
                return ExpressionError(
                    f"`{column}` reads as text, and this does not work with text",
                    f"declare types: {{{column}: {other}}}",
                )
    if Fault.TYPES in faults:
        return ExpressionError(
            "the types do not fit each other, whatever the values",
            "only like goes with like: convert with int(...), double(...) or string(...)",
        )
    if Fault.UNDEFINED in faults:
        return ExpressionError(
            "a name or a function does not exist for these types", "look at the types of the columns it reads"
        )
    return ExpressionError("it gives nothing, whatever the values", "look at the types of the columns it reads")


def _rounds(program: Program, types: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """Samples of every column together: all combinations where they are few, else a spread of them."""
    columns = tuple(dict.fromkeys((*program.columns, *(types if program.whole_row else ()))))
    samples = [_samples(types.get(column, "text")) for column in columns]
    total = 1
    for of_one in samples:
        total *= len(of_one)
    picks = itertools.product(*samples) if total <= _MOST_ROUNDS else _spread(samples)
    for pick in picks:
        yield dict(zip(columns, pick, strict=True))


def _samples(type: str) -> list[object]:
    return [cel_value(type, canonical) for canonical in _SAMPLES.get(type, _OTHER)]


def _spread(samples: Sequence[list[object]]) -> Iterator[tuple[object, ...]]:
    longest = max(len(of_one) for of_one in samples)
    for start, step in itertools.product(range(longest), range(longest)):
        yield tuple(of_one[(start + step * n) % len(of_one)] for n, of_one in enumerate(samples))
