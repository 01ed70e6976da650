"""The JSON of a discovery; `schemas/discovery.v1.json` is generated from here. Nothing here has room for a value."""

from __future__ import annotations

from typing import Literal

from reconciler.report.shapes import ProblemRow, Shape


class ShapeRow(Shape):
    """A shape that values of a column have: letters as A, a or x, digits as 9."""

    shape: str
    percent: int


class ColumnRow(Shape):
    """One column of a source. There is no room for a value."""

    name: str
    group: str
    """The program that keeps it, "" where the source's type has no such."""
    internal: bool
    """Whether that program keeps it for itself."""
    type: str
    """The value type that reads its values."""
    format: str | None
    """How they are written, where the type needs to be told."""
    unclear: tuple[str, ...]
    """Formats that all fit: a person has to choose."""
    unreadable_percent: int
    filled_percent: int
    values: Literal["none", "one", "few", "many", "unique"]
    distinct: int
    """Different values, of the people that were looked at."""
    shapes: tuple[ShapeRow, ...]
    """The most frequent ones."""
    field: str | None
    """The CRM field that it probably fills."""
    confidence: int | None
    """0 to 100."""
    mapped: str | None
    """The CRM field that it fills by the file."""
    left_out: str
    """Why nothing is proposed."""


class DiscoveryDocument(Shape):
    """One object for every `discover`."""

    format: Literal["reconciler-discovery/1"] = "reconciler-discovery/1"
    tool: str
    outcome: Literal["discovered", "error"]
    file: str = ""
    source: str = ""
    crm: str | None = None
    """None: no CRM was asked, fields are those that most CRMs have."""
    people: int = 0
    """People that were looked at, evenly spread over those that were read."""
    read: int = 0
    whole: bool = False
    """Whether those were all people of the source."""
    person: str | None = None
    """The column that looks like the person's id."""
    email: str | None = None
    """The column that looks like the e-mail address."""
    columns: tuple[ColumnRow, ...] = ()
    hidden: int = 0
    """Internal columns that are left out of `columns`."""
    unnamed: int = 0
    """Columns that are left out since their names look like somebody's data."""
    yaml: str = ""
    """`fields:` to paste into a file."""
    problems: tuple[ProblemRow, ...] = ()
