"""One row of WP Fusion's Contact Fields: the entry that does the same, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.config.rules import is_password
from reconciler.config.shapes import name_trouble
from reconciler.config.wp_fusion.site import Row, Site
from reconciler.config.writing.entries import Value
from reconciler.config.writing.scalars import LONGEST_KEY, Unwritable, scalar
from reconciler.model.names import fold_name

TYPES: Mapping[str, str] = {
    "text": "",
    "textarea": "",
    "date": "date",
    "datepicker": "date",
    "datetime": "datetime",
    "multiselect": "multiselect",
    "multiselect (values)": "multiselect",
    "checkboxes": "multiselect",
    "checkbox": "checkbox",
    "state": "state",
    "country": "country",
    "int": "integer",
    "integer": "integer",
    "raw": "raw",
    "tel": "phone",
}
"""WP Fusion's type -> ours; "": what the CRM's field holds, since WP Fusion sends it as it is."""

EMAIL, PERSON, PREVIOUS, ROLE, ROLES = "user_email", "user_id", "previous_user_email", "role", "roles"
_COMPUTED: Mapping[str, str] = {PREVIOUS: "previous_email", ROLE: f"'size({ROLES}) > 0 ? {ROLES}[0] : \"\"'"}
"""Keys that no column holds -> the `value` that computes them, as YAML."""

_OF_CORE = frozenset((PREVIOUS, PERSON, "user_registered"))
"""Keys that are one-way in WP Fusion and are known here."""

_CAPABILITIES = re.compile(r".+_capabilities")
_SECRET = re.compile(r"session_tokens|_application_passwords|.*(?:_pass|_password|activation_key)", re.IGNORECASE)
"""Meta keys that no source of WordPress gives away."""

_PERSONAL = re.compile(r"e-?mail|phone|mobile", re.IGNORECASE)
_E_MAIL: Mapping[str, str] = {
    "convertkit": "email_address",
    "infusionsoft": "EmailAddress",
    "kit": "email_address",
    "mailchimp": "email_address",
    "salesforce": "Email",
}
"""CRM -> its field of the e-mail, where it is not `email`: WP Fusion maps it by itself."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A row that is an entry: `parts` are its keys. `label`: what stands behind it as a comment."""

    row: Row
    parts: Mapping[str, Value]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no entry, and why, as the end of a sentence. `parts`: those of the entry that somebody may want all
    the same; None where a file cannot have it."""

    row: Row
    why: str
    parts: Mapping[str, Value] | None = None


@dataclass(slots=True)
class Rows:
    """All rows, told apart. `match`: the CRM's field of the e-mail. `off`: mapped, but not switched on."""

    match: str
    entries: list[Mapped] = field(default_factory=list)
    dynamic: list[Mapped] = field(default_factory=list)
    off: list[Mapped] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def need_roles(self) -> bool:
        """Whether an expression reads the roles."""
        return any(mapped.row.key == ROLE and "value" in mapped.parts for mapped in self.entries)


@dataclass(frozen=True, slots=True)
class _Seen:
    site: Site
    match: str
    columns: Collection[str] | None


def told_apart(site: Site, columns: Collection[str] | None) -> Rows:
    """Every row as an entry, or why it is none. `columns`: the source's; None if nobody looked."""
    rows = Rows(_match(site))
    seen = _Seen(site, rows.match, columns)
    own = Row(EMAIL, "text", rows.match, active=True, pseudo=False)
    mapped_by_itself = () if any(_is_own(row) for row in site.rows) else (own,)
    for row in (*mapped_by_itself, *site.rows):
        if not row.target:
            continue
        if why := next(_never(row, seen), ""):
            rows.refused.append(Refused(row, why))
            continue
        why = next(_not_now(row, seen), "")
        mapped = Mapped(row, _parts(row, site), _label(row, site))
        if not row.active:
            rows.off.append(Mapped(row, mapped.parts, why or mapped.label))
        elif why:
            rows.refused.append(Refused(row, why, mapped.parts))
        else:
            (rows.dynamic if row.is_dynamic else rows.entries).append(mapped)
    _once(rows)
    return rows


def column_of(key: str) -> str | None:
    """The column that holds the key's values; None if none does."""
    if key == "ID":
        return PERSON
    if _CAPABILITIES.fullmatch(key):
        return ROLES
    return None if key in _COMPUTED else key


def _match(site: Site) -> str:
    return next((row.target for row in site.rows if _is_own(row)), _E_MAIL.get(site.slug, "email"))


def _is_own(row: Row) -> bool:
    """Whether it maps the user's own address to a field that a file can name."""
    refused = row.is_dynamic or _unnameable(row) or _password(row)
    return row.key == EMAIL and bool(row.target) and not refused


