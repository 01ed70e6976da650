"""The live inventory as `fields` and `tags` that declare exactly what is there: a plan of them is empty.

An entry without an origin must exist, and its values are not ours. What cannot be declared becomes a comment that says
why, so that nobody wonders where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from reconciler.config.rules import is_password
from reconciler.config.shapes import name_trouble
from reconciler.config.writing.entries import Value, entry, paragraph
from reconciler.config.writing.scalars import LONGEST_KEY, Unwritable, scalar
from reconciler.model.capabilities import Capabilities
from reconciler.model.inventory import CrmField, CrmOption, CrmTag, Inventory
from reconciler.model.names import fold_name

MOST_OPTIONS = 300
"""Options of a field that are written out; a longer list belongs to the CRM, and a file has limits."""

MOST_OPTIONS_IN_ALL = 20_000

Options = Sequence[str] | Mapping[str, str]
Fill = Callable[[CrmField], Mapping[str, Value] | None]
"""What fills a field, as keys of its entry; None for a field whose values stay the CRM's."""


def field_lines(
    inventory: Inventory,
    capabilities: Capabilities,
    left_out: Iterable[str] = (),
    fill: Fill = lambda _field: None,
    likely: Mapping[str, str] | None = None,
) -> list[str]:
    """The entries under `fields`, by group. `left_out`: keys that are declared elsewhere. `likely`: a remark by key."""
    known = set(left_out)
    taken: dict[str, str] = {}
    lines: list[str] = []
    group: str | None = ""
    room = MOST_OPTIONS_IN_ALL
    for field in _by_group(f for f in inventory.fields if f.key not in known):
        if field.group != group and field.group:
            lines += ["", *paragraph(field.group, indent=2)]
        group = field.group
        origin = fill(field)
        if origin is not None:
            lines += entry(field.key, origin)
            taken[fold_name(field.key)] = field.key
            continue
        if why := _why_not(field, capabilities, taken):
            lines += paragraph(f"{field.key}: {why}", indent=2)
            continue
        taken[fold_name(field.key)] = field.key
        options = _options(field.options) if len(field.options) <= room else []
        room -= len(options)
        lines += entry(field.key, _attributes(field, capabilities, options))
        if len(field.options) > len(options):
            lines += paragraph(f"its {len(field.options)} options are left to the CRM", indent=4)
        if said := (likely or {}).get(field.key):
            lines += paragraph(said, indent=4)
    return lines


def tag_lines(tags: Sequence[CrmTag], left_out: Iterable[str] = ()) -> list[str]:
    """The entries under `tags`: each must exist, who carries it is not ours."""
    known = set(left_out)
    taken: dict[str, str] = {}
    lines: list[str] = []
    for tag in tags:
        if tag.name in known:
            continue
        if why := _name_trouble(tag.name) or _twin(tag.name, taken):
            lines += paragraph(f"{tag.name}: {why}", indent=2)
            continue
        taken[fold_name(tag.name)] = tag.name
        lines += entry(tag.name, {})
    return lines


def _by_group(fields: Iterable[CrmField]) -> list[CrmField]:
    """Those without a group first, then group by group in the order in which the CRM names them."""
    found = list(fields)
    order = {group: at for at, group in enumerate(dict.fromkeys(f.group for f in found if f.group), 1)}
    return sorted(found, key=lambda f: order.get(f.group or "", 0))


def _why_not(field: CrmField, capabilities: Capabilities, taken: Mapping[str, str]) -> str:
    """Why this field cannot be declared, or ""."""
    if why := _name_trouble(field.key) or _twin(field.key, taken):
        return why
    if is_password(field.key):
        return "a field for passwords is never declared"
    type = capabilities.holds.get(field.native)
    if type is None:
        return f"its native type {field.native} is read as no value type"
    wire = capabilities.wires.get(type)
    if wire is None or field.native not in wire.accepts:
        return f"its native type {field.native} takes no values of type {type}"
    return ""


def _name_trouble(name: str) -> str:
    if why := name_trouble(name):
        return f"it cannot be declared, {why}"
    try:
        return "its name is too long for a file" if len(scalar(name)) > LONGEST_KEY else ""
    except Unwritable:
        return "its name holds characters that no file can"


def _twin(name: str, taken: Mapping[str, str]) -> str:
    other = taken.get(fold_name(name))
    return f"it differs from {other} only in case, spaces or HTML entities" if other is not None else ""


def _attributes(field: CrmField, capabilities: Capabilities, options: Options) -> dict[str, Value]:
    """Type, label, group and options, as far as a file can say them."""
    found: dict[str, Value] = {"type": capabilities.holds[field.native]}
    for key, text in (("label", field.label), ("group", field.group)):
        if text and text.strip() and _is_writable(text):
            found[key] = scalar(text)
    if options and capabilities.holds[field.native] in ("select", "multiselect"):
        found["options"] = options
    return found


def _options(options: Sequence[CrmOption]) -> Options:
    """A list where every label says its value, else values and labels; nothing where a file cannot hold them all."""
    usable = [o for o in options if o.value.strip() and _is_writable(o.value) and _is_writable(o.label)]
    if len(usable) < len(options) or len(options) > MOST_OPTIONS or any(len(o.value) > LONGEST_KEY for o in options):
        return []
    if all(o.label in ("", o.value) for o in options):
        return [o.value for o in options]
    return {o.value: o.label or o.value for o in options}


def _is_writable(text: str) -> bool:
    try:
        scalar(text)
    except Unwritable:
        return False
    return True
