"""Which column looks like the person's id, and which like the e-mail address."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.discovery import Column, Spread
from reconciler.planning.discovery import synonyms
from reconciler.planning.discovery.matching import first_match
from reconciler.planning.discovery.words import words

_ID_NAMES = (
    ("id",), ("user", "id"), ("customer", "id"), ("uuid",), ("guid",), ("contact", "id"), ("person", "id"),
    ("member", "id"), ("userid",), ("account", "id"), ("record", "id"),
)  # fmt: skip
_NEARLY = 0.98


def email_column(columns: Sequence[Column]) -> str | None:
    """The column of addresses that is filled for most people, the one that is named most plainly before others."""
    found = first_match(columns, "email", lambda c: c.type == "email" and c.filled > 0)
    return found.name if found else None


def person_column(columns: Sequence[Column], email: str | None) -> str | None:
    """A column that is never empty and never twice, and is no address that changes: by name, else the first number.

    One that is called an id may have a few gaps or doubles: what is wrong with these people shows in a plan.

    The column of e-mail addresses where nothing else is unique: better than nothing, and a rule of the file warns.
    """
    able = [c for c in columns if _names_nearly_everybody(c) and c.type in ("integer", "text") and not _is_a_name(c)]
    for name in _ID_NAMES:
        if found := next((c for c in able if words(c.name) == name), None):
            return found.name
    called = [c for c in able if not synonyms.ID_WORDS.isdisjoint(_parts(c.name))]
    called.sort(key=_names_everybody, reverse=True)
    numbers = [c for c in able if c.type == "integer" and _names_everybody(c)]
    if chosen := next(iter((*called, *numbers)), None):
        return chosen.name
    return next((c.name for c in columns if c.name == email and _names_everybody(c)), None)


def _names_everybody(column: Column) -> bool:
    return column.spread is Spread.UNIQUE and column.filled == column.rows and not column.apart


def _names_nearly_everybody(column: Column) -> bool:
    least = _NEARLY * column.rows
    return column.distinct >= least and column.filled >= least and not column.apart


def _is_a_name(column: Column) -> bool:
    return any(" " in shape.shape or shape.shape.endswith("words") for shape in column.shapes)


def _parts(name: str) -> set[str]:
    """The words of a name, and how it ends: `Mitgliedsnummer` ends with a number."""
    said = set(words(name))
    return said | {end for end in ("nummer", "nr") for word in said if word.endswith(end)}
