"""The table of messages (`messages.yaml`), and how one of them is held against a checker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.config.datafile import read_data
from reconciler.testing.contracts import Checker

NOTHING = object()


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = NOTHING
    type: str = "application/json;charset=utf-8"


@dataclass(frozen=True)
class Message:
    """A request with one answer."""

    operation: str
    answer: Answer
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: Any = NOTHING
    type: str = "application/json"
    authorization: str = "Bearer x"

    def check(self, checker: Checker) -> None:
        verb, template = self.operation.split()
        path = template.format(**{name: quote(value, safe="") for name, value in self.path.items()})
        headers = {"authorization": self.authorization, **_content(self.body, self.type)}
        operation = checker.request(verb, path, self.query, headers, _bytes(self.body))
        assert operation.name == self.operation
        answer = self.answer
        checker.response(operation, answer.status, _content(answer.body, answer.type), _bytes(answer.body))


@dataclass(frozen=True)
class Wrong:
    message: Message
    at: str
    rule: str

    def __str__(self) -> str:
        return f"{self.message.operation} {self.at} {self.rule}"


def _table() -> Sequence[Mapping[str, Any]]:
    text = Path(__file__).with_name("messages.yaml").read_text(encoding="utf-8")
    operations: Sequence[Mapping[str, Any]] = read_data(text)["operations"]
    return operations


def _messages(entry: Mapping[str, Any]) -> Sequence[Message]:
    return [
        Message(
            entry["operation"],
            Answer(answer["status"], answer.get("body", NOTHING)),
            entry.get("path", {}),
            [(name, value) for name, value in entry.get("query", [])],
            entry.get("request", NOTHING),
        )
        for answer in entry["answers"]
    ]


def good() -> Iterator[Message]:
    """Messages as they should be: one for each answer of each operation."""
    for entry in _table():
        yield from _messages(entry)


def wrong() -> Iterator[Wrong]:
    """Each with one fault."""
    for entry in _table():
        for fault in entry["wrong"]:
            yield Wrong(_with_fault(_messages(entry), fault), fault["at"], fault["rule"])


def _with_fault(messages: Sequence[Message], fault: Mapping[str, Any]) -> Message:
    message = messages[fault.get("answer", 0)]
    if "answer" in fault:
        answer = replace(message.answer, body=_edited(message.answer.body, fault))
        answer = replace(answer, **{key: fault[key] for key in ("status", "type") if key in fault})
        return replace(message, answer=answer)
    message = replace(message, body=_edited(message.body, fault))
    if "without" in fault:
        message = replace(message, authorization="")
    if "query" in fault:
        message = replace(message, query=[(name, value) for name, value in fault["query"]])
    return replace(message, type=fault.get("type", message.type))


def _edited(body: Any, fault: Mapping[str, Any]) -> Any:
    """The body with a value put in (`many`: too many of what is there) or a key taken out."""
    if not {"put", "take"} & fault.keys():
        return body
    place, value = fault.get("put", (fault.get("take"), None))
    if not place:
        return value
    body = deepcopy(body)
    *parents, last = place.split("/")
    holder = body
    for part in parents:
        holder = holder[int(part) if isinstance(holder, list) else part]
    if "take" in fault:
        del holder[last]
    else:
        holder[int(last) if isinstance(holder, list) else last] = holder[last] * 101 if value == "many" else value
    return body


def _content(body: Any, type: str) -> dict[str, str]:
    return {} if body is NOTHING else {"content-type": type}


def _bytes(body: Any) -> bytes:
    return b"" if body is NOTHING else json.dumps(body).encode()
