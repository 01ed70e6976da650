"""Whole files: the first one of a new user, and a CRM's inventory taken in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.config.given import Doors, Given
from reconciler.config.writing.entries import Value, entry, paragraph, short_entry
from reconciler.config.writing.inventory import field_lines, tag_lines
from reconciler.config.writing.mapping import (
    apart_lines,
    doubtful_lines,
    likely_by_field,
    mapped_lines,
    mappings,
    unmapped_lines,
)
from reconciler.config.writing.scalars import reference, scalar
from reconciler.model.capabilities import Capabilities
from reconciler.model.discovery import Discovery
from reconciler.model.inventory import CrmField, Inventory

SCHEMA = "# yaml-language-server: $schema=config.schema.json"
_SEEN_BY_EXPRESSIONS = ("integer", "number", "checkbox", "date", "datetime", "multiselect")
_SWITCH_OR_NUMBER = re.compile(r"[0-9]+|true|false")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    ("true", "false", "null", "in", "as", "if", "else", "for", "let", "now", "row", "import", "function")
)
_MOST_TYPES = 12
_EXAMPLES = (("checkbox", "{0}"), ("integer", "{0} > 0"), ("number", "{0} > 0"))


@dataclass(frozen=True, slots=True)
class Live:
    """What a CRM holds and what it can do."""

    inventory: Inventory
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Start:
    """Who is who, and between which doors: `person` and `email` are columns, `match` is the CRM's field."""

    crm: Given
    source: Given
    person: str
    match: str
    email: str


def starting_file(start: Start, found: Discovery) -> str:
    """A first file with comments that teach: valid as it is, and it creates nobody."""
    lines = [
        SCHEMA,
        *paragraph(
            "What the CRM holds, and which column of your people fills it. Editors complete this file once",
            "`reconciler schema > config.schema.json` lies beside it; every key stands in docs/file.md.",
        ),
        "version: 1",
        "",
        *paragraph("The CRM. `reconciler plan` reads it; only `reconciler apply` writes to it."),
        *door_lines("crm", start.crm),
        "",
        *paragraph("Where your people come from."),
        *door_lines("source", start.source),
        *_types(start, found),
        *_region(found),
        "",
        *_identity(start),
        "",
        *paragraph(
            "CRM field: the column that fills it. What is not named here is never touched. More keys of an entry:",
            "push (on_create, if_empty, never), empty (skip, clear), type, format, map, default, label, options.",
        ),
        "fields:",
        *_sure(start, found),
        *doubtful_lines(found),
        *unmapped_lines(found, (start.email,)),
        *apart_lines(found),
        "",
        *_tags(found),
        "",
        *paragraph("Off until you ask for it: with `create: true` people without a contact get one."),
        "contacts: {create: false}",
        "",
        *paragraph(
            "What one apply may do at most; beyond that it is refused. The defaults:",
            "limits: {create: 1000, update_percent: 30, untag_percent: 10, tag_people: 500, clear: 0, delete: 0}",
        ),
    ]
    return "\n".join(lines) + "\n"


def imported_file(
    live: Live, crm: Given | None, whole: tuple[Start, Discovery] | None = None, declared: Doors | None = None
) -> str:
    """The inventory as a file whose plan is empty: valid by itself with `whole`, else one that others extend.

    `crm`: named in the file if it is given. `declared`: what another file declares already is left out.
    """
    start = whole[0] if whole else None
    likely = likely_by_field(whole[1]) if whole else {}
    lines = [
        SCHEMA,
        *paragraph(
            "What the CRM holds. An entry without `from` must exist and its values are not ours, so that a plan of",
            "this file is empty. To fill a field, give it a `from`; to leave it to the CRM, remove its line.",
        ),
        *(_whole_head(start) if start else _part_head(crm, live.capabilities)),
        "",
        *_inventory_lines(live, declared or Doors(), start, likely),
    ]
    if start:
        lines += ["", "contacts: {create: false}"]
    return "\n".join(lines) + "\n"


