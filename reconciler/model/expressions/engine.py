"""The engine behind expressions, reached by its native module alone, and the functions that we add to it.

The package around that module starts an interactive shell when imported; nothing here may import it.
Text of the engine's errors quotes values and stays in this module: `run` says only what kind of failure it was.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import Any

SIZE = "siz_"
"""What `size` is called inside: the engine counts a text's bytes, CEL its characters. As long as `size` is."""

_REFUSED = object()
"""Given back by our functions for arguments that they do not take. The engine cannot hold it and fails quietly; an
exception would be logged by it, values and all."""

_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)


class Fault(StrEnum):
    """Why an expression gave nothing."""

    TYPES = "types"
    UNDEFINED = "undefined"
    ARITHMETIC = "arithmetic"
    FUNCTION = "function"
    OTHER = "other"


class EngineMissing(ImportError):
    """The native module was not found in the installed package."""


@cache
def engine() -> ModuleType:
    """The native module, loaded once, without its package."""
    package = importlib.util.find_spec("cel")
    if package is None or package.origin is None:
        raise EngineMissing("the package common-expression-language is not installed")
    for suffix in EXTENSION_SUFFIXES:
        file = Path(package.origin).with_name("cel" + suffix)
        if file.is_file():
            spec = importlib.util.spec_from_file_location("cel.cel", file)
            if spec is None or spec.loader is None:
                break
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            logging.getLogger("cel").disabled = True
            return module
    raise EngineMissing("the package common-expression-language has no native module for this Python")


def is_engine_panic(error: BaseException) -> bool:
    """Whether the native code gave up: not an `Exception`, so that a plain handler would let it end the program."""
    return type(error).__name__ == "PanicException"


def run(program: Any, values: dict[str, object], functions: dict[str, Any]) -> tuple[object, Fault | None]:
    """The result and None, or None and why there is none. Never raises for what values or expressions hold."""
    try:
        if functions:
            return program.execute(engine().Context(variables=values, functions=functions)), None
        return program.execute(values), None
    except Exception as error:
        return None, _fault(error)
    except BaseException as error:
        if is_engine_panic(error):
            return None, Fault.OTHER
        raise


def _fault(error: Exception) -> Fault:
    for kind, fault in ((TypeError, Fault.TYPES), (ArithmeticError, Fault.ARITHMETIC)):
        if isinstance(error, kind):
            return fault
    if isinstance(error, RuntimeError):
        text = str(error)
        for start, fault in (("Undefined", Fault.UNDEFINED), ("Function", Fault.FUNCTION)):
            if text.startswith(start):
                return fault
    return Fault.OTHER


def _on_text(change: Callable[[str], str]) -> Callable[..., object]:
    def function(*arguments: object) -> object:
        if len(arguments) == 1 and isinstance(arguments[0], str):
            return change(arguments[0])
        return _REFUSED

    return function


def _round(*arguments: object) -> object:
    """Half away from zero, of the number as written (2.675 to two digits is 2.68); keeps int an int."""
    value, digits = (*arguments, 0)[:2] if len(arguments) in (1, 2) else (None, None)
    if type(digits) is not int or not -300 <= digits <= 300 or type(value) not in (int, float):
        return _REFUSED
    try:
        rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), context=_WIDE)
    except InvalidOperation:
        return _REFUSED
    return int(rounded) if type(value) is int else float(rounded)


def _size(*arguments: object) -> object:
    if len(arguments) == 1 and isinstance(arguments[0], str | bytes | list | dict):
        return len(arguments[0])
    return _REFUSED


def _string(*arguments: object) -> object:
    if len(arguments) == 1 and isinstance(arguments[0], bool):
        return "true" if arguments[0] else "false"
    return _REFUSED


ADDED: dict[str, Callable[..., object]] = {
    "lower": _on_text(str.lower),
    "upper": _on_text(str.upper),
    "trim": _on_text(str.strip),
    "round": _round,
    "string": _string,
    SIZE: _size,
}
"""Our functions. `string` adds what the engine's own lacks: booleans."""

KNOWN = frozenset(
    (
        *("size", "contains", "startsWith", "endsWith", "matches", "type", "dyn"),
        *("int", "uint", "double", "string", "bytes", "duration", "timestamp"),
        *("getFullYear", "getMonth", "getDayOfYear", "getDayOfMonth", "getDate", "getDayOfWeek"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
        *("lower", "upper", "trim", "round"),
        *("has", "all", "exists", "exists_one", "existsOne", "map", "filter"),
    )
)
"""Every function that an expression may call."""
