"""A sample of people becomes a `Discovery`: each column looked at, then all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.model.capabilities import Capabilities
from reconciler.model.discovery import Column, Discovery, Spread, Target
from reconciler.model.inventory import CrmField, Inventory
from reconciler.planning.discovery import synonyms
from reconciler.planning.discovery.apart import INTERNAL, why_apart
from reconciler.planning.discovery.identity import email_column, person_column
from reconciler.planning.discovery.matching import proposals
from reconciler.planning.discovery.owners import Owned, Owners
from reconciler.planning.discovery.shapes import shapes
from reconciler.planning.discovery.types import FEW, FEW_ITEMS, Hint, guess, items

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_PARSED = 1_000  # different values of a column that parsers are tried on
_MOST_SHOWN = {"select": FEW, "multiselect": FEW_ITEMS}


@dataclass(frozen=True, slots=True)
class Sample:
    """People of a source: one string column per column. `read`: how many were passed to choose them from. `unread`:
    columns that nobody asked for. `unnamed`: how many others have names that look like somebody's data."""

    people: pa.Table
    source: str
    read: int
    whole: bool
    unread: tuple[str, ...] = ()
    unnamed: int = 0


@dataclass(frozen=True, slots=True)
class Crm:
    """What the CRM holds, what it can do, and what it is called."""

    name: str
    inventory: Inventory
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beforehand. `mapped`: field that is declared -> the column that fills it, or None. `values`: keep
    those of small enumerations. `owners`: who keeps the columns, where that is known of the source. `all`: internal
    columns, too."""

    crm: Crm | None = None
    mapped: Mapping[str, str | None] = field(default_factory=dict)
    values: bool = False
    owners: Owners | None = None
    all: bool = False

    def unneeded(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Columns that need not be read, since their names alone say that nobody will see them."""
        if self.owners is None or self.all:
            return ()
        return self.owners.unneeded(columns, set(self.mapped.values()))


def discover(sample: Sample, known: Known) -> Discovery:
    """What the columns hold, who is who, and which fields they may fill."""
    people = sample.people
    owned = _owned(people, known)
    names = _shown(people.column_names, owned, known)
    columns = tuple(look_at(name, people.column(name), known.values, owned.get(name)) for name in names)
    email = email_column(columns)
    found = Discovery(
        source=sample.source,
        rows=people.num_rows,
        read=sample.read,
        whole=sample.whole,
        columns=columns,
        crm=known.crm.name if known.crm else None,
        person=person_column(columns, email),
        email=email,
        hidden=(*sorted({*people.column_names} - {*names}), *sample.unread),
        unnamed=sample.unnamed,
    )
    return mapped_anew(found, known)


def _owned(people: pa.Table, known: Known) -> dict[str, Owned]:
    """Whose each column is; nothing where no owner is known. What the file maps is internal to nobody."""
    if known.owners is None:
        return {}

    def marks(name: str) -> Iterable[str]:
        return _counts(people.column(name))

    mapped = set(known.mapped.values())
    owned = known.owners.of(people.column_names, marks)
    return {name: replace(one, internal=one.internal and name not in mapped) for name, one in owned.items()}


def _shown(names: Sequence[str], owned: Mapping[str, Owned], known: Known) -> list[str]:
    """The columns that are looked at: owner by owner, internal ones at the end of their group or not at all."""
    if known.owners is None:
        return list(names)
    place = {group: at for at, group in enumerate(known.owners.groups)}
    ordered = sorted(names, key=lambda name: (place[owned[name].group], owned[name].internal))
    return [name for name in ordered if known.all or not owned[name].internal]


def mapped_anew(found: Discovery, known: Known) -> Discovery:
    """The same columns with the proposals that are left when `known.mapped` is settled."""
    mapped = {column: key for key, column in known.mapped.items() if column is not None}
    targets = [target for target in _targets(known.crm) if target.key not in known.mapped]
    return replace(found, proposals=proposals(found.columns, targets, mapped), mapped=tuple(sorted(mapped.items())))


def _targets(crm: Crm | None) -> Sequence[Target]:
    if crm is None:
        return [Target(*row) for row in synonyms.STANDARD]
    holds = crm.capabilities.holds
    return [Target(f.key, f.label, holds.get(f.native)) for f in crm.inventory.fields if _can_be_filled(f)]


def _can_be_filled(field: CrmField) -> bool:
    return not field.read_only and not field.joined


def look_at(name: str, cells: pa.ChunkedArray, values: bool = False, owned: Owned | None = None) -> Column:
    """One column of the sample. Raises nothing: what cannot be read is text."""
    counts = _counts(cells)
    filled = sum(counts.values())
    texts = list(counts)[:: max(len(counts) // _MOST_PARSED, 1)]
    found = guess(name, texts, filled, _hints(owned, cells))
    options = _items(counts) if found.type == "multiselect" else counts
    few = len(options) <= _MOST_SHOWN.get(found.type, 0)
    return Column(
        name=name,
        type=found.type,
        format=found.format,
        unclear=found.unclear,
        unreadable=found.unreadable,
        rows=len(cells),
        filled=filled,
        distinct=len(counts),
        spread=_spread(len(counts), filled),
        shapes=() if found.type in ("select", "checkbox") else shapes(options),
        values=tuple(sorted(options)) if values and few else (),
        apart=why_apart(name, texts) or (INTERNAL if owned and owned.internal else ""),
        group=owned.group if owned else "",
        internal=bool(owned and owned.internal),
        called=owned.called if owned else "",
    )


def _hints(owned: Owned | None, cells: pa.ChunkedArray) -> frozenset[Hint]:
    """What is known of the values of a column whose owner is known. A switch that is off is stored there as a blank."""
    if owned is None:
        return frozenset()
    import pyarrow.compute as pc

    blanks = pc.any(pc.equal(cells, "")).as_py()
    return frozenset(hint for hint, is_so in ((Hint.MOMENTS, owned.moments), (Hint.BLANKS, blanks)) if is_so)


def _counts(cells: pa.ChunkedArray) -> dict[str, int]:
    """Each different filled value, trimmed, and how often it occurs."""
    found: dict[str, int] = {}
    for entry in cells.value_counts().to_pylist():
        text = (entry["values"] or "").strip()
        if text:
            found[text] = found.get(text, 0) + entry["counts"]
    return found


def _items(counts: Mapping[str, int]) -> dict[str, int]:
    """Each item of the lists, and how many people have it."""
    found: Counter[str] = Counter()
    for text, count in counts.items():
        found.update(dict.fromkeys(items(text), count))
    return found


def _spread(distinct: int, filled: int) -> Spread:
    if not filled:
        return Spread.NONE
    if distinct == filled and filled > 1:
        return Spread.UNIQUE
    return Spread.ONE if distinct == 1 else Spread.FEW if distinct <= FEW else Spread.MANY
