"""The tags that WP Fusion applies to every new contact, as tags of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.config.shapes import name_trouble
from reconciler.config.wp_fusion.site import KnownTag, Site
from reconciler.config.writing.scalars import LONGEST_KEY, Unwritable, scalar
from reconciler.model.names import fold_name


@dataclass(slots=True)
class Tags:
    """`names`: tags of new contacts. `refused`: what the setting holds -> why it is none, as the end of a sentence."""

    names: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def assigned_tags(site: Site) -> Tags:
    """The tags of new contacts by their names, and those that are none."""
    found = Tags()
    taken: set[str] = set()
    named = {fold_name(tag.name): tag for tag in site.tags.values()}
    for assigned in site.assigned:
        known = _tag(site, named, assigned)
        why = next(_trouble(known.name), "") if known else "the settings do not say which tag that is"
        if known and known.read_only:
            why = "the CRM fills it by itself"
        if why or known is None:
            found.refused[assigned] = why
        elif fold_name(known.name) not in taken:
            taken.add(fold_name(known.name))
            found.names.append(known.name)
    return found


def _tag(site: Site, named: Mapping[str, KnownTag], assigned: str) -> KnownTag | None:
    """The tag that the setting names, by its id or its name; None if the inventory does not say."""
    found = named.get(fold_name(assigned))
    if site.tags_by_name:
        return found or KnownTag(assigned)
    return site.tags.get(assigned) or found


def _trouble(name: str) -> Iterator[str]:
    if why := name_trouble(name):
        yield why
    try:
        if len(scalar(name)) > LONGEST_KEY:
            yield "its name is too long for a file"
    except Unwritable:
        yield "its name holds characters that no file can"
