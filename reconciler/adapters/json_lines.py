"""What a line of JSON Lines says: its object, and each of its values as text."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import orjson

from reconciler.adapters.errors import SourceFailed

_EXACT = json.JSONDecoder(parse_float=str, parse_int=str)


def parsed(line: bytes, row: int, number: int) -> dict[str, Any]:
    """The object in the line. Raises SourceFailed with the row; `number`: of the line in the file."""
    where = f"row {row}, line {number} of the file"
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise SourceFailed(_fault(line), where, row=row) from None
    if type(record) is not dict:
        raise SourceFailed("E424", where, row=row)
    return record


def _fault(line: bytes) -> str:
    """The code of a line that is not JSON: its letters, or its shape."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return "E422"
    return "E423"


def text_of(value: Any, name: str, line: bytes) -> str | None:
    """A value of the line as text; None is absent."""
    return value if value is None or type(value) is str else printed(value, name, line)


def printed(value: Any, name: str, line: bytes) -> str:
    """A value that is neither a text nor null, as text."""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float:
        return _number(name, line)
    return orjson.dumps(value).decode()


def _number(name: str, line: bytes) -> str:
    """The number of that name as it stands in the line: found where it can be only one, else by a slower reading."""
    found = _pattern(name).findall(line)
    if len(found) == 1 and b"\\u" not in line:
        return str(found[0], "ascii")
    return str(_EXACT.decode(line.decode("utf-8-sig"))[name])


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    """A name and the number behind it. In a string every quote is escaped, so this is never found inside of one."""
    return re.compile(re.escape(orjson.dumps(name)) + rb"[ \t\r]*:[ \t\r]*(-?[0-9][0-9.eE+-]*)")
