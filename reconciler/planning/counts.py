"""What the second phase counts while it decides: by field and cause, by tag, and contacts as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from reconciler.model.desired import DynamicTags
from reconciler.model.plan import Cause, Example, FieldCount, TagCount
from reconciler.tables.lanes import Refusals


@dataclass(slots=True)
class Counts:
    """What the second phase counted. Contacts, not values, unless it says so."""

    looked_at: int = 0
    updated: int = 0
    updated_with_values: int = 0
    created: int = 0
    overwritten: int = 0
    held: int = 0
    conflicts: int = 0
    pulled: int = 0  # people of whom something goes into the source
    fields: dict[tuple[int, Cause], FieldCount] = field(default_factory=dict)
    tags: dict[tuple[str, Cause], TagCount] = field(default_factory=dict)  # by name and cause
    taken: Refusals = field(default_factory=Refusals)
    circles: Refusals = field(default_factory=Refusals)
    claimed: Refusals = field(default_factory=Refusals)  # whose id is not stored in their contact
    crowded: Refusals = field(default_factory=Refusals)  # whose contact has an address that another person has
    undecodable: dict[int, Refusals] = field(default_factory=dict)
    unremembered: dict[int, Refusals] = field(default_factory=dict)  # by field: `conflict` decides, without memory
    in_conflict: dict[int, Refusals] = field(default_factory=dict)  # by field
    unpulled: dict[int, dict[tuple[str, str], Refusals]] = field(default_factory=dict)  # by field, by reason and key
    first_lost: Counter[str] = field(default_factory=Counter)  # by tag: who carried it against its rule before us
    first_kept: dict[str, Refusals] = field(default_factory=dict)  # those of them who keep it
    kept_people: dict[str, list[bytes]] = field(default_factory=dict)  # and their digests
    taken_tags: dict[str, Refusals] = field(default_factory=dict)  # by dynamic column, and so is `too_many_tags`
    too_many_tags: dict[str, Refusals] = field(default_factory=dict)
    blocked_by_tags: int = 0  # people of one of the two who have no blocked value beside
    blocked_in: dict[tuple[str, str], int] = field(default_factory=dict)  # values, by field key and kind of object
    blocked_by_kind: int = 0  # people of one of those
    used_tags: dict[str, DynamicTags] = field(default_factory=dict)  # tags made from values that people get now
    examples: dict[str, list[Example]] = field(default_factory=dict)
