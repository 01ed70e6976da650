"""What of WP Fusion's settings has no equivalent, in sentences: names of settings, fields and tags, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reconciler.config.wp_fusion.mapping import TYPES, Rows
from reconciler.config.wp_fusion.site import Row, Site
from reconciler.config.wp_fusion.tags import Tags
from reconciler.model.wp_fusion import Settings

_MOST_NAMES = 60
_FALSE_IS_SENT = frozenset(("hubspot", "salesforce", "sendinblue", "zoho"))
"""CRMs to which WP Fusion sends an unticked checkbox as false; to others as an empty."""

WITHOUT: Mapping[str, str] = {
    "assign_lists": "people are put on no list; where lists are tags of the CRM, write them under `tags`",
    "deletion_tags": "who is gone from the source is no longer written, and gets no tag for it",
    "email_changes": "an address that changes is written to the linked contact, always",
    "enable_cron": "nothing listens for webhooks: run `reconciler apply` on a schedule",
    "exclude_admins": "administrators are people like others; leave them out with `contacts.when`",
    "import_groups": "contacts never become users of the site",
    "import_users": "contacts never become users of the site",
    "jetpack_import_tag": "contacts never become users of the site",
    "login_meta_sync": "nothing happens at a login; `pull: true` under `defaults` brings values back with each apply",
    "login_sync": "nothing happens at a login, and tags of the CRM are not brought to the site",
    "profile_update_tags": "no tag follows from a change of a profile as such; write a rule under `tags`",
    "push_all_meta": "every plan looks at every mapped key, so that there is nothing to switch on",
    "return_password": "passwords are never sent",
    "return_password_field": "passwords are never sent",
    "sf_tag_type": "what a tag is in the CRM is an option of its adapter",
    "crm_tag_type": "what a tag is in the CRM is an option of its adapter",
    "staging_mode": "`plan` never writes, and nothing but `apply` does",
    "username_format": "contacts never become users of the site",
}
"""Setting that somebody filled -> what is to be said of it."""

_STATUS = re.compile(r"(?:.+_)?(?:default_status|optin\w*)|double_optin\w*|mc_optin")
_LISTS = re.compile(r"(?:\w+_)?lists?|default_list|mc_default_list")


def reported(settings: Settings, site: Site, rows: Rows, tags: Tags) -> tuple[str, ...]:
    """One sentence for each thing that has no equivalent or is otherwise here."""
    return (
        *(f"{shown(refused.row)}: {refused.why}" for refused in rows.refused),
        *(f"`{key}`: its row in the settings cannot be read" for key in site.unreadable),
        *_types(site, rows),
        *(f"tag `{name}` for new contacts: {why}" for name, why in tags.refused.items()),
        *_policies(site),
        *(f"`{name}`: {sentence}" for name in settings.filled if (sentence := _said(name))),
        *_elsewhere(settings),
        *_differs(site, rows, tags),
    )


def shown(row: Row) -> str:
    """The row as its two names."""
    return f"`{row.key}` -> `{row.target}`"


def _types(site: Site, rows: Rows) -> Iterator[str]:
    active = [mapped.row for mapped in rows.entries]
    for row in active:
        if row.type not in TYPES:
            yield f"{shown(row)}: the type `{row.type}` has no meaning here; the value is read as the CRM's field is"
    if unmapped := [f"`{row.key}`" for row in site.rows if row.active and not row.target and row.key != "user_email"]:
        yield f"switched on without a field of the CRM, and not sent by WP Fusion either: {_names(unmapped)}"


def _policies(site: Site) -> Iterator[str]:
    if not site.slug:
        yield "`crm`: the settings do not say which CRM they are for"
    if not site.pushes:
        yield "`push` is switched off: new contacts are filled, others left alone (`push: on_create` under `defaults`)"
    if not site.creates:
        yield "`create_users` is switched off: nobody is created (`contacts.create`)"


def _said(name: str) -> str:
    if _STATUS.fullmatch(name):
        return "say the status of created contacts as `contacts.status`; nobody is subscribed unasked"
    return WITHOUT.get(name, "") or (WITHOUT["assign_lists"] if _LISTS.fullmatch(name) else "")


def _elsewhere(settings: Settings) -> Iterator[str]:
    if "access_key" in settings.dropped:
        yield "webhooks: nothing listens for them; what changed in the CRM is seen by the next plan"
    if settings.dropped:
        yield f"dropped unread, since they may hold credentials: {_names([f'`{name}`' for name in settings.dropped])}"
    if others := [f"`{name}`" for name in settings.filled if not _said(name)]:
        yield f"about the site or WP Fusion itself, and left to it: {_names(others)}"
    yield "tags and fields that WP Fusion keeps with single products, courses, forms or posts are not in its settings"


def _differs(site: Site, rows: Rows, tags: Tags) -> Iterator[str]:
    types = {TYPES.get(mapped.row.type) for mapped in rows.entries}
    if "checkbox" in types:
        left = (
            "" if site.slug in _FALSE_IS_SENT else "; WP Fusion left it empty in this CRM, so the first apply fills it"
        )
        yield f"a checkbox that is not ticked, or that a user never saw, is `false` here{left}"
        yield "a checkbox is ticked by 1, yes, on and true; WP Fusion takes every text so: give others a `map`"
    if not types.isdisjoint(("date", "datetime")):
        yield "dates such as 03/04/2026 are not guessed: they are findings until `format` says how they are written"
    if "phone" in types:
        yield "telephone numbers are compared by their digits until `source.region` names the country of short ones"
    if site.creates:
        yield "users without a contact are created with the first apply; WP Fusion creates them when they register"
    if tags.names:
        yield "tags of new contacts go to those that an apply creates; WP Fusion also gives them to those that it found"
    if rows.dynamic:
        yield "more than 20 new tags at once are not created; `max_new` beside the column allows more"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
