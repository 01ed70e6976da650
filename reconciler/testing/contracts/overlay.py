"""A vendor's overlay: what its document says wrongly, too loosely or not at all, as a data file of changes.

Each change has a reason and a source, and names one place or a few alike. A change that names what is not there is an
error, and so is one that changes nothing: overlays do not outlive the faults that they are for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.config.datafile import read_data
from reconciler.testing.contracts.closing import OPEN, Json


class Kind(StrEnum):
    """`SET`: keys of something that is there, null takes one away. `ADD`: something that is not there. `OPEN`: a place
    that may hold what the document does not name."""

    SET = "set"
    ADD = "add"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Change:
    """`at`: places in the document, their parts separated by blanks (`paths /things get responses 429`). `kept`: why it
    stays although no message of the tests needs it, or ""."""

    kind: Kind
    at: Sequence[str]
    what: Any
    why: str
    source: str
    kept: str = ""

    def alone(self) -> Sequence[Change]:
        """One change for each place."""
        return [Change(self.kind, (at,), self.what, self.why, self.source, self.kept) for at in self.at]


class Unfit(Exception):
    """An overlay that does not fit its document, or is none."""


def overlay(text: str) -> Sequence[Change]:
    """The changes of an overlay file. Raises Unfit."""
    return [_change(entry) for entry in read_data(text)["changes"]]


def _change(entry: Mapping[str, Any]) -> Change:
    kinds = [kind for kind in Kind if kind in entry]
    rest = entry.keys() - {*Kind, "at", "why", "source", "kept"}
    places = [entry["at"]] if isinstance(entry.get("at"), str) else entry.get("at", [])
    if len(kinds) != 1 or rest or not places or not entry.get("why") or not entry.get("source"):
        raise Unfit(f"an entry needs `at`, `why`, `source` and one of {', '.join(Kind)}: {', '.join(places)}")
    kind = kinds[0]
    return Change(kind, tuple(places), entry[kind], entry["why"], entry["source"], entry.get("kept", ""))


def laid_over(document: Json, changes: Sequence[Change]) -> Json:
    """The document with the changes, one after the other. Raises Unfit."""
    changed = deepcopy(document)
    for change in changes:
        for at in change.at:
            _apply(changed, change, at)
    return changed


def _apply(document: Json, change: Change, at: str) -> None:
    *parents, last = at.split()
    holder: Any = document
    for part in parents:
        holder = _inner(holder, part, at)
    if change.kind is Kind.ADD:
        if not isinstance(holder, dict) or last in holder:
            raise Unfit(f"{at}: it is there already")
        holder[last] = deepcopy(change.what)
        return
    found = _inner(holder, last, at)
    wanted = {OPEN: True} if change.kind is Kind.OPEN else change.what
    if all(found.get(key) == value for key, value in wanted.items()):
        raise Unfit(f"{at}: nothing is changed")
    for key, value in wanted.items():
        if value is None:
            del found[key]
        else:
            found[key] = deepcopy(value)


def _inner(holder: Any, part: str, at: str) -> Any:
    if isinstance(holder, list):
        named = [item for item in holder if isinstance(item, dict) and item.get("name") == part]
        if len(named) == 1:
            return named[0]
    elif isinstance(holder, dict) and part in holder:
        return holder[part]
    raise Unfit(f"{at}: `{part}` is not there")
