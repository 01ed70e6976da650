"""What an expression denies: yes, no, or why nobody can say; and which items of which lists it denies.

Nothing here raises for what a document holds, and nothing quotes the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from reconciler.model.expressions.engine import Fault
from reconciler.model.expressions.program import ExpressionError, Program, compile_expression
from reconciler.model.expressions.tokens import Token

_SOME_DAY = datetime(2020, 1, 1, tzinfo=UTC)  # such expressions know no clock
_WHY: Mapping[Fault, str] = {
    Fault.TYPES: "types that do not go together, perhaps a null",
    Fault.UNDEFINED: "a function that does not exist for what it was given, perhaps a null",
    Fault.ARITHMETIC: "a division by zero, or a number that is too large",
    Fault.FUNCTION: "a text that cannot be converted",
    Fault.OTHER: "a key or an item that is not there",
}
MOST_ITEMS = 10_000
"""Of how many items of a list it is told which are denied."""


class Denial(NamedTuple):
    """`denied` None: nobody can say, and `why` does."""

    denied: bool | None
    why: str = ""


def denial(program: Program, values: Mapping[str, object]) -> Denial:
    """What the expression says of these values."""
    result, fault = program.run(values, _SOME_DAY)
    if fault is not None:
        return Denial(None, _WHY[fault])
    if isinstance(result, bool):
        return Denial(result)
    return Denial(None, "it gives null" if result is None else "it gives neither true nor false")


def denied_items(program: Program, values: Mapping[str, object]) -> tuple[Mapping[str, Any], ...]:
    """The items for which `LIST.exists(x, ...)` is true or `!LIST.all(x, ...)` is, where the expression is one of these
    or several of them joined by `||`. Of an expression that is written otherwise none: it speaks for itself."""
    found: list[Mapping[str, Any]] = []
    for part in _parts(program.tokens):
        asked = _macro(program.text, part)
        if asked is not None:
            found += _items(*asked, values)
    return tuple(found)


class _Asked(NamedTuple):
    """A list, the name of its items in a condition, the condition, and what it is for those that are denied."""

    over: str
    name: str
    condition: str
    wanted: bool


def _items(over: str, name: str, condition: str, wanted: bool, values: Mapping[str, object]) -> Iterator[Any]:
    try:
        items, _ = compile_expression(over).run(values, _SOME_DAY)
        program = compile_expression(condition)
    except ExpressionError:
        return
    for item in items[:MOST_ITEMS] if isinstance(items, list) else ():
        result, _ = program.run({**values, name: item}, _SOME_DAY)
        if result is wanted and isinstance(item, Mapping):
            yield item


def _parts(tokens: tuple[Token, ...]) -> Iterator[list[Token]]:
    """What stands between `||` outside of all brackets."""
    part: list[Token] = []
    depth = 0
    for token in tokens:
        depth += _deeper(token)
        if token.kind == "end" or (token.kind == "sign" and token.text == "||" and not depth):
            yield part
            part = []
        else:
            part.append(token)


def _macro(text: str, part: list[Token]) -> _Asked | None:
    negated = bool(part) and part[0].kind == "sign" and part[0].text == "!"
    words = part[1:] if negated else part
    depth = 0
    for at, token in enumerate(words):
        named = token.kind == "name" and token.text == ("all" if negated else "exists")
        if named and not depth and 0 < at < len(words) - 4 and words[at - 1].text == "." and words[at + 3].text == ",":
            if _closes(words, at + 1) != len(words) - 1 or any(w.text in ("&&", "?", "==", "!=") for w in words[:at]):
                return None
            over = text[words[0].at : words[at - 1].at]
            condition = text[words[at + 4].at : words[-1].at]
            return _Asked(over, words[at + 2].text, condition, not negated)
        depth += _deeper(token)
    return None


def _closes(words: list[Token], opening: int) -> int:
    depth = 0
    for at in range(opening, len(words)):
        depth += _deeper(words[at])
        if not depth:
            return at
    return -1


def _deeper(token: Token) -> int:
    if token.kind != "sign":
        return 0
    return (token.text in "([{") - (token.text in ")]}")
