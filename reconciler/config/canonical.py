"""The canonical form of a file, as a table: in which order keys stand, and which of them hold expressions.

The order is that in which `config.models` lists them; "*" is where keys stand that only an adapter knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.config.models import (
    SECTIONS,
    AllowEntry,
    CheckEntry,
    ContactsSection,
    CrmSection,
    DefaultsSection,
    DynamicTagEntry,
    FieldEntry,
    HistorySection,
    IdentitySection,
    LimitsSection,
    OptionEntry,
    RateEntry,
    RefreshSection,
    ScoreRuleEntry,
    SourceSection,
    StateSection,
    TagEntry,
)
from reconciler.config.reading import keys_of

OTHERS = "*"


@dataclass(frozen=True)
class Form:
    """What is canonical about a mapping or a list. `order`: of its keys; empty keeps what stands there. `expressions`:
    keys that hold one. `keys`: the forms of values by key; `each`: of every other value, and of every item."""

    order: tuple[str, ...] = ()
    expressions: frozenset[str] = frozenset()
    keys: Mapping[str, Form] = field(default_factory=dict)
    each: Form | None = None

    def of(self, key: str | None) -> Form:
        """The form of the value of that key, or of an item (None)."""
        return self.keys.get(key or "", self.each or ANYTHING)

    def sorted(self, keys: Sequence[str]) -> list[int]:
        """The positions of the keys in canonical order; unknown keys keep their order, in their place."""
        rank = {key: at for at, key in enumerate(self.order)}
        other = rank.get(OTHERS, len(rank))
        return sorted(range(len(keys)), key=lambda at: rank.get(keys[at], other) if rank else 0)


ANYTHING = Form()

_WHEN = frozenset({"when"})
_OPTION = Form(keys_of(OptionEntry))
_FIELD = Form(keys_of(FieldEntry), frozenset({"value"}), {"options": Form(each=_OPTION)})
_RULE = Form(keys_of(ScoreRuleEntry), _WHEN)


def _with_others(keys: tuple[str, ...], before: str) -> tuple[str, ...]:
    at = keys.index(before)
    return (*keys[:at], OTHERS, *keys[at:])


FILE = Form(
    SECTIONS,
    keys={
        "crm": Form(_with_others(keys_of(CrmSection), "rate"), keys={"rate": Form(keys_of(RateEntry))}),
        "source": Form(_with_others(keys_of(SourceSection), "types")),
        "identity": Form(keys_of(IdentitySection)),
        "defaults": Form(keys_of(DefaultsSection)),
        "fields": Form(each=_FIELD),
        "tags": Form(each=Form(keys_of(TagEntry), _WHEN)),
        "dynamic_tags": Form(each=Form(keys_of(DynamicTagEntry))),
        "scores": Form(each=Form(each=_RULE)),
        "contacts": Form(keys_of(ContactsSection), frozenset({"create", "when"})),
        "limits": Form(keys_of(LimitsSection)),
        "allow": Form(each=Form(keys_of(AllowEntry))),
        "checks": Form(each=Form(keys_of(CheckEntry), frozenset({"deny"}))),
        "refresh": Form(keys_of(RefreshSection)),
        "state": Form((*keys_of(StateSection), OTHERS)),
        "history": Form(keys_of(HistorySection)),
    },
)
