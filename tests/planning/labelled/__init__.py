"""Labelled columns, and how well `discover` does on them: 200 of our own making, and those of published exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from ruamel.yaml import YAML

from reconciler.model.discovery import Target
from reconciler.planning.discovery.discover import look_at
from reconciler.planning.discovery.matching import proposals

ROWS = 60
_FIRST = 10  # the first row's number, so that every number has two digits


@dataclass(frozen=True)
class Labelled:
    """One column with its right answer; `fills` None: it maps to nothing. `may`: it need not be found."""

    name: str
    values: tuple[str, ...]
    type: str
    fills: str | None
    format: str | None
    may: bool = False


@dataclass(frozen=True)
class Source:
    name: str
    half: str
    columns: tuple[Labelled, ...]


@dataclass
class Measured:
    """`right`: proposed and meant; `wrong`: proposed and not meant; `missed`: meant and not proposed."""

    columns: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    mistyped: list[str] = field(default_factory=list)
    misformatted: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        return self.right / (self.right + len(self.missed))

    @property
    def types(self) -> float:
        return 1 - len(self.mistyped) / self.columns


def _document(name: str = "columns") -> Any:
    return YAML(typ="safe").load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))


def targets() -> list[Target]:
    return [Target(*row) for row in _document()["fields"]]


def sources() -> Iterator[Source]:
    document = _document()
    halves = {False: "looked at", True: "held out"}
    entries = [(entry, halves[entry.get("held", False)]) for entry in document["sources"]]
    entries += [(entry, "published") for entry in _document("published")["sources"]]
    for entry, half in entries:
        columns = tuple(_column(row, document["pools"]) for row in entry["columns"])
        yield Source(entry["name"], half, columns)


def _column(row: list[Any], pools: dict[str, list[Any]]) -> Labelled:
    name, values, type, fills, *format = row
    kinds = pools[values] if isinstance(values, str) else values
    cells = (str(kinds[at % len(kinds)]) for at in range(ROWS))
    filled = tuple(_filled(text, at + _FIRST) for at, text in enumerate(cells))
    answer = None if fills == "-" else fills.removesuffix("?")
    return Labelled(name, filled, type, answer, format[0] if format else None, fills.endswith("?"))


def _filled(text: str, number: int) -> str:
    numbers = {"{n}": number, "{d}": 10 + number % 19, "{m}": 10 + number % 50}
    for mark, value in numbers.items():
        text = text.replace(mark, str(value))
    return text


def measure(half: str) -> Measured:
    """All labelled columns of one half, a source at a time as a person would meet them."""
    measured, fields = Measured(), targets()
    for source in sources():
        if source.half == half:
            _add(measured, source, fields)
    return measured


def _add(measured: Measured, source: Source, fields: list[Target]) -> None:
    columns = [look_at(c.name, pa.chunked_array([pa.array(c.values, pa.string())])) for c in source.columns]
    found = {p.column: p.target.key for p in proposals(columns, fields)}
    for label, column in zip(source.columns, columns, strict=True):
        measured.columns += 1
        called = f"{source.name}: {label.name}"
        got = found.get(label.name)
        if got is not None and got == label.fills:
            measured.right += not label.may
        elif got is not None:
            measured.wrong.append(f"{called} -> {got}, not {label.fills}")
        if label.fills is not None and got != label.fills and not label.may:
            measured.missed.append(f"{called} -> {label.fills}")
        if column.type != label.type:
            measured.mistyped.append(f"{called}: {column.type}, not {label.type}")
        if column.format != label.format:
            measured.misformatted.append(f"{called}: {column.format}, not {label.format}")
