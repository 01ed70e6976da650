"""`diff`: desired and observed state become a plan. Pure but for the spill files in the folder that it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b

from reconciler.model.addresses import tag_address
from reconciler.model.desired import Desired
from reconciler.model.plan import (
    Action,
    BoundField,
    Cause,
    ContactAction,
    ContactCount,
    Delta,
    FieldCount,
    Finding,
    InventoryChange,
    Plan,
)
from reconciler.planning.allowances import Allowed, allowance_problems
from reconciler.planning.bindings import InventoryPlan
from reconciler.planning.cost import Work, plan_cost
from reconciler.planning.findings import people_findings
from reconciler.planning.groups import Groups
from reconciler.planning.guards import guards
from reconciler.planning.inventory import findings_of, plan_inventory
from reconciler.planning.observed import Observed, Options
from reconciler.planning.ownership import owned_twice
from reconciler.planning.people import PeoplePlan, compare_people
from reconciler.planning.selection import Selection
from reconciler.planning.tally import Tally


def diff(desired: Desired, observed: Observed, options: Options) -> Plan:
    """Everything that an apply would do at this clock, with causes, limits and cost."""
    remembered = observed.remembered
    inventory = plan_inventory(desired, observed.inventory, observed.capabilities, remembered.applied)
    people = compare_people(desired, observed, inventory, options)
    groups = Groups.of_crm(desired, observed.inventory, observed.capabilities)
    changes = tuple(_inventory_changes(inventory, people, options, groups))
    counts = people.counts
    fields = tuple(replace(count, group=groups.of(count.key)) for count in _field_counts(people))
    tags = tuple(sorted(counts.tags.values(), key=lambda t: (t.name, t.cause)))
    tally = _tally(observed, people, fields, desired.limits.min_people)
    if desired.identity.link is not None or people.layout.store is not None:
        tally = replace(tally, first_run=False)  # who is there under another address is found without a state, too
    contacts = _contacts(people)
    allowed = Allowed.on(options.judged, desired, options.allow)
    return Plan(
        id=_identifier(desired, observed, options, contacts),
        now=options.now,
        file=desired.files[0],
        config=desired.digest,
        crm=desired.crm.type,
        object=desired.crm.object,
        account=observed.account.id,
        source_label=observed.source_label,
        source_rows=people.ours.rows,
        scope="person" if options.persons else "incremental" if observed.incremental() else "full",
        inventory=changes,
        contacts=contacts,
        fields=fields,
        tags=tags,
        guards=guards(desired, changes, tally, allowed, len(people.new_tags)),
        findings=(
            *inventory.findings,
            *_owned_twice(desired, observed, options),
            *findings_of(allowance_problems(desired, options.judged), desired.rules),
            *people_findings(desired, people),
        ),
        cost=plan_cost(observed.capabilities, observed.reads(), changes, _work(observed, people), observed.inventory),
        people=people.changes,
        bound=_bound(inventory),
        examples={key: tuple(examples) for key, examples in counts.examples.items()},
        problems=desired.warnings,
        two_way=bool(people.layout.two_way),
        written_how=observed.written_how,
        source_writes=counts.pulled,
        remembers=people.remembers,
        caches=people.caches,
        drift_since=people.drift_since,
        values_shown=options.examples,
        kept={tag: frozenset(digests) for tag, digests in counts.kept_people.items()},
    )


def _inventory_changes(
    inventory: InventoryPlan, people: PeoplePlan, options: Options, groups: Groups
) -> Iterator[InventoryChange]:
    """The inventory's changes with the numbers that only the people know, and the tags that their values create."""
    selection = Selection(options.target, options.exclude)
    for change in inventory.changes:
        if not selection.takes(change.entry):
            continue
        if change.action is Action.BLOCKED and change.kind == "field":
            change = replace(change, waiting=people.waiting.get((change.key, change.object), 0))
        elif change.address in inventory.count_held:
            holders = people.theirs.holders.get(inventory.count_held[change.address], 0)
            change = replace(change, holders=holders)
        elif change.address in inventory.count_tags:
            holders = people.theirs.tag_holders.get(inventory.count_tags[change.address], 0)
            change = replace(change, holders=holders)
        yield change if change.kind == "tag" else replace(change, group=groups.of(change.key, change.object))
    for name, entry in people.new_tags.items():
        deltas = (Delta("name", None, name),)
        yield InventoryChange(tag_address(name), "tag", name, Action.CREATE, entry.where, deltas, under=entry.label)


def _owned_twice(desired: Desired, observed: Observed, options: Options) -> tuple[Finding, ...]:
    problems = owned_twice(desired, observed.owners, Selection(options.target, options.exclude))
    return findings_of(problems, desired.rules)


