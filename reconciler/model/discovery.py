"""What is found out about a source and a CRM before a file maps them: columns, targets, proposals.

No value of a person stands here, with one exception: `Column.values`, filled only for whoever asked for values at a
terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Spread(StrEnum):
    """How many different values a column has, without saying which."""

    NONE = "none"
    ONE = "one"
    FEW = "few"
    MANY = "many"
    UNIQUE = "unique"


@dataclass(frozen=True, slots=True)
class ShapeCount:
    """A shape that values have (`99.99.9999`, `a+@a+.a+`), and how many of the filled ones have it, in percent."""

    shape: str
    percent: int


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the source, as its people were looked at.

    `type`: the value type that reads its values, decided by the type's own parser. `format`: how they are written,
    where the type needs to be told; `unclear`: formats that all fit, so that a person has to choose. `unreadable`:
    percent of the different values that the type refuses all the same. `apart`: why nothing is proposed for it, or "".
    `values`: the values of a small enumeration, empty unless they may be shown. `group`: the program that keeps the
    column, where the source's type has such; `internal`: that program keeps it for itself; `called`: what the program
    would call it in full, or "".
    """

    name: str
    type: str = "text"
    format: str | None = None
    unclear: tuple[str, ...] = ()
    unreadable: int = 0
    rows: int = 0
    filled: int = 0
    distinct: int = 0
    spread: Spread = Spread.NONE
    shapes: tuple[ShapeCount, ...] = ()
    values: tuple[str, ...] = ()
    apart: str = ""
    group: str = ""
    internal: bool = False
    called: str = ""

    @property
    def percent(self) -> int:
        """How full it is; 100 only without a gap, 0 only when there is nothing."""
        if not self.filled or self.filled == self.rows:
            return 100 if self.filled else 0
        return min(max(round(100 * self.filled / self.rows), 1), 99)


@dataclass(frozen=True, slots=True)
class Target:
    """A CRM field that a column may fill. `type` None: this CRM's field is read as no value type by default."""

    key: str
    label: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """This column probably fills this field. `confidence`: 0 to 100."""

    column: str
    target: Target
    confidence: int


@dataclass(frozen=True, slots=True)
class Discovery:
    """Everything that was found out.

    `rows`: how many people were looked at, of the first `read` ones; `whole`: those were all. `crm`: what the CRM is
    called, None where none was asked and the targets are those that most CRMs have. `person`, `email`: the columns that
    look like the person's id and e-mail address. `mapped`: columns that the file maps already -> the field. `hidden`:
    names of internal columns that are not among `columns`. `unnamed`: how many columns are left out since their names
    look like somebody's data.
    """

    source: str
    rows: int
    read: int
    whole: bool
    columns: tuple[Column, ...]
    proposals: tuple[Proposal, ...] = ()
    crm: str | None = None
    person: str | None = None
    email: str | None = None
    mapped: tuple[tuple[str, str], ...] = ()
    hidden: tuple[str, ...] = ()
    unnamed: int = 0

    def column(self, name: str) -> Column:
        """Raises KeyError."""
        found = next((c for c in self.columns if c.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def proposal(self, column: str) -> Proposal | None:
        return next((p for p in self.proposals if p.column == column), None)


SURE = 90
"""From this confidence on a proposal is written as an entry of the file; below as a comment."""