def _inventory_lines(live: Live, declared: Doors, start: Start | None, likely: Mapping[str, str]) -> list[str]:
    """`fields:` and `tags:` of what is there and not `declared` yet."""

    def fill(field: CrmField) -> Mapping[str, Value] | None:
        return {"from": scalar(start.email)} if start and field.key == start.match else None

    fields = field_lines(live.inventory, live.capabilities, declared.declared, fill, likely)
    tags = tag_lines(live.inventory.tags, declared.tags)
    return [*_section("fields", fields), *([""] if tags else []), *(_section("tags", tags) if tags else [])]


def door_lines(name: str, given: Given) -> list[str]:
    """A door's section, its references left as they are."""
    options = (f"  {scalar(key)}: {_typed(text)}" for key, text in given.options.items())
    return [f"{name}:", f"  type: {scalar(given.type)}", *options]


def _typed(text: str) -> str:
    """An option as it was typed: a number or a switch stands bare, since quotes would make it a text."""
    return text if _SWITCH_OR_NUMBER.fullmatch(text) else reference(text)


def _section(name: str, lines: list[str]) -> list[str]:
    entries = any(not line.lstrip().startswith("#") and line.strip() for line in lines)
    return [f"{name}:" if entries else f"{name}: {{}}", *lines]


def _whole_head(start: Start) -> list[str]:
    return [
        "version: 1",
        "",
        *door_lines("crm", start.crm),
        "",
        *door_lines("source", start.source),
        "",
        *_identity(start),
    ]


def _part_head(crm: Given | None, capabilities: Capabilities) -> list[str]:
    match = scalar(capabilities.match)
    if crm is None:
        return [*paragraph("What the file declares already is left out here."), "version: 1"]
    return [
        *paragraph(
            "A file that builds on this one has, beside `version: 1` and `extends: [THIS FILE]`:",
            "  source: {type: csv, path: people.csv}",
            f"  identity: {{person: COLUMN, match: {match}}}",
            f"  fields: {{{match}: COLUMN}}",
        ),
        "version: 1",
        "",
        *door_lines("crm", crm),
    ]


def _identity(start: Start) -> list[str]:
    told = "An address that changes would make a new contact: a column with an id is better."
    warning = [told] if start.person == start.email else []
    return [
        *paragraph(
            "Who is who. person: the column that names a person for ever, never empty and never twice. match: the CRM",
            "field by which somebody new is looked up.",
            *warning,
        ),
        f"identity: {{person: {scalar(start.person)}, match: {scalar(start.match)}}}",
    ]


def _sure(start: Start, found: Discovery) -> list[str]:
    lines = [short_entry(start.match, start.email)]
    for mapped in mappings(found):
        if not mapped.doubt:
            lines += mapped_lines(mapped)
    return lines


def _types(start: Start, found: Discovery) -> list[str]:
    """How columns read in expressions, of those that are something else than text."""
    types = {
        c.name: c.type
        for c in found.columns
        if c.type in _SEEN_BY_EXPRESSIONS and not (c.format or c.unclear or c.unreadable or c.apart)
        if c.name != start.person and _IDENTIFIER.fullmatch(c.name)
    }
    chosen = dict(list(types.items())[:_MOST_TYPES])
    lines = paragraph("How columns read in expressions, such as those of tags; every other column is text.", indent=2)
    return [*lines, *entry("types", {scalar(name): type for name, type in chosen.items()})] if chosen else []


def _region(found: Discovery) -> list[str]:
    if not any(c.type == "phone" for c in found.columns):
        return []
    return ["  # region: DE   # of telephone numbers without a country code; without it they are compared by digits"]


def _tags(found: Discovery) -> list[str]:
    """An example that fits the columns, if there is one."""
    usable = [c for c in found.columns if _IDENTIFIER.fullmatch(c.name) and c.name not in _RESERVED and not c.apart]
    made = (rule.format(c.name) for type, rule in _EXAMPLES for c in usable if c.type == type and not c.format
            and not c.unclear and c.name != found.person)  # fmt: skip
    when = next(made, None) or 'row["COLUMN"] != ""'
    return paragraph(
        "Tags follow a rule: applied where it is true, taken away where it is not. `keep: true` never takes one away.",
        "tags:",
        f"  Example: {{when: '{when}'}}",
    )
