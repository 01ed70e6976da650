"""Limits of the file against what the plan would do. Guards stop an apply, never a plan.

Percentages are whole and rounded up, so that a limit of 30 never lets 30.1 % pass, and are not taken of fewer than
`min_people`: of the linked people for updates, of a tag's carriers for taking it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.model.desired import Desired, Limits
from reconciler.model.limits import BY_NAME
from reconciler.model.plan import Action, AllowedBy, Guard, InventoryChange
from reconciler.model.problems import Place
from reconciler.planning.allowances import Allowed, written_entry
from reconciler.planning.tally import Tally

LIMITS: tuple[str, ...] = tuple(BY_NAME)
"""Every name that `--allow LIMIT=N` may carry."""

WITHOUT_STATE = (
    "no state is known while the CRM holds contacts already: people whose contact is there under another address "
    "would be created a second time"
)


def guards(
    desired: Desired,
    inventory_changes: Sequence[InventoryChange],
    tally: Tally,
    allowed: Allowed,
    new_tags: int,
) -> tuple[Guard, ...]:
    """Every limit that the plan comes near: tripped ones first, then by name and subject.

    `new_tags`: tags that dynamic tags would create; those that the file declares are counted from `inventory_changes`.
    Of a limit per tag all are given that are tripped, or would be without what permits more; if there are none, the one
    that comes nearest.
    """
    seen = _Seen(desired.limits, tally, allowed, desired.files[0])
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
    return f"{exceeded(guard)}. apply is refused; {', or '.join(ways_on(guard))}"


def ways_on(guard: Guard) -> tuple[str, ...]:
    """Every way on; of a plan that was kept before they were said, the one that always is there."""
    return guard.ways or (f"--allow {guard.limit}={guard.observed}",)


def exceeded(guard: Guard) -> str:
    """Which limit, the number that was observed, what is allowed by whom, and what is special about that."""
    return _numbers(guard) + (f" ({guard.detail})" if guard.detail else "")


def judged_again(guard: Guard, allowed: Allowed) -> Guard:
    """The same numbers by what is permitted now: an entry of the file that counted then may count no more."""
    usual = guard.allowed_by.instead_of if guard.allowed_by else guard.allowed
    if guard.limit == "create" and guard.detail == WITHOUT_STATE:
        number, by = _without_state(allowed)
    else:
        number, by = allowed.limit(guard.limit, usual, guard.subject)
    return replace(guard, allowed=number, allowed_by=by, tripped=guard.observed > number)


def _without_state(allowed: Allowed) -> tuple[int, AllowedBy | None]:
    """Without a state a limit or an entry for `create` does not count: who wrote it thought of new people, not of
    those who are there under another address. What is typed for this one run does."""
    number, by = allowed.limit("create_without_state", 0)
    return allowed.limit("create", 0) if by is None and "create" in allowed.typed else (number, by)


def lifted_message(guard: Guard) -> str:
    """What would stop the apply, and what permits it."""
    without = guard.allowed_by.instead_of if guard.allowed_by else 0
    return f"{_numbers(guard)}; {without:,} without that"


def permitted_by(by: AllowedBy) -> str:
    """By what, as a sentence goes on: the option, or the line of the file with its last day and its reason."""
    if by.how == "option":
        return "by --allow"
    where = f"{by.where.file}:{by.where.line}" if by.where else "the file"
    return f"by {where} until {by.until} ({by.reason})"


def _numbers(guard: Guard) -> str:
    about = f"{guard.limit} of {guard.subject}" if guard.subject else guard.limit
    by = f" {permitted_by(guard.allowed_by)}" if guard.allowed_by else ""
    return f"{about}: {guard.observed:,} planned, {guard.allowed:,} allowed{by}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the plan would do, in each limit's own unit, beside what is allowed. `file`: the main one."""

    limits: Limits
    tally: Tally
    allowed: Allowed
    file: str

    def inventory(self, changes: Iterable[InventoryChange], new_tags: int) -> Iterator[Guard]:
        yield self._guard("delete", sum(c.action is Action.DELETE for c in changes))
        yield self._guard("new_fields", sum(c.kind == "field" for c in _created(changes)))
        yield self._guard("new_tags", new_tags)

    def people(self) -> Iterator[Guard]:
        tally = self.tally
        yield self._creations()
        yield self._guard("clear", tally.cleared)
        if self.allowed.untag:
            yield self._guard("untag", sum(tally.first_lost.values()))
        if tally.linked >= self._least:
            yield self._guard("update_percent", _percent(tally.overwritten, tally.linked))
            yield self._guard("write_percent", _percent(tally.pulled, tally.linked))

    def applied(self) -> Iterator[Guard]:
        for name, people in self.tally.tags_applied.items():
            yield self._guard("tag_people", people, name)

    def removed(self) -> Iterator[Guard]:
        """Of a tag that becomes ours, what `untag` has people lose at once is limited by that number alone."""
        first = self.tally.first_lost if self.allowed.untag else {}
        for name, people in self.tally.tags_removed.items():
            if (carriers := self.tally.carriers.get(name, 0)) >= self._least:
                yield self._guard("untag_percent", _percent(people - first.get(name, 0), carriers), name)

    def _creations(self) -> Guard:
        if not (self.tally.first_run and self.tally.crm_contacts > 0):
            return self._guard("create", self.tally.create)
        allowed, by = _without_state(self.allowed)
        made = Guard("create", allowed, self.tally.create, self.tally.create > allowed, "", self._where("create"))
        return self._with_ways(replace(made, allowed_by=by, detail=WITHOUT_STATE if made.tripped or by else ""))

    def _guard(self, limit: str, observed: int, subject: str = "") -> Guard:
        allowed, by = self.allowed.limit(limit, getattr(self.limits, limit, 0), subject)
        made = Guard(limit, allowed, observed, observed > allowed, subject, self._where(limit), allowed_by=by)
        return self._with_ways(made)

    def _with_ways(self, guard: Guard) -> Guard:
        return replace(guard, ways=tuple(self._ways(guard))) if guard.tripped else guard

    def _ways(self, guard: Guard) -> Iterator[str]:
        """The limit in the file, the option for one run, the entry for a while."""
        name = "create_without_state" if guard.detail == WITHOUT_STATE else guard.limit
        if BY_NAME[name].in_file:
            yield self._raise(name, guard.observed)
        yield f"--allow {guard.limit}={guard.observed}"
        of_tag = {"subject": guard.subject} if guard.subject else {}
        yield f"add to allow: {written_entry(limit=name, up_to=guard.observed, **of_tag)}"

    def _raise(self, name: str, observed: int) -> str:
        if (where := self._where(name)) is not None:
            return f"raise limits.{name} ({where.file}:{where.line})"
        if (section := self.limits.where) is not None:
            return f"add {name}: {observed} under limits ({section.file}:{section.line})"
        return f"add limits: {{{name}: {observed}}} to {self.file}"

    def _where(self, limit: str) -> Place | None:
        return self.limits.where_of.get(limit)

    @property
    def _least(self) -> int:
        return max(1, self.limits.min_people)


def _created(changes: Iterable[InventoryChange]) -> list[InventoryChange]:
    return [c for c in changes if c.action is Action.CREATE]


def _percent(part: int, whole: int) -> int:
    return -(-100 * part // whole)


def _nearest(found: Iterable[Guard]) -> list[Guard]:
    """All that are tripped or lifted; if none is, the one that comes nearest to its limit."""
    ranked = sorted(found, key=lambda g: (-g.observed, g.subject))
    return [g for g in ranked if g.tripped or g.lifted] or ranked[:1]
