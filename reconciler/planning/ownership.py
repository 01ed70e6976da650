"""Which entries of a file own something in the CRM, and which of them another file owns too.

An entry owns what it may write again and again: the values of a field, who carries a tag. Who merely declares that a
field or tag exists owns nothing. Two owners would undo each other's work for ever, so an apply is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from reconciler.model.addresses import field_address, tag_address
from reconciler.model.desired import Desired, Field, Push, Tag
from reconciler.model.messages import problem
from reconciler.model.names import fold_name, fold_prefix
from reconciler.model.problems import Place, Problem
from reconciler.planning.selection import Selection


class Kind(StrEnum):
    FIELD = "field"
    TAG = "tag"
    PREFIX = "prefix"
    """All tags whose names begin so."""


class Part(StrEnum):
    """What an entry does with what it owns. They are kept in states: never rename."""

    FILLS = "fills"
    MATCH = "match"
    """Fills the field that people are looked up by."""
    ENDS = "ends"
    """Removes it, or renames it to something else."""


class Owned(NamedTuple):
    """One thing that an entry owns: a field by its key, a tag by its name, tags by their prefix."""

    kind: Kind
    name: str
    part: Part
    where: Place

    @property
    def address(self) -> str:
        """The entry's address, by which --target and --exclude choose it."""
        return _ADDRESSES[self.kind](self.name)


@dataclass(frozen=True, slots=True)
class Owner:
    """Another file that was applied to the same contacts. `forgetting`: the command by which it owns nothing more."""

    file: str
    entries: tuple[Owned, ...]
    forgetting: str = ""


def _prefix_address(prefix: str) -> str:
    return f"dynamic_tags[{json.dumps(prefix, ensure_ascii=False)}]"


_ADDRESSES = {Kind.FIELD: field_address, Kind.TAG: tag_address, Kind.PREFIX: _prefix_address}


def owned(desired: Desired) -> tuple[Owned, ...]:
    """Everything that the file owns, in its order. Tags made from values without a prefix are known by no name."""
    made = [
        *(part for entry in desired.fields.values() for part in _of_field(entry, desired.identity.match)),
        *(part for tag in desired.tags.values() for part in _of_tag(tag)),
        *(Owned(Kind.PREFIX, d.prefix, Part.FILLS, d.where) for d in desired.dynamic_tags if d.prefix),
    ]
    return tuple(made)


def _of_field(entry: Field, match: str) -> Iterator[Owned]:
    if entry.absent:
        yield Owned(Kind.FIELD, entry.key, Part.ENDS, entry.where)
    if entry.renamed_from:
        where = entry.where_of.get("renamed_from", entry.where)
        yield Owned(Kind.FIELD, entry.renamed_from, Part.ENDS, where)
    if entry.origin is None:
        return
    if entry.key == match and entry.push is Push.ALWAYS:
        yield Owned(Kind.FIELD, entry.key, Part.MATCH, entry.where)
    elif entry.key != match and (entry.push is not Push.NEVER or entry.consent):
        yield Owned(Kind.FIELD, entry.key, Part.FILLS, entry.where)


def _of_tag(tag: Tag) -> Iterator[Owned]:
    if tag.absent:
        yield Owned(Kind.TAG, tag.name, Part.ENDS, tag.where)
    if tag.renamed_from:
        yield Owned(Kind.TAG, tag.renamed_from, Part.ENDS, tag.where)
    if tag.when is not None:
        yield Owned(Kind.TAG, tag.name, Part.FILLS, tag.where)


def owned_twice(desired: Desired, owners: Iterable[Owner], selection: Selection) -> Iterator[Problem]:
    """One problem for each thing that the chosen part of the file owns and another file owns too."""
    mine = [(entry, _folded(entry)) for entry in owned(desired) if selection.takes(entry.address)]
    for owner in owners:
        for one, two in _meeting(mine, owner.entries):
            yield _problem(one, two, owner)


def _meeting(mine: Sequence[tuple[Owned, str]], entries: Iterable[Owned]) -> Iterator[tuple[Owned, Owned]]:
    theirs = [(entry, _folded(entry)) for entry in entries]
    for one, name in mine:
        for two, other in theirs:
            if _meet(one.kind, name, two.kind, other) and not one.part is two.part is Part.ENDS:
                yield one, two


def _meet(kind: Kind, name: str, other_kind: Kind, other: str) -> bool:
    """Whether two folded names are one, or a tag's begins with a prefix, or a prefix with another."""
    if (kind is Kind.FIELD) is not (other_kind is Kind.FIELD):
        return False
    under = kind is Kind.PREFIX and other.startswith(name)
    return name == other or under or (other_kind is Kind.PREFIX and name.startswith(other))


def _folded(entry: Owned) -> str:
    return fold_prefix(entry.name) if entry.kind is Kind.PREFIX else fold_name(entry.name)


def _problem(one: Owned, two: Owned, owner: Owner) -> Problem:
    shared = one.part is two.part is Part.MATCH
    where = f"{owner.file}:{two.where.line}" if two.where.file == owner.file else f"{owner.file} ({two.where})"
    does = _DOES[two.kind, two.part].format(it="it" if one.name == two.name else f"`{two.name}`", name=two.name)
    detail = f"{_NAMED[one.kind].format(name=one.name)}: {where} {does}"
    if shared:
        return problem("R321", detail, one.where)
    fix = "let one file own it: take it out of the other one and apply that"
    ended = f"; if {owner.file} is not used any more, `{owner.forgetting}`" if owner.forgetting else ""
    return problem("R320", detail, one.where, fix + ended)


_NAMED = {Kind.FIELD: "`{name}`", Kind.TAG: "tag `{name}`", Kind.PREFIX: "tags `{name}*`"}
_DOES: Mapping[tuple[Kind, Part], str] = {
    (Kind.FIELD, Part.FILLS): "fills {it} too",
    (Kind.FIELD, Part.MATCH): "fills {it} too",
    (Kind.FIELD, Part.ENDS): "removes or renames {it}",
    (Kind.TAG, Part.FILLS): "decides who carries {it}",
    (Kind.TAG, Part.ENDS): "removes or renames {it}",
    (Kind.PREFIX, Part.FILLS): "makes tags `{name}*` from values",
}


def owners_of(kind: Kind, name: str, owners: Iterable[Owner]) -> Iterator[str]:
    """The places in other files that own a field or tag of that name, too."""
    folded = fold_name(name)
    for owner in owners:
        for entry in owner.entries:
            if _meet(kind, folded, entry.kind, _folded(entry)):
                yield f"{owner.file}:{entry.where.line}" if entry.where.file == owner.file else str(entry.where)
