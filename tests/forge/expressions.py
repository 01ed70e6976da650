"""The expressions of workflows, `${{ ... }}`, as far as ours go: contexts, texts, `== != && || !`, brackets and
functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | None"
Functions: TypeAlias = "Mapping[str, Callable[..., Value]]"

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[\w.-]+)|(?P<sign>==|!=|&&|\|\||[!(),]))")
_INSIDE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def filled(text: str, contexts: Mapping[str, Value], functions: Functions) -> str:
    """The text with every `${{ ... }}` replaced by what it stands for."""
    return _INSIDE.sub(lambda found: written(evaluated(found.group(1), contexts, functions)), text)


def holds(condition: str, contexts: Mapping[str, Value], functions: Functions) -> bool:
    """Of `if:`, where the braces may be left out."""
    whole = _INSIDE.fullmatch(condition.strip())
    return bool(evaluated(whole.group(1) if whole else condition, contexts, functions))


def written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    assert value is None or isinstance(value, str | int), "only plain values are written out"
    return "" if value is None else str(value)


def evaluated(expression: str, contexts: Mapping[str, Value], functions: Functions) -> Value:
    return _Reader(expression, contexts, functions).whole()


class _Reader:
    def __init__(self, expression: str, contexts: Mapping[str, Value], functions: Functions) -> None:
        text, position, self._tokens = expression.strip(), 0, list[tuple[str, str]]()
        while position < len(text):
            found = _TOKEN.match(text, position)
            assert found is not None, f"not read here: {text[position:]!r}"
            assert found.lastgroup is not None
            self._tokens.append((found.lastgroup, found.group(found.lastgroup)))
            position = found.end()
        self._contexts, self._functions = contexts, functions

    def whole(self) -> Value:
        value = self._either()
        assert not self._tokens, f"left over: {self._tokens}"
        return value

    def _takes(self, *signs: str) -> str | None:
        if self._tokens and self._tokens[0][0] == "sign" and self._tokens[0][1] in signs:
            return self._tokens.pop(0)[1]
        return None

    def _either(self) -> Value:
        value = self._both()
        while self._takes("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Value:
        value = self._compared()
        while self._takes("&&"):
            other = self._compared()
            value = other if value else value
        return value

    def _compared(self) -> Value:
        value = self._one()
        while sign := self._takes("==", "!="):
            value = (value == self._one()) is (sign == "==")
        return value

    def _one(self) -> Value:
        if self._takes("!"):
            return not self._one()
        if self._takes("("):
            value = self._either()
            assert self._takes(")")
            return value
        kind, token = self._tokens.pop(0)
        if kind == "text":
            return token[1:-1].replace("''", "'")
        assert kind == "name", f"a value was expected, not {token!r}"
        return self._called(token) if self._takes("(") else self._looked_up(token)

    def _called(self, name: str) -> Value:
        arguments: list[Value] = []
        while not self._takes(")"):
            arguments.append(self._either())
            self._takes(",")
        return self._functions[name](*arguments)

    def _looked_up(self, name: str) -> Value:
        first, *rest = name.split(".")
        if not rest and first in ("true", "false"):
            return first == "true"
        value: Value = self._contexts[first]  # a context that is not there is a mistake; what it lacks is null
        for part in rest:
            value = value.get(part) if isinstance(value, Mapping) else None
        return value
