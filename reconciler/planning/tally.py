"""What the comparison of people counted, as guards and cost need it: numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tally:
    """`overwritten`: linked contacts in which a filled value is overwritten or cleared, without adoptions of a newly
    declared field and without what an interrupted run left over. `linked`: linked people in scope.
    `tags_applied`/`tags_removed`/`carriers`: by tag name; carriers are all contacts that carry it today.
    `first_lost`: by tag name, people who carry a tag that becomes ours though its rule says no.
    `pulled`: people whose row in the source is written. `crm_contacts`: contacts that the CRM holds. `first_run`: no
    state was known.
    """

    create: int = 0
    updated_with_values: int = 0
    overwritten: int = 0
    cleared: int = 0
    pulled: int = 0
    linked: int = 0
    crm_contacts: int = 0
    first_run: bool = False
    tags_applied: Mapping[str, int] = field(default_factory=dict)
    tags_removed: Mapping[str, int] = field(default_factory=dict)
    carriers: Mapping[str, int] = field(default_factory=dict)
    first_lost: Mapping[str, int] = field(default_factory=dict)
