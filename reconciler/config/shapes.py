"""How single values are read: as they are written, never as YAML guesses.

Each shape is a type for the models: it takes a node of the tree and gives a Python value, or refuses with a sentence of
ours. Refusals carry no input; `reading` gives them a place and a code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_plain_validator_function

from reconciler.config.tree import Mapping, Node, Scalar, Sequence

NOTED = "noted"
"""Refusal of something that has been noted already."""

# Compiled when such a value is read: `re` keeps what it has compiled.
_DIGITS = r"-?[0-9]{1,18}"
_DECIMAL = r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
_DURATION = r"([0-9]{1,9})(ms|s|m|h|d)"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
_UNPRINTED = "[\x00-\x1f\x7f-\x9f\u2028\u2029]"
_REFERENCE = {"type": "string", "pattern": r"\$\{"}


def refusal(code: str, say: str, **more: Any) -> PydanticCustomError:
    """A refusal with our sentence; `more` may hold `fix`, or `given` and `allowed` for near matches."""
    return PydanticCustomError("ours", "refused", {"code": code, "say": say, **more})


def noted() -> PydanticCustomError:
    return PydanticCustomError(NOTED, "refused")


def scalar(node: Any, wanted: str) -> Scalar:
    """The node as a scalar with a value. Raises a refusal for everything else."""
    if not isinstance(node, Scalar):
        kind = "a list" if isinstance(node, Sequence) else "a mapping"
        raise refusal("E113", f"{wanted} is wanted, {kind} stands there")
    if node.broken:
        raise noted()
    if node.is_null:
        raise refusal("E115", "it has no value")
    return node


def read_text(node: Any) -> str:
    return scalar(node, "a text").text


def read_name(node: Any) -> str:
    text = scalar(node, "a name").text
    wrong = name_trouble(text)
    if wrong:
        raise refusal("E126", wrong)
    return text


def name_trouble(name: str) -> str | None:
    """Why the text cannot be the name of a field, tag, column or score; None if it can."""
    if not name.strip():
        return "the name is empty"
    if name != name.strip():
        return "the name begins or ends with a space"
    if name.isprintable() or not re.search(_UNPRINTED, name):
        return None
    return "the name holds a line break or a control character"


def _plain(node: Any, wanted: str) -> str:
    found = scalar(node, wanted)
    if found.style and found.written is None:
        raise refusal("E114", f"{wanted} is wanted, quotes make it a text", fix="remove the quotes")
    return found.text


def read_flag(node: Any) -> bool:
    text = _plain(node, "`true` or `false`")
    if text not in ("true", "false"):
        raise refusal("E114", "`true` or `false` is wanted", fix="write `true` or `false`")
    return text == "true"


def read_whole(least: int, most: int | None) -> Callable[[Any], int]:
    """A reader of whole numbers in plain digits from `least` to `most`, both included."""
    wanted = f"a whole number from {least} {f'to {most}' if most is not None else 'on'}"

    def read(node: Any) -> int:
        text = _plain(node, wanted)
        if not re.fullmatch(_DIGITS, text) or int(text) < least or (most is not None and int(text) > most):
            raise refusal("E114", f"{wanted} is wanted, in plain digits", fix="write it in plain digits")
        return int(text)

    return read


def read_decimal(node: Any) -> Decimal:
    text = _plain(node, "a number")
    if not re.fullmatch(_DECIMAL, text):
        raise refusal("E114", "a number such as 10 or -2.5 is wanted", fix="write it in plain digits")
    return Decimal(text)


def read_duration(node: Any) -> Decimal:
    """Seconds."""
    found = re.fullmatch(_DURATION, scalar(node, "a duration").text)
    if found is None or int(found.group(1)) == 0:
        raise refusal(
            "E114", "a duration such as 10s, 5m, 1h or 14d is wanted", fix="write a number and ms, s, m, h or d"
        )
    return int(found.group(1)) * _SECONDS[found.group(2)]


def read_day(node: Any) -> date:
    """A day as 2026-12-01."""
    text = scalar(node, "a day").text
    try:
        if re.fullmatch(_DAY, text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise refusal("E114", "a day such as 2026-12-01 is wanted", fix="write year, month and day: 2026-12-01")


def read_choice(*allowed: str) -> Callable[[Any], str]:
    """A reader of one of a few words."""

    def read(node: Any) -> str:
        found = scalar(node, "a word")
        if found.text not in allowed:
            given = "" if found.foreign else found.text
            raise refusal("E114", "", given=given, allowed=allowed)
        return found.text

    return read


def read_expression(node: Any) -> Scalar:
    """The scalar itself: compiling needs its place. What is no scalar was cut by YAML."""
    if isinstance(node, Mapping | Sequence):
        raise refusal("E116", "YAML reads it as a list or a mapping")
    return scalar(node, "an expression")


def read_permission(node: Any) -> bool | Scalar:
    """`true`, `false`, or an expression."""
    if isinstance(node, Scalar) and not node.style and node.text in ("true", "false"):
        return node.text == "true"
    return read_expression(node)


def read_objects(node: Any) -> str | tuple[str, ...]:
    """One name, or a list of names."""
    return tuple(map(read_name, node.items)) if isinstance(node, Sequence) else read_name(node)


def as_dict(node: Any) -> AnyMapping[str, Node]:
    """The values of a mapping by key. Raises a refusal for everything else."""
    if isinstance(node, Mapping):
        return {key: pair.value for key, pair in node.items.items()}
    if isinstance(node, Scalar) and node.broken:
        raise noted()
    if isinstance(node, Scalar) and node.is_null:
        raise refusal("E115", "it has no value")
    raise refusal("E113", f"a mapping is wanted, {'a list' if isinstance(node, Sequence) else 'a text'} stands there")


def as_list(node: Any) -> list[Node]:
    """The items of a list. Raises a refusal for everything else."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Scalar) and node.is_null:
        raise refusal("E115", "it has no value")
    raise refusal("E113", f"a list is wanted, {'a mapping' if isinstance(node, Mapping) else 'a text'} stands there")