def _field_counts(people: PeoplePlan) -> Iterator[FieldCount]:
    counts = people.counts
    counted = sorted(counts.fields.items(), key=lambda item: (item[1].key, list(Cause).index(item[0][1])))
    for _, count in counted:
        if any((count.set, count.clear, count.pull, count.held, count.conflict, count.rewritten)):
            yield count
    for column in people.layout.blocked:
        entry = column.binding.entry
        if waiting := people.waiting.get((entry.key, ""), 0):
            yield FieldCount(entry.key, entry.where, Cause.SOURCE, blocked=waiting)
    for column in people.layout.fields:
        entry = column.binding.entry
        if waiting := sum(n for (key, _), n in counts.blocked_in.items() if key == entry.key):
            yield FieldCount(entry.key, entry.where, Cause.SOURCE, blocked=waiting)


def _contacts(people: PeoplePlan) -> ContactCount:
    counts, paired = people.counts, people.paired
    set_aside = sum(count for count, _ in paired.aside.values())
    return ContactCount(
        create=paired.creates,
        update=counts.updated,
        in_sync=paired.settled + counts.looked_at - counts.updated,
        no_contact=paired.no_contact,
        set_aside=set_aside,
        held=counts.held,
        conflict=counts.conflicts,
        blocked=people.blocked_people,
        people=paired.pairs + paired.creates + paired.no_contact + set_aside,
        out_of_scope=people.ours.out_of_scope,
        contacts=people.theirs.rows,
        linked=paired.pairs,
    )


def _tally(observed: Observed, people: PeoplePlan, fields: tuple[FieldCount, ...], min_people: int) -> Tally:
    counts = people.counts
    applied, removed, carriers = _taggings(observed, people, min_people)
    return Tally(
        create=people.paired.creates,
        updated_with_values=counts.updated_with_values,
        overwritten=counts.overwritten,
        cleared=sum(f.clear for f in fields),
        pulled=counts.pulled,
        linked=people.paired.pairs,
        crm_contacts=people.theirs.rows,
        first_run=not observed.remembered.known,
        tags_applied=applied,
        tags_removed=removed,
        carriers=carriers,
        first_lost={tag: n for tag, n in counts.first_lost.items() if n},
    )


def _taggings(
    observed: Observed, people: PeoplePlan, min_people: int
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Applied, removed and carried, by tag. Of tags made from values the one that comes nearest to its limit stands for
    all under one label: limits are of single tags, and these have no name that may be shown."""
    keys = {tag.name: tag.key for tag in observed.inventory.tags}
    applied: dict[str, int] = {}
    removed: dict[str, int] = {}
    carriers: dict[str, int] = {}
    nearest: dict[str, tuple[bool, float]] = {}
    counted = people.counts.tags.values()
    under = {count.name: count.under for count in counted}
    given = _by_name((count.name, count.apply) for count in counted)
    taken = _by_name((count.name, count.remove) for count in counted)
    for name, count in given.items():
        shown = under[name] or name
        applied[shown] = max(count, applied.get(shown, 0))
    for name, count in taken.items():
        shown = under[name] or name
        carried = people.theirs.tag_holders.get(keys.get(name, ""), 0)
        near = (carried >= min_people, count / max(carried, 1))
        if near >= nearest.get(shown, near):
            removed[shown], carriers[shown], nearest[shown] = count, carried, near
    return applied, removed, carriers


def _by_name(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Sums by tag; a tag has a count for each cause."""
    sums: Counter[str] = Counter()
    for name, count in counts:
        sums[name] += count
    return {name: count for name, count in sums.items() if count}


def _work(observed: Observed, people: PeoplePlan) -> Work:
    counts, creates = people.counts, people.paired.creates
    return Work(
        creates=creates,
        updates=counts.updated_with_values,
        applied=_by_name((t.name, t.apply) for t in counts.tags.values()),
        removed=_by_name((t.name, t.remove) for t in counts.tags.values()),
        again=counts.updated_with_values if observed.incremental() else 0,
        read_back=creates + counts.updated_with_values,
        new_account=not observed.account.id,
        ranked_creates=people.changes.ranked(ContactAction.CREATE),
        ranked_updates=people.changes.ranked(ContactAction.UPDATE),
    )


def _bound(inventory: InventoryPlan) -> Mapping[str, BoundField]:
    return {b.entry.key: BoundField(b.entry.key, b.type, b.wire) for b in inventory.bindings if b.wire is not None}


def _identifier(desired: Desired, observed: Observed, options: Options, contacts: ContactCount) -> str:
    """The same file, account, clock and counts give the same id."""
    parts = (desired.digest, observed.account.id, options.now.isoformat(), repr(contacts))
    return blake2b("\x00".join(parts).encode(), digest_size=6).hexdigest()
