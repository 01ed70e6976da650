"""What was discovered, as text and as JSON: columns, their types and shapes, and the field that each may fill."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler import __version__
from reconciler.model.discovery import Column, Discovery, Spread
from reconciler.model.problems import Problem
from reconciler.report.discovery_shapes import ColumnRow, DiscoveryDocument, ShapeRow
from reconciler.report.document import problem_rows
from reconciler.report.layout import PAGE, Page, folding_table, section, spread
from reconciler.report.text import command
from reconciler.report.words import listing, number, plain, some

_HEADER = ("Column", "Type", "Full", "Values", "CRM field", "Shape")
_GAPS = (2, 2, 2, 2, 2)
_SPREADS = {
    Spread.NONE: "none",
    Spread.ONE: "1",
    Spread.MANY: "many",
    Spread.UNIQUE: "unique",
}


def discovery_text(found: Discovery, page: Page = PAGE) -> str:
    """A line a column, by the program that keeps it, then who is who. Values stand in it only where the discovery kept
    them."""
    last = [
        *section("Person", [_person(found)], page.width),
        *section("E-mail", [_email(found)], page.width),
        *section("Hidden", [_hidden(found), _unnamed(found)], page.width),
    ]
    parts = [spread(_header(found), page.width), _table(found, page.width), last]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _table(found: Discovery, width: int) -> list[str]:
    """The columns below each other, under a heading wherever another program's begin."""
    rows = [list(_HEADER), *(_row(column, found) for column in found.columns)]
    head, *others = folding_table(rows, len(_HEADER) - 1, width, _GAPS)
    lines, group = list(head), ""
    for column, row in zip(found.columns, others, strict=True):
        if column.group != group:
            group = column.group
            lines += ["", plain(group)]
        lines += row
    return lines


def _header(found: Discovery) -> list[str]:
    people = some(found.rows, "person")
    if not found.whole or found.rows < found.read:
        people += f" of {'' if found.whole else 'the first '}{number(found.read)}"
    crm = f"fields of {found.crm}" if found.crm else "fields that most CRMs have (--crm names yours)"
    return [found.source, people, crm]


def _row(column: Column, found: Discovery) -> list[str]:
    return [column.name, _type(column), f"{column.percent} %", _values(column), _field(column, found), _shape(column)]


def _type(column: Column) -> str:
    written = column.format or (" or ".join(column.unclear) + "?" if column.unclear else "")
    return f"{column.type} {written}".rstrip()


def _values(column: Column) -> str:
    return _SPREADS.get(column.spread) or str(column.distinct)


def _field(column: Column, found: Discovery) -> str:
    if column.apart:
        return "left out"
    if key := dict(found.mapped).get(column.name):
        return f"{key}, mapped"
    proposal = found.proposal(column.name)
    return f"{proposal.target.key}  {proposal.confidence} %" if proposal else ""


def _shape(column: Column) -> str:
    if column.values:
        return "{" + ", ".join(column.values) + "}"
    if column.type == "checkbox":
        return "yes or no"
    if column.type == "select":
        return f"one of {column.distinct}"
    lists = "lists of " if column.type == "multiselect" and column.shapes else ""
    shapes = (s.shape if s.percent == 100 else f"{s.shape} {s.percent} %" for s in column.shapes)
    return lists + listing([*shapes, f"{column.unreadable} % unreadable" if column.unreadable else ""])


def _person(found: Discovery) -> str:
    if found.person is None:
        return "no column is never empty and never twice; without one nobody can be told apart for ever"
    if found.person == found.email:
        return f"{found.person}, for want of an id: an address that changes would make a new contact"
    column = found.column(found.person)
    twice = column.filled - column.distinct
    gaps = column.rows - column.filled
    odd = listing([some(gaps, "person") + " without one" if gaps else "", f"{number(twice)} twice" if twice else ""])
    return f"{found.person} looks like the column that names a person" + (f"; {odd}" if odd else "")


def _email(found: Discovery) -> str:
    return f"{found.email} looks like the address to match by" if found.email else "no column holds e-mail addresses"


def _hidden(found: Discovery) -> str:
    if not found.hidden:
        return ""
    columns = some(len(found.hidden), "column")
    return f"{columns} that programs keep for themselves; --all shows {'them' if len(found.hidden) > 1 else 'it'}"


def _unnamed(found: Discovery) -> str:
    return f"{some(found.unnamed, 'column')} named like an address, a date or a number" if found.unnamed else ""


def started_text(file: str, found: Discovery, page: Page = PAGE) -> str:
    """What was written, and the next two commands."""
    mapped = some(len(found.proposals), "column")
    lines = [
        plain(f"Wrote {file}: {found.source} into {found.crm}, {mapped} of {len(found.columns)} mapped or proposed."),
        plain("Read it, take the # away where a comment is right, then:"),
        f"  {command('plan', file, page):<40} shows what an apply would do, and writes nothing",
        f"  {command('apply', file, page):<40} shows it again, asks, and does it",
    ]
    return "\n".join(lines) + "\n"


def discovery_document(
    found: Discovery | None, yaml: str = "", problems: Iterable[Problem] = (), file: str = ""
) -> DiscoveryDocument:
    """The same as one document; `found` None: nothing could be looked at. It has no room for values."""
    rows = problem_rows(problems)
    if found is None:
        return DiscoveryDocument(tool=__version__, outcome="error", file=file, problems=rows)
    return DiscoveryDocument(
        tool=__version__,
        outcome="discovered",
        file=file,
        source=found.source,
        crm=found.crm,
        people=found.rows,
        read=found.read,
        whole=found.whole,
        person=found.person,
        email=found.email,
        columns=tuple(_column_row(column, found) for column in found.columns),
        hidden=len(found.hidden),
        unnamed=found.unnamed,
        yaml=yaml,
        problems=rows,
    )


def _column_row(column: Column, found: Discovery) -> ColumnRow:
    proposal = found.proposal(column.name)
    return ColumnRow(
        name=column.name,
        group=column.group,
        internal=column.internal,
        type=column.type,
        format=column.format,
        unclear=column.unclear,
        unreadable_percent=column.unreadable,
        filled_percent=column.percent,
        values=column.spread.value,
        distinct=column.distinct,
        shapes=tuple(ShapeRow(shape=s.shape, percent=s.percent) for s in column.shapes),
        field=proposal.target.key if proposal else None,
        confidence=proposal.confidence if proposal else None,
        mapped=dict(found.mapped).get(column.name),
        left_out=column.apart,
    )
