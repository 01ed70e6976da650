"""Expressions: CEL over one person's typed values. An error, a null or a senseless result is `UNKNOWN`, never a guess.

No message here quotes the engine or a value; an expression's own words may be quoted, they stand in the file.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from reconciler.model.expressions.engine import ADDED, SIZE, engine, is_engine_panic, run
from reconciler.model.expressions.tokens import Miswritten, Names, Token, names_of, tokenize
from reconciler.model.types.numbers import plain


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""What an expression gives when nobody can say: an error, a null, a result that is no value."""


class ExpressionError(ValueError):
    """An expression that cannot work. `detail` says why and where, `hint` is the way out."""

    def __init__(self, detail: str, hint: str = "") -> None:
        self.detail = detail
        self.hint = hint
        super().__init__(detail, hint)

    def __str__(self) -> str:
        return self.detail


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression; compare, hash and pickle it like its text.

    `columns`: every source column it reads, as far as the text says; `whole_row`: it reads columns that only a run
    shows. `functions`: what it calls, macros left out.
    """

    text: str
    columns: tuple[str, ...] = field(compare=False)
    whole_row: bool = field(compare=False)
    uses_now: bool = field(compare=False)
    functions: tuple[str, ...] = field(compare=False)
    names: Names = field(compare=False, repr=False)
    tokens: tuple[Token, ...] = field(compare=False, repr=False)
    _compiled: Any = field(compare=False, repr=False)
    _added: dict[str, Callable[..., object]] = field(compare=False, repr=False)

    def __reduce__(self) -> tuple[Callable[[str], Program], tuple[str]]:
        return compile_expression, (self.text,)

    def given(self, values: Mapping[str, object], now: datetime) -> dict[str, object]:
        """What the engine is handed: only what the expression names."""
        names = self.names
        given = {name: values[name] for name in names.plain if name in values}
        if names.uses_row:
            given["row"] = dict(values) if names.whole_row else {k: values[k] for k in names.row_keys if k in values}
        if names.uses_now:
            given["now"] = now
        return given

    def run(self, values: Mapping[str, object], now: datetime) -> tuple[object, Any]:
        """The engine's bare result and None, or None and the `engine.Fault`: for `check_result` only."""
        return run(self._compiled, self.given(values, now), self._added)

    def evaluate(self, values: Mapping[str, object], now: datetime) -> object:
        """The value: bool, int, float, str, aware datetime or a list of them; or `UNKNOWN`.

        `values` are `types.cel_value`s by column name.
        """
        result, fault = run(self._compiled, self.given(values, now), self._added)
        return usable(result) if fault is None else UNKNOWN

    def evaluate_bool(self, values: Mapping[str, object], now: datetime) -> bool | None:
        """True, False, or None: unknown, or not a bool."""
        result = self.evaluate(values, now)
        return result if isinstance(result, bool) else None


def compile_expression(text: str) -> Program:
    """Compile, or raise `ExpressionError`. Unknown columns and functions are not errors here."""
    try:
        tokens = tokenize(text)
        names = names_of(tokens, literal_text)
    except Miswritten as found:
        raise ExpressionError(f"{found.detail}, {_place(text, found.at)}", found.hint) from None
    functions = tuple(dict.fromkeys(name for name, _ in names.calls))
    inside = [SIZE if name == "size" else name for name in functions]
    return Program(
        text=text,
        columns=names.columns,
        whole_row=names.whole_row,
        uses_now=names.uses_now,
        functions=functions,
        names=names,
        tokens=tuple(tokens),
        _compiled=_compile(text, names),
        _added={name: ADDED[name] for name in inside if name in ADDED},
    )


def _compile(text: str, names: Names) -> Any:
    source = text
    for name, at in names.calls:
        if name == "size":
            source = source[:at] + SIZE + source[at + len(name) :]
    try:
        return engine().compile(source)
    except Exception as error:
        found = re.search(r"<input>:(\d+):(\d+)", str(error))
    except BaseException as error:
        if not is_engine_panic(error):
            raise
        found = None
    where = f", {_line_and_character(int(found[1]), int(found[2]), text)}" if found else ""
    raise ExpressionError(f"not an expression{where}", "see the list of operators and functions in the documentation")


def literal_text(quoted: str) -> str | None:
    """The text that a quoted token stands for; None for bytes."""
    try:
        value = engine().compile(quoted).execute({})
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def _place(text: str, at: int) -> str:
    before = text[:at]
    return _line_and_character(before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1, text)


def _line_and_character(line: int, character: int, text: str) -> str:
    return f"at line {line}, character {character}" if "\n" in text.strip() else f"at character {character}"


def usable(result: object) -> object:
    """The result if it is a value that a field could take, else `UNKNOWN`."""
    if isinstance(result, list):
        return result if all(_is_scalar(item) for item in result) else UNKNOWN
    return result if _is_scalar(result) else UNKNOWN


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, bool | int | str | datetime)


def result_text(value: object) -> str | None:
    """A result as raw text for a type's parser; None for `UNKNOWN` and for nothing.

    Numbers are plain decimals, moments ISO in UTC, lists compact JSON.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return plain(Decimal(repr(value))) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"
    if isinstance(value, list):
        return json.dumps([result_text(item) for item in value], ensure_ascii=False, separators=(",", ":"))
    return None
