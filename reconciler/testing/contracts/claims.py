"""What an adapter claims to call: read from where its source makes a `Request`, so that nobody keeps a second list."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from reconciler.testing.contracts.operations import Operation, Operations

_ANY = "{}"
"""Stands for a part of a path that is known only when the adapter runs."""


class Unclear(AssertionError):
    """A request whose verb or path cannot be read from the source, or that no document has."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One place in the source that makes requests. `operations`: names of those that it can be; `shape`: the model that
    the answer is read with, None where nothing is read."""

    where: str
    operations: tuple[str, ...]
    shape: type | None


def claims(modules: Sequence[ModuleType], paths: Any, known: Operations) -> list[Claim]:
    """Every `Request(kind, verb, path, shape, ...)` of the modules. `paths`: what the adapter calls `_paths`, if it
    makes its paths with something of that name. Raises Unclear."""
    return [_claim(module, call, scope, paths, known) for module in modules for call, scope in _requests(module)]


def _requests(module: ModuleType) -> Iterator[tuple[ast.Call, ast.AST]]:
    """Each call of `Request`, and the function that it stands in, or the module."""
    tree = ast.parse(inspect.getsource(module))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Request":
            around = [f for f in functions if f.lineno <= call.lineno <= (f.end_lineno or f.lineno)]
            yield call, max(around, key=lambda f: f.lineno, default=tree)


def _claim(module: ModuleType, call: ast.Call, scope: ast.AST, paths: Any, known: Operations) -> Claim:
    where = f"{module.__name__}:{call.lineno}"
    given = {**dict(zip(("kind", "method", "path", "shape"), call.args, strict=False)), **_keywords(call)}
    reading = _Reading(_assigned(scope), paths)
    verb, path = reading.text(given["method"]), reading.text(given["path"])
    if verb == _ANY or path == _ANY:
        raise Unclear(f"{where}: verb and path have to stand where the request is made")
    found = _meant(verb, path, _constants(module), known)
    if not found:
        raise Unclear(f"{where}: {verb} {path} is not in the document")
    shape = given.get("shape")
    named = getattr(module, shape.id) if isinstance(shape, ast.Name) else None
    return Claim(where, tuple(operation.name for operation in found), named)


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


def _assigned(scope: ast.AST) -> Mapping[str, ast.expr]:
    """Name -> what the function assigns to it, where it does so once."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                found.update(_pairs(target, node.value))
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=False):
            yield from _pairs(one, other)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Texts of expressions, with `{}` for what is not known before the adapter runs."""

    assigned: Mapping[str, ast.expr]
    paths: Any

    def text(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if name in self.assigned:
                return self.text(self.assigned[name])
            case ast.JoinedStr(values=parts):
                return "".join(self.text(part) for part in parts)
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args) if _is_paths(owner):
                return _plain(getattr(self.paths, name)(*map(self.text, args)))
            case ast.Attribute(value=owner, attr=name) if _is_paths(owner):
                return _plain(getattr(self.paths, name))
        return _ANY


def _is_paths(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "_paths") or (
        isinstance(node, ast.Name) and node.id == "paths"
    )


def _plain(path: str) -> str:
    return path.replace("%7B%7D", _ANY)


def _constants(module: ModuleType) -> frozenset[str]:
    tree = ast.parse(inspect.getsource(module))
    return frozenset(n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def _meant(verb: str, path: str, constants: frozenset[str], known: Operations) -> list[Operation]:
    """The operations that a path with open parts can be: open parts are parameters, or else words that the module has
    as texts of its own."""
    parts = path.split("/")
    fitting: list[tuple[int, int, Operation]] = []
    for operation in known.all.values():
        wanted = operation.template.split("/")
        if operation.verb == verb and len(wanted) == len(parts):
            scores = [_score(part, want, constants) for part, want in zip(parts, wanted, strict=True)]
            if None not in scores:
                fitting.append((scores.count("word"), scores.count("same"), operation))
    best = min(((words, -same) for words, same, _ in fitting), default=None)
    return [operation for words, same, operation in fitting if (words, -same) == best]


def _score(part: str, wanted: str, constants: frozenset[str]) -> str | None:
    if part == wanted:
        return "same"
    if "{" in wanted:
        return "parameter"
    return "word" if part == _ANY and wanted in constants else None
