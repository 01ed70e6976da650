"""Limits of the file against what the plan would do. Guards stop an apply, never a plan.

Percentages are whole and rounded up, so that a limit of 30 never lets 30.1 % pass, and are not taken of fewer than
`min_people`: of the linked people for updates, of a tag's carriers for taking it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.desired import Desired, Limits
from reconciler.model.plan import Action, Guard, InventoryChange
from reconciler.planning.tally import Tally

LIMITS: tuple[str, ...] = (
    "clear",
    "create",
    "delete",
    "new_fields",
    "new_tags",
    "tag_people",
    "untag",
    "untag_percent",
    "update_percent",
    "write_percent",
)
"""Every name that `--allow LIMIT=N` may carry. `untag` stands in no file: with it people lose a tag in the very run in
which it becomes ours, all of them or, if they are more than N, the apply is refused."""

_ONLY_ALLOWED = frozenset({"untag"})

WITHOUT_STATE = (
    "no state is known while the CRM holds contacts already: people whose contact is there under another address "
    "would be created a second time"
)


def guards(
    desired: Desired,
    inventory_changes: Sequence[InventoryChange],
    tally: Tally,
    allow: Mapping[str, int],
    new_tags: int,
) -> tuple[Guard, ...]:
    """Every limit that the plan comes near: tripped ones first, then by name and subject.

    `allow` replaces the allowed number of a limit. `new_tags`: tags that dynamic tags would create; those that the
    file declares are counted from `inventory_changes`. Of a limit per tag all tripped tags are given; if there are
    none, the one that comes nearest.
    """
    seen = _Seen(desired.limits, tally, allow)
    declared = sum(c.kind == "tag" and c.key in desired.tags for c in _created(inventory_changes))
    found = [
        *seen.inventory(inventory_changes, declared + new_tags),
        *seen.people(),
        *_nearest(seen.applied()),
        *_nearest(seen.removed()),
    ]
    near = (guard for guard in found if guard.observed > 0 or guard.tripped)
    return tuple(sorted(near, key=lambda g: (not g.tripped, g.limit, g.subject)))


def tripped_message(guard: Guard) -> str:
    """What stops the apply and every way on, in one sentence or two."""
    about = f"{guard.limit} of {guard.subject}" if guard.subject else guard.limit
    said = f"{about}: {guard.observed:,} planned, {guard.allowed:,} allowed"
    reason = f" ({guard.detail})" if guard.detail else ""
    return f"{said}{reason}. apply is refused; {', or '.join(ways_on(guard))}"


def ways_on(guard: Guard) -> tuple[str, ...]:
    """What lets the apply go on: in the file where that can be said there, and at the command line."""
    in_file = guard.limit not in _ONLY_ALLOWED and guard.detail != WITHOUT_STATE
    allowed = f"--allow {guard.limit}={guard.observed}"
    return (f"raise limits.{guard.limit}", allowed) if in_file else (allowed,)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the plan would do, in each limit's own unit, beside what is allowed."""

    limits: Limits
    tally: Tally
    allow: Mapping[str, int]

    def inventory(self, changes: Iterable[InventoryChange], new_tags: int) -> Iterator[Guard]:
        yield self._guard("delete", sum(c.action is Action.DELETE for c in changes))
        yield self._guard("new_fields", sum(c.kind == "field" for c in _created(changes)))
        yield self._guard("new_tags", new_tags)

    def people(self) -> Iterator[Guard]:
        tally = self.tally
        yield self._creations()
        yield self._guard("clear", tally.cleared)
        if "untag" in self.allow:
            yield self._guard("untag", sum(tally.first_lost.values()))
        if tally.linked >= self._least:
            yield self._guard("update_percent", _percent(tally.overwritten, tally.linked))
            yield self._guard("write_percent", _percent(tally.pulled, tally.linked))

    def applied(self) -> Iterator[Guard]:
        for name, people in self.tally.tags_applied.items():
            yield self._guard("tag_people", people, name)

    def removed(self) -> Iterator[Guard]:
        """Of a tag that becomes ours, what `--allow untag` has people lose at once is limited by that number alone."""
        first = self.tally.first_lost if "untag" in self.allow else {}
        for name, people in self.tally.tags_removed.items():
            if (carriers := self.tally.carriers.get(name, 0)) >= self._least:
                yield self._guard("untag_percent", _percent(people - first.get(name, 0), carriers), name)

    def _creations(self) -> Guard:
        guard = self._guard("create", self.tally.create)
        if not (self.tally.first_run and self.tally.crm_contacts > 0):
            return guard
        allowed = self.allow.get("create", 0)
        tripped = guard.observed > allowed
        return replace(guard, allowed=allowed, tripped=tripped, detail=WITHOUT_STATE if tripped else "")

    def _guard(self, limit: str, observed: int, subject: str = "") -> Guard:
        allowed = self.allow.get(limit, getattr(self.limits, limit, 0))
        return Guard(limit, allowed, observed, observed > allowed, subject, self.limits.where_of.get(limit))

    @property
    def _least(self) -> int:
        return max(1, self.limits.min_people)


def _created(changes: Iterable[InventoryChange]) -> list[InventoryChange]:
    return [c for c in changes if c.action is Action.CREATE]


def _percent(part: int, whole: int) -> int:
    return -(-100 * part // whole)


def _nearest(found: Iterable[Guard]) -> list[Guard]:
    """All that are tripped; if none is, the one that comes nearest to its limit."""
    ranked = sorted(found, key=lambda g: (-g.observed, g.subject))
    return [g for g in ranked if g.tripped] or ranked[:1]
