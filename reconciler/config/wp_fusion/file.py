"""The file that does what WP Fusion's settings do, with its comments."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.config.given import Given
from reconciler.config.wp_fusion.mapping import PERSON, ROLES, Mapped, Refused, Rows, told_apart
from reconciler.config.wp_fusion.report import reported, shown
from reconciler.config.wp_fusion.site import Site, site_of
from reconciler.config.wp_fusion.tags import Tags, assigned_tags
from reconciler.config.writing.entries import commented, entry, paragraph, with_remark
from reconciler.config.writing.file import SCHEMA, door_lines
from reconciler.config.writing.scalars import remark, scalar
from reconciler.model.wp_fusion import Settings

_WIDTH = 110
_DATABASE = "${env:WORDPRESS_DATABASE_URL}"
_CRMS: Mapping[str, Mapping[str, str]] = {"hubspot": {"token": "${env:HUBSPOT_TOKEN}"}}
"""WP Fusion's name of a CRM for which there is an adapter of that name -> what its section needs."""


@dataclass(frozen=True, slots=True)
class Between:
    """The doors of the file, where they were told. `columns`: the source's; None if nobody looked."""

    crm: Given | None = None
    source: Given | None = None
    columns: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Translated:
    """The file's text, what it maps, and one sentence for each thing that has no equivalent."""

    text: str
    fields: int
    tags: int
    report: tuple[str, ...]


def translated(settings: Settings, between: Between) -> Translated:
    """The settings as a file that can be loaded."""
    site = site_of(settings)
    rows, tags = told_apart(site, between.columns), assigned_tags(site)
    report = reported(settings, site, rows, tags)
    lines = [
        SCHEMA,
        *paragraph(
            "What WP Fusion's settings ask for. Look through it, then `reconciler plan`: nothing is written by a plan.",
            "What has no equivalent here stands at the end.",
        ),
        "version: 1",
        "",
        *_crm(site, between),
        "",
        *_source(site, rows, between),
        "",
        *_identity(site, rows, between),
        "",
        *([] if site.pushes else ["defaults: {push: on_create}", ""]),
        *_fields(rows),
        "",
        *_tags(tags, rows),
        *_contacts(site, between),
        "",
        *_report(report),
    ]
    return Translated("\n".join(lines) + "\n", len(rows.entries), len(tags.names) + len(rows.dynamic), report)


def _crm(site: Site, between: Between) -> list[str]:
    if between.crm:
        return door_lines("crm", between.crm)
    if site.slug in _CRMS:
        lines = door_lines("crm", Given(site.slug, _CRMS[site.slug]))
        return [*lines, f"  tags: {{property: {scalar(site.tag_property)}}}"] if site.tag_property else lines
    name = f"WP Fusion sends to `{site.slug}`, for which" if site.slug else "The settings name no CRM"
    rehearsal = "a CRM in one SQLite file stands in, for a rehearsal; its contacts have other ids, so take `link` away."
    said = f"{name} there is no adapter here: {rehearsal}" if site.slug else f"{name}: {rehearsal}"
    return [*_wrapped(said), *door_lines("crm", Given("local", {"path": "crm.db"}))]


def _source(site: Site, rows: Rows, between: Between) -> list[str]:
    told = between.source or Given("wordpress", {"url": _DATABASE})
    lines = door_lines("source", told)
    if between.source is None:
        lines = [
            *paragraph("The site's database, mysql://USER:PASSWORD@HOST/DATABASE; `table_prefix` if it is not wp_."),
            *lines,
        ]
    return [*lines, f"  types: {{{ROLES}: multiselect}}"] if rows.need_roles or _by_role(site, between) else lines


def _identity(site: Site, rows: Rows, between: Between) -> list[str]:
    parts = {"person": PERSON, "match": scalar(rows.match)}
    if site.slug and (between.columns is None or site.link in between.columns):
        said = paragraph("link: where WP Fusion keeps the id of a user's contact. It decides who is who.")
        parts["link"] = scalar(site.link)
    else:
        said = paragraph("No user holds the id of a contact, so that people are looked up by their e-mail.")
    return [*said, f"identity: {{{', '.join(f'{key}: {text}' for key, text in parts.items())}}}"]