def or_reference(schema: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of a value that may also be filled in by a reference."""
    return {"anyOf": [schema, _REFERENCE]}


TEXT_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"]}


class ReadBy:
    """How a model reads a value: by this function alone. `schema`: the JSON schema of what the file may hold there.

    The library's own annotations do the same and also make a serializer from the type, which nobody needs and which
    costs more than to read some mappings: every run pays for it.
    """

    def __init__(self, read: Callable[[Any], Any], schema: dict[str, Any]) -> None:
        self._read = read
        self._schema = schema

    def __get_pydantic_core_schema__(self, _type: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self._schema)


def _whole(least: int, most: int | None) -> ReadBy:
    schema: dict[str, Any] = {"type": "integer", "minimum": least}
    if most is not None:
        schema["maximum"] = most
    return ReadBy(read_whole(least, most), or_reference(schema))


def choice(*allowed: str) -> ReadBy:
    """The annotation of a text that is one of a few words."""
    return ReadBy(read_choice(*allowed), or_reference({"enum": list(allowed)}))


Text = Annotated[str, ReadBy(read_text, TEXT_SCHEMA)]
Name = Annotated[str, ReadBy(read_name, TEXT_SCHEMA)]
Flag = Annotated[bool, ReadBy(read_flag, or_reference({"type": "boolean"}))]
Count = Annotated[int, _whole(0, None)]
Percent = Annotated[int, _whole(0, 100)]
Decimals = Annotated[int, _whole(0, 15)]
Positive = Annotated[int, _whole(1, None)]
Points = Annotated[Decimal, ReadBy(read_decimal, or_reference({"type": "number"}))]
Duration = Annotated[Decimal, ReadBy(read_duration, {"type": "string", "pattern": r"^[0-9]+(ms|s|m|h|d)$|\$\{"})]
Day = Annotated[date, ReadBy(read_day, {"type": "string", "pattern": rf"^{_DAY}$|\$\{{"})]
Expr = Annotated[Scalar, ReadBy(read_expression, TEXT_SCHEMA)]
Permission = Annotated[bool | Scalar, ReadBy(read_permission, {"type": ["boolean", "string"]})]
Objects = Annotated[
    str | tuple[str, ...],
    ReadBy(read_objects, {"anyOf": [TEXT_SCHEMA, {"type": "array", "items": TEXT_SCHEMA}]}),
]
