"""Parts of a plan's document as a test writes them: read by the document's own shape, filled up, compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.config.collect import Problems, shown
from reconciler.config.reading import path_text
from reconciler.config.tree import Mapping as Tree
from reconciler.config.tree import Node, Scalar, Sequence
from reconciler.model.cases import Difference
from reconciler.model.expressions.shaped import Shape
from reconciler.report.plan_checks import plan_shape
from reconciler.report.shapes import PlanDocument

_NAMES = ("key", "name", "address", "code", "limit", "path", "option")
_READ: Mapping[str, tuple[str, Any]] = {
    "integer": (r"-?[0-9]{1,18}", int),
    "number": (r"-?[0-9]{1,15}(\.[0-9]{1,15})?", float),
    "boolean": (r"true|false", lambda text: text == "true"),
}
_SAID = {"integer": "a whole number", "number": "a number", "boolean": "`true` or `false`"}


class _Nothing:
    """In place of what could not be read, which has been noted."""


NOTHING = _Nothing()


def read_part(node: Node, problems: Problems) -> Any:
    """The part as JSON values; what no document can hold is noted with its place."""
    return _read(node, plan_shape(), "", problems)


def whole_document(part: Mapping[str, Any]) -> PlanDocument:
    """A document of which the part says what is special; else it is that of a plan in which nothing is to be done."""
    empty = PlanDocument(tool="", mode="plan", outcome="none").model_dump(mode="json")
    return PlanDocument.model_validate(_with_reaches(_filled(part, plan_shape(), empty)))


def read_document(content: Any) -> PlanDocument:
    """What `plan --format json` printed, by whichever version. Raises ValueError for everything else."""
    if not isinstance(content, dict) or content.get("format") != "reconciler-plan/1":
        raise ValueError
    return PlanDocument.model_validate(_with_reaches(content))


def _with_reaches(document: Any) -> Any:
    """Tags say how many they reach, where nothing else does as the sum of what their rows apply."""
    tags = document.get("tags", ())
    total: dict[str, int] = {}
    for tag in tags:
        total[tag["name"]] = total.get(tag["name"], 0) + tag.get("apply", 0)
    return {**document, "tags": [{**tag, "reaches": tag.get("reaches") or total[tag["name"]]} for tag in tags]}


def _read(node: Node, shape: Shape, path: str, problems: Problems) -> Any:
    if isinstance(node, Scalar):
        return _scalar(node, shape, path, problems)
    if isinstance(node, Sequence):
        if not shape.kinds or "array" in shape.kinds:
            inner = shape.item or Shape()
            return [_read(item, inner, f"{path}[{at}]", problems) for at, item in enumerate(node.items)]
    elif not shape.kinds or "object" in shape.kinds:
        return {key: _read(pair.value, _of_key(shape, node, key, path, problems), path_text(path, [key]), problems)
                for key, pair in node.items.items()}  # fmt: skip
    _wrong(node, shape, path, problems)
    return NOTHING


def _of_key(shape: Shape, node: Tree, key: str, path: str, problems: Problems) -> Shape:
    if shape.keys is None:
        return shape.item or Shape()
    if key not in shape.keys:
        fix = problems.meant(key, shape.keys) or f"its keys are {', '.join(shape.keys)}"
        whose = f"`{path}`" if path else "a plan"
        problems.add("E597", f"{whose} has no key {shown(key)}", node.place_of(key), fix)
    return shape.keys.get(key, Shape())


def _scalar(node: Scalar, shape: Shape, path: str, problems: Problems) -> Any:
    if node.is_null and ("null" in shape.kinds or not shape.kinds):
        return None
    for kind, (pattern, convert) in _READ.items():
        if (kind in shape.kinds or not shape.kinds) and not node.style and re.fullmatch(pattern, node.text):
            return convert(node.text)
    if "string" in shape.kinds or not shape.kinds:
        if not shape.words or node.text in shape.words:
            return str(node.text)
        fix = problems.meant(node.text, shape.words) or f"it is {' or '.join(shape.words)}"
        problems.add("E597", f"`{path}` never is {shown(node.text)}", node.where, fix)
    else:
        _wrong(node, shape, path, problems)
    return NOTHING


def _wrong(node: Node, shape: Shape, path: str, problems: Problems) -> None:
    said = next((_SAID[kind] for kind in _SAID if kind in shape.kinds), shape.said or "something else")
    problems.add("E597", f"`{path or 'plan'}` is {said}", node.where, "write it as `plan --format json` prints it")


def _filled(part: Any, shape: Shape, default: Any) -> Any:
    """The part, and what it leaves out: in an object that is there anyway as it is there, in a new row as nothing."""
    if isinstance(part, Mapping) and shape.keys is not None:
        base = default if isinstance(default, Mapping) else {}
        return {key: _filled(part[key], of, base.get(key)) if key in part else base.get(key, _nothing(of))
                for key, of in shape.keys.items()}  # fmt: skip
    if isinstance(part, list) and shape.item is not None:
        return [_filled(item, shape.item, None) for item in part]
    return part


def _nothing(shape: Shape) -> Any:
    if "null" in shape.kinds or not shape.kinds:
        return None
    if shape.keys is not None:
        return {key: _nothing(of) for key, of in shape.keys.items()}
    if shape.words:
        return shape.words[0]
    empty: Mapping[str, Any] = {"array": [], "object": {}, "string": "", "boolean": False}
    return next((empty[kind] for kind in empty if kind in shape.kinds), 0)


def differences(node: Node, expected: Any, found: Any, path: str = "") -> Iterator[Difference]:
    """Where the document is not as the part says: each key that it names, and for each of its rows one that has it."""
    if isinstance(expected, dict) and isinstance(found, dict) and isinstance(node, Tree):
        for key, value in expected.items():
            yield from differences(node.items[key].value, value, found.get(key), path_text(path, [key]))
    elif isinstance(expected, list) and isinstance(found, list) and isinstance(node, Sequence):
        if not expected and found:
            yield Difference(path, f"nothing expected, {_rows(found)} found", node.where)
        for item, value in zip(node.items, expected, strict=True):
            yield from _of_row(item, value, found, path)
    elif expected != found or isinstance(expected, bool) is not isinstance(found, bool):
        yield Difference(path, f"{_said(expected)} expected, {_said(found)} found", node.where)


def _of_row(node: Node, expected: Any, found: list[Any], path: str) -> Iterator[Difference]:
    """Nothing where one of the rows is as expected; else what is wrong with the one that is meant."""
    if any(not any(differences(node, expected, row)) for row in found):
        return
    named = next((key for key in _NAMES if isinstance(expected, dict) and key in expected), None)
    meant = [row for row in found if named and row.get(named) == expected[named]]
    if len(meant) == 1:
        yield from differences(node, expected, meant[0], f"{path}[{_said(expected[named])}]")
    elif named and not meant:
        yield Difference(path, f"no row whose {named} is {_said(expected[named])}", node.where)
    else:
        yield Difference(path, f"no row is like this one, of {_rows(meant or found)}", node.where)


def _rows(rows: list[Any]) -> str:
    return f"{len(rows):,} row{'s' if len(rows) != 1 else ''}"


def _said(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "keys"
    return f'"{value}"' if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else str(value)
