"""The `fields` of what was discovered: sure proposals as entries, all else as comments that say what is missing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from reconciler.config.shapes import name_trouble
from reconciler.config.writing.entries import Value, commented, entry, paragraph, short_entry, with_remark
from reconciler.config.writing.scalars import LONGEST_KEY, Unwritable, scalar
from reconciler.model.discovery import SURE, Column, Discovery, Proposal, Spread

_FORMATTED = frozenset({"date", "datetime", "number", "integer", "score"})
_NO_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a column and a field go together. `doubt`: why a person has to look before it is an entry, or ""."""

    column: Column
    proposal: Proposal
    doubt: str

    @property
    def parts(self) -> dict[str, Value]:
        """The keys of the entry."""
        type = self.proposal.target.type
        parts: dict[str, Value] = {"from": scalar(self.column.name)}
        written = self.column.format or next(iter(self.column.unclear), None)
        if written and type in _FORMATTED:
            parts |= {"type": type, "format": scalar(written)}
        return parts


def fields_block(found: Discovery) -> list[str]:
    """`fields:` to paste: what is sure, what is likely, columns without a field, columns that are left out."""
    sure = [line for mapped in mappings(found) if not mapped.doubt for line in mapped_lines(mapped)]
    lines = ["fields:", *sure]
    if not sure:
        lines += paragraph(
            "no column is named so plainly after a field that it could be mapped without a look", indent=2
        )
    return [*lines, *doubtful_lines(found), *unmapped_lines(found), *apart_lines(found)]


def mappings(found: Discovery) -> Iterator[Mapped]:
    """Every proposal that a file can name, in the order of the columns."""
    for proposal in found.proposals:
        column = found.column(proposal.column)
        if not _unnameable(column.name):
            yield Mapped(column, proposal, _doubt(column, proposal))


def mapped_lines(mapped: Mapped) -> list[str]:
    """The entry, in short where a column alone says it."""
    key, parts = mapped.proposal.target.key, mapped.parts
    return [short_entry(key, mapped.column.name)] if len(parts) == 1 else entry(key, parts)


def doubtful_lines(found: Discovery) -> list[str]:
    """Proposals that a person has to look at, as comments with the doubt."""
    doubtful = [mapped for mapped in mappings(found) if mapped.doubt]
    if not doubtful:
        return []
    lines = ["", *paragraph("Likely. Look, then take the # away:", indent=2)]
    for mapped in doubtful:
        *head, last = commented(mapped_lines(mapped))
        lines += [*head, with_remark(last, mapped.doubt)]
    return lines


def unmapped_lines(found: Discovery, taken: Collection[str] = ()) -> list[str]:
    """Columns that no field of the CRM is called like, as fields that the first apply would create."""
    proposed = {p.column for p in found.proposals} | {column for column, _ in found.mapped} | set(taken)
    left = [c for c in found.columns if c.name not in proposed and not c.apart and c.filled and c.name != found.person]
    nameable = [c for c in left if not _unnameable(c.name)]
    if not nameable:
        return []
    used = {p.target.key for p in found.proposals} | {key for _, key in found.mapped}
    lines = [
        "",
        *paragraph("No field of the CRM is called like these. Without the # the first apply makes them:", indent=2),
    ]
    group = ""
    for column in nameable:
        if column.group != group:
            group = column.group
            lines += paragraph("", f"# {group}", indent=2)  # a comment still, once the first # is taken away
        lines += _new_field(column, used)
    return lines


def apart_lines(found: Discovery) -> list[str]:
    """Columns that are left out for a reason of their own."""
    said = [(c.name, c.apart or (_unnameable(c.name) if c.filled else "is empty")) for c in found.columns]
    mapped = {p.column for p in found.proposals} | {column for column, _ in found.mapped}
    apart = [f"{name}: {why}" for name, why in said if why and (name not in mapped or why != "is empty")]
    if not apart:
        return []
    return ["", *paragraph("Left out:", *(f"  {line}" for line in apart), indent=2)]


def _new_field(column: Column, used: set[str]) -> list[str]:
    key = _new_key(column.name, used)
    used.add(key)
    parts: dict[str, Value] = {"from": scalar(column.name), "type": column.type}
    if written := column.format or next(iter(column.unclear), None):
        parts["format"] = scalar(written)
    if column.values:
        parts["options"] = column.values
    *head, last = commented(entry(key, parts))
    return [*head, with_remark(last, _unclear(column) or _hidden(column))]


def _new_key(name: str, used: Collection[str]) -> str:
    bare = _NO_LETTERS.sub("_", name.lower()).strip("_")[:80]
    key = bare if bare[:1].isalpha() else f"field_{bare}".rstrip("_")
    again = (f"{key}_{number}" for number in range(2, len(used) + 3))
    return key if key not in used else next(other for other in again if other not in used)


def _doubt(column: Column, proposal: Proposal) -> str:
    if proposal.target.type is None:
        return "this CRM's field is read as no value type; add `type`"
    if column.unclear and proposal.target.type in _FORMATTED:
        return _unclear(column)
    return "" if proposal.confidence >= SURE else f"{proposal.confidence} % sure"


def _unclear(column: Column) -> str:
    if not column.unclear:
        return ""
    what = "how numbers are written" if column.type == "number" else "day or month first"
    return f"{what}? {' and '.join(column.unclear)} fit every value"


def _hidden(column: Column) -> str:
    if column.type == "select" and not column.values and column.spread is Spread.FEW:
        return f"{column.distinct} options: discover --show-values lists them"
    return ""


def _unnameable(name: str) -> str:
    """Why a file cannot name the column, or ""."""
    if why := name_trouble(name):
        return f"cannot be named in a file, {why}"
    try:
        return "has a name that is too long for a file" if len(scalar(name)) > LONGEST_KEY else ""
    except Unwritable:
        return "has a name with characters that no file can hold"


def likely_by_field(found: Discovery) -> Mapping[str, str]:
    """Field key -> what probably fills it, as a remark."""
    return {m.proposal.target.key: _remark(m) for m in mappings(found)}


def _remark(mapped: Mapped) -> str:
    inner = ", ".join(f"{key}: {value}" for key, value in mapped.parts.items())
    return f"likely {inner}   ({mapped.doubt or f'{mapped.proposal.confidence} % sure'})"