def _fields(rows: Rows) -> list[str]:
    lines = ["fields:"]
    for mapped in rows.entries:
        lines += _entry(mapped)
    if off := [mapped for mapped in rows.off if not mapped.row.is_dynamic]:
        lines += ["", *paragraph("Mapped in WP Fusion, and switched off there:", indent=2)]
        for mapped in off:
            lines += _commented(mapped)
    if refused := [refused for refused in rows.refused if not refused.row.is_dynamic]:
        lines += ["", *paragraph("Not taken over:", indent=2)]
        for each in refused:
            lines += _not_taken(each)
    return lines


def _not_taken(refused: Refused) -> list[str]:
    if refused.parts is None:
        return paragraph(f"{shown(refused.row)}: {refused.why}", indent=2)
    return _commented(Mapped(refused.row, refused.parts, refused.why))


def _commented(mapped: Mapped) -> list[str]:
    """The entry as a comment, its label behind it."""
    if mapped.row.is_dynamic:
        return [with_remark(f"  # {_tag_entry(mapped)}", mapped.label)]
    *head, last = commented(_entry(Mapped(mapped.row, mapped.parts)))
    return [*head, with_remark(last, mapped.label)]


def _entry(mapped: Mapped) -> list[str]:
    parts = mapped.parts
    if parts.keys() == {"from"}:
        lines = [f"  {scalar(mapped.row.target)}: {parts['from']}"]
    else:
        lines = entry(mapped.row.target, parts)
    return [*lines[:-1], with_remark(lines[-1], mapped.label)]


def _tag_entry(mapped: Mapped) -> str:
    return f"- {{from: {mapped.parts['from']}, keep: true}}"


def _tags(tags: Tags, rows: Rows) -> list[str]:
    lines: list[str] = []
    if tags.names:
        lines += paragraph("For contacts that are created here.")
        lines += ["tags:", *(line for name in tags.names for line in _new_tag(name)), ""]
    left = [line for mapped in rows.off if mapped.row.is_dynamic for line in _commented(mapped)]
    left += [line for refused in rows.refused if refused.row.is_dynamic for line in _not_taken(refused)]
    if rows.dynamic or left:
        lines += paragraph("One tag per value, never taken away.")
        lines += ["dynamic_tags:" if rows.dynamic else "# dynamic_tags:"]
        lines += [*(f"  {_tag_entry(mapped)}" for mapped in rows.dynamic), *left, ""]
    return lines


def _new_tag(name: str) -> list[str]:
    return entry(name, {"when": "'true'", "push": "on_create"})


def _contacts(site: Site, between: Between) -> list[str]:
    if not site.creates:
        return ["contacts: {create: false}"]
    if not site.roles:
        return ["contacts: {create: true}"]
    if not _by_role(site, between):
        return [
            *paragraph("WP Fusion creates some roles only, and the source has no column `roles`: nobody is created."),
            "contacts: {create: false}",
        ]
    names = ", ".join(map(_literal, site.roles))
    return [
        *paragraph("Who may be created; others are updated all the same."),
        *entry("contacts", {"create": _quoted(f"{ROLES}.exists(role, role in [{names}])")}, indent=0),
    ]


def _by_role(site: Site, between: Between) -> bool:
    """Whether creation is limited to roles that the source tells."""
    return site.creates and bool(site.roles) and (between.columns is None or ROLES in between.columns)


def _literal(text: str) -> str:
    """The text as an expression writes one."""
    return '"' + "".join(sign if _stands(sign) else f"\\U{ord(sign):08x}" for sign in text) + '"'


def _stands(sign: str) -> bool:
    return sign.isprintable() and sign not in '"\\'


def _quoted(expression: str) -> str:
    return "'" + expression.replace("'", "''").replace("${", "$${") + "'"


def _report(report: Iterable[str]) -> list[str]:
    lines = paragraph("What has no equivalent here, or is otherwise than in WP Fusion:")
    for sentence in report:
        lines += _wrapped(f"- {sentence}", "  ")
    return lines


def _wrapped(text: str, later: str = "") -> list[str]:
    return paragraph(
        *textwrap.wrap(remark(text), _WIDTH, subsequent_indent=later, break_long_words=False, break_on_hyphens=False)
    )
