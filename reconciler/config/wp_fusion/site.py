"""What WP Fusion's settings say, whichever of its versions wrote them: rows, the CRM's inventory, policies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.wp_fusion import Plain, Settings, is_filled

_SUFFIX = re.compile(r"\s*\((read only|compound field)\)\s*\Z", re.IGNORECASE)
_READ_ONLY, _COMPOUND = "read only", "compound field"
_LABELS = ("crm_label", "remote_label", "label")
_DYNAMIC = "add_tag_"
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,60}")
_BY_NAME = frozenset(["activecampaign", "drip", "intercom", "mailchimp", "mautic", "zoho"])
"""CRMs whose tags WP Fusion knows by their names, not by ids."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of its Contact Fields: the user's `key`, the CRM's field, and how the value is written."""

    key: str
    type: str
    target: str
    active: bool
    pseudo: bool

    @property
    def is_dynamic(self) -> bool:
        """Whether it makes tags of its values instead of filling a field."""
        return self.target.startswith(_DYNAMIC)


@dataclass(frozen=True, slots=True)
class Remote:
    """A field of the CRM as WP Fusion remembers it."""

    key: str
    label: str
    read_only: bool = False
    compound: bool = False


@dataclass(frozen=True, slots=True)
class KnownTag:
    """A tag of the CRM as WP Fusion remembers it."""

    name: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """`fields` and `tags` are empty where the settings have no inventory. `tag_property`: HubSpot's, where tags are its
    options. `unreadable`: keys of rows that are no rows."""

    slug: str
    rows: tuple[Row, ...]
    unreadable: tuple[str, ...]
    fields: Mapping[str, Remote]
    tags: Mapping[str, KnownTag]
    assigned: tuple[str, ...]
    roles: tuple[str, ...]
    creates: bool
    pushes: bool
    tag_property: str | None

    @property
    def link(self) -> str:
        """The meta key in which WP Fusion keeps the id of a user's contact."""
        return f"{self.slug}_contact_id"

    @property
    def tags_by_name(self) -> bool:
        """Whether WP Fusion knows this CRM's tags by their names, not by ids."""
        return self.slug in _BY_NAME


def site_of(settings: Settings) -> Site:
    """The settings, read. Keys that are missing count as WP Fusion counts them."""
    kept = settings.kept
    rows = dict(_rows(kept.get("contact_fields")))
    read_only = frozenset(_texts(kept.get("read_only_fields"))) | frozenset(_names(kept.get("read_only_fields")))
    return Site(
        slug=slug if _SLUG.fullmatch(slug := _text(kept.get("crm"))) else "",
        rows=tuple(row for row in rows.values() if row is not None),
        unreadable=tuple(key for key, row in rows.items() if row is None),
        fields={field.key: field for field in _fields(kept.get("crm_fields"), read_only)},
        tags=dict(_tags(kept.get("available_tags"))),
        assigned=tuple(dict.fromkeys(_texts(kept.get("assign_tags")))),
        roles=tuple(dict.fromkeys(_texts(kept.get("user_roles")))),
        creates=is_filled(kept.get("create_users", "1")),
        pushes=is_filled(kept.get("push", "1")),
        tag_property=_tag_property(kept),
    )


def _rows(value: Plain) -> Iterator[tuple[str, Row | None]]:
    for key, row in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(row, Mapping):
            if is_filled(row):
                yield key, None
            continue
        target, type = _text(row.get("crm_field")), _text(row.get("type")) or "text"
        active = is_filled(row.get("active")) or key == "user_email"
        if active or target:
            yield key, Row(key, type.strip().lower(), target, active, is_filled(row.get("pseudo")))


def _fields(value: Plain, read_only: frozenset[str]) -> Iterator[Remote]:
    """The three shapes: `{id: label}`, `{group: {id: label}}`, `{group: {id: {crm_label, ...}}}`."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        is_group = isinstance(inner, Mapping) and _label(inner) is None
        for id, about in inner.items() if is_group and isinstance(inner, Mapping) else ((key, inner),):
            label = _label(about) if isinstance(about, Mapping) else about
            if id and isinstance(label, str):
                yield _remote(id, label, id in read_only)


def _remote(key: str, label: str, read_only: bool) -> Remote:
    found = _SUFFIX.search(label)
    said = found[1].lower() if found else ""
    return Remote(key, _SUFFIX.sub("", label).strip(), read_only or said == _READ_ONLY, said == _COMPOUND)


def _label(about: Mapping[str, Plain]) -> str | None:
    return next((text for name in _LABELS if isinstance(text := about.get(name), str)), None)


def _tags(value: Plain) -> Iterator[tuple[str, KnownTag]]:
    """Both shapes: `{id: label}` and `{id: {label, category}}`."""
    for id, about in value.items() if isinstance(value, Mapping) else ():
        label = _label(about) if isinstance(about, Mapping) else about
        category = _text(about.get("category")) if isinstance(about, Mapping) else ""
        if isinstance(label, str) and label.strip():
            both = (label, category)
            read_only = any(text.rstrip().lower().endswith(f"({_READ_ONLY})") for text in both)
            yield id, KnownTag(_SUFFIX.sub("", label).strip(), read_only)


def _tag_property(kept: Mapping[str, Plain]) -> str | None:
    if _text(kept.get("crm")) != "hubspot" or _text(kept.get("hubspot_tag_type")) != "multiselect":
        return None
    return _text(kept.get("hubspot_multiselect_field")) or None


def _text(value: Plain) -> str:
    """A text; of a field's setting, which was an array once, its `crm_field`; "" for everything else."""
    if isinstance(value, Mapping):
        value = value.get("crm_field")
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Plain) -> Iterator[str]:
    """The texts of a list, or the one that stands there instead of it."""
    values = value.values() if isinstance(value, Mapping) else (value,)
    yield from (text.strip() for text in values if isinstance(text, str) and text.strip())


def _names(value: Plain) -> Iterator[str]:
    """The keys of a map that is no list."""
    yield from (key for key in value if not (key.isascii() and key.isdigit())) if isinstance(value, Mapping) else ()