def _parts(row: Row, site: Site) -> dict[str, Value]:
    column = ROLES if row.is_dynamic and row.key == ROLE else column_of(row.key)
    parts: dict[str, Value] = {"from": scalar(column)} if column else {"value": _COMPUTED[row.key]}
    if row.is_dynamic:
        return {**parts, "keep": "true"}
    if row.key == EMAIL:
        return parts
    if (type := TYPES.get(row.type)) and row.key != PREVIOUS:
        parts["type"] = type
    if type == "country" and site.slug == "mautic":
        parts["as"] = "name"
    if type == "checkbox":
        parts["default"] = "false"
    if row.pseudo:
        parts["pull"] = "false"
    return parts


def _label(row: Row, site: Site) -> str:
    known = site.fields.get(row.target)
    return known.label if known and fold_name(known.label) != fold_name(row.target) else ""


def _once(rows: Rows) -> None:
    """Each field is filled once: by the later row, as WP Fusion does it; that of the e-mail by the user's address."""
    filled: dict[str, Mapped] = {}
    for mapped in rows.entries:
        name = fold_name(mapped.row.target)
        first = filled.get(name)
        if first is None:
            filled[name] = mapped
            continue
        won, lost = (first, mapped) if first.row.key == EMAIL else (mapped, first)
        filled[name] = won
        by = "the address that people are looked up by" if won.row.key == EMAIL else "the later row wins in WP Fusion"
        rows.refused.append(Refused(lost.row, f"`{won.row.key}` fills that field: {by}", lost.parts))
    rows.entries = [mapped for mapped in rows.entries if filled[fold_name(mapped.row.target)] is mapped]
    rows.dynamic = list({str(mapped.parts["from"]): mapped for mapped in reversed(rows.dynamic)}.values())[::-1]


def _never(row: Row, seen: _Seen) -> Iterator[str]:
    """Why no file can have the row."""
    yield from filter(None, (reason(row, seen) for reason in (_unnameable, _password)))
    if row.is_dynamic:
        yield from filter(None, (_personal(row, seen),))


def _not_now(row: Row, seen: _Seen) -> Iterator[str]:
    """Why the row is no entry as things are; never that of the user's own address, without which nobody is found."""
    if row.key != EMAIL:
        reasons = _OF_ANY if row.is_dynamic else (*_OF_ANY, *_OF_FIELDS)
        yield from filter(None, (reason(row, seen) for reason in reasons))


def _password(row: Row, _: _Seen | None = None) -> str:
    secret = is_password(row.key) or is_password(row.target) or _SECRET.fullmatch(row.key)
    return "passwords are never sent" if secret else ""


def _unnameable(row: Row, _: _Seen | None = None) -> str:
    for name in (row.key, row.target):
        if why := name_trouble(name):
            return why
        try:
            if len(scalar(name)) > LONGEST_KEY:
                return "the name is too long for a file"
        except Unwritable:
            return "the name holds characters that no file can"
    return ""


def _computed_there(row: Row, seen: _Seen) -> str:
    if not row.pseudo or row.key in _OF_CORE or (seen.columns is not None and row.key in seen.columns):
        return ""
    return "WP Fusion computes it while it sends; a column of another table comes in by `source.joins`"


def _no_column(row: Row, seen: _Seen) -> str:
    column = ROLES if row.key == ROLE else column_of(row.key)
    missing = seen.columns is not None and column is not None and column not in seen.columns
    return "the source has no such column" if missing else ""


def _previous_on_match(row: Row, seen: _Seen) -> str:
    onto = row.key == PREVIOUS and fold_name(row.target) == fold_name(seen.match)
    return "the former address would take the place of the new one" if onto else ""


def _compound(row: Row, seen: _Seen) -> str:
    known = seen.site.fields.get(row.target)
    return "it is one part of a compound field" if (known and known.compound) or "+" in row.target else ""


def _read_only(row: Row, seen: _Seen) -> str:
    known = seen.site.fields.get(row.target)
    return "the CRM does not let it be written" if known and known.read_only else ""


def _not_there(row: Row, seen: _Seen) -> str:
    unknown = seen.site.fields and row.target not in seen.site.fields
    return "the CRM had no such field when WP Fusion looked; as an entry, the first apply makes it" if unknown else ""


def _personal(row: Row, seen: _Seen) -> str:
    own = row.key in (EMAIL, PREVIOUS, "ID", PERSON, seen.site.link) or TYPES.get(row.type) == "phone"
    return "no tags are made of addresses, numbers and ids of people" if own or _PERSONAL.search(row.key) else ""


_OF_ANY: Sequence[Callable[[Row, _Seen], str]] = (_computed_there, _no_column)
_OF_FIELDS: Sequence[Callable[[Row, _Seen], str]] = (_previous_on_match, _compound, _read_only, _not_there)
