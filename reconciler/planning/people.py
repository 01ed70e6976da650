"""People against contacts: read both sides, pair, compare what differs. The line that the first chapters follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from reconciler.model.addresses import field_address, tag_address
from reconciler.model.desired import Desired, DynamicTags, Field, Tag
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.planning.bindings import InventoryPlan
from reconciler.planning.causes import Since, entry_since
from reconciler.planning.comparing import Comparison
from reconciler.planning.conversion import Columns
from reconciler.planning.counts import Counts
from reconciler.planning.layout import DynamicColumn, FieldColumn, Layout, TagColumn
from reconciler.planning.made import Owners, permissions
from reconciler.planning.observed import Observed, Options, Remembered
from reconciler.planning.reading import BATCH, ContactReader, PeopleReader, Side
from reconciler.planning.selection import Selection
from reconciler.tables.changes import ChangeTable
from reconciler.tables.engine import Engine
from reconciler.tables.pairing import Paired, Pairing


@dataclass(frozen=True, slots=True)
class PeoplePlan:
    """What people need, and everything that was counted on the way."""

    layout: Layout
    changes: ChangeTable
    ours: Side
    theirs: Side
    paired: Paired
    counts: Counts
    blocked_people: int
    waiting: dict[str, int]  # by key of a blocked field
    refused: Mapping[str, int]  # by dynamic column: how many new names there would be
    new_tags: dict[str, DynamicTags]
    links: Path | None


def compare_people(desired: Desired, observed: Observed, inventory: InventoryPlan, options: Options) -> PeoplePlan:
    """Reads each side once, in batches; holds hashes of everybody and whole rows only of who differs."""
    layout = lay_out(desired, observed, inventory, options)
    source = desired.source
    columns = Columns(observed.columns, source.types, source.timezone, source.region)
    engine = Engine(options.workdir, options.memory_limit)
    try:
        pairing = Pairing(
            engine,
            observed.remembered.key,
            cells=[c.name for c in layout.fields],
            blocked=[c.name for c in layout.blocked],
        )
        people = PeopleReader(desired, layout, observed, options, columns)
        options.progress.stage("reading people")
        ours = people.read(observed.people(people.columns), pairing)
        contacts = ContactReader(layout, observed, options)
        options.progress.stage("reading contacts")
        theirs = contacts.read(observed.contacts(contacts.keys), pairing)
        options.progress.stage("comparing")
        pairing.add_links(observed.remembered.links, observed.remembered.created)
        paired = pairing.pair()
        allowed = permissions(
            layout.dynamic, ours.dynamic_names, Owners.of(desired), observed.inventory, "untag" in options.allow
        )
        changes = ChangeTable(options.workdir / "changes.arrow", layout.keys)
        comparison = Comparison(layout, observed.remembered, allowed, changes, options.examples)
        _compare(engine, pairing, ours, theirs, comparison)
        links = options.workdir / "links.parquet" if options.links else None
        if links is not None:
            pairing.write_links(links)
        blocked_people, waiting = pairing.blocked()
    finally:
        engine.close()
        options.progress.done()
    live = {tag.name for tag in observed.inventory.tags}
    return PeoplePlan(
        layout=layout,
        changes=changes.finish(),
        ours=ours,
        theirs=theirs,
        paired=paired,
        counts=comparison.counts,
        blocked_people=blocked_people + comparison.counts.blocked_by_tags,
        waiting={c.binding.entry.key: n for c, n in zip(layout.blocked, waiting, strict=True)},
        refused=allowed.refused,
        new_tags={name: entry for name, entry in sorted(comparison.counts.used_tags.items()) if name not in live},
        links=links,
    )


def lay_out(desired: Desired, observed: Observed, inventory: InventoryPlan, options: Options) -> Layout:
    """The columns of this comparison: mapped fields and tags that --target and --exclude leave in."""
    selection = Selection(options.target, options.exclude)
    match = desired.identity.match
    remembered = observed.remembered
    # The field that people are looked up by is always read; left out by --target it is compared with nothing to write.
    columns = [
        FieldColumn(f"f{n}", n, binding, _field_since(binding.entry, desired, remembered))
        for n, binding in enumerate(inventory.bindings)
        if binding.entry.key == match or selection.takes(field_address(binding.entry.key))
    ]
    matched = next(c for c in columns if c.binding.entry.key == match)
    if matched.binding.blocked:
        raise Failure(problem("R304", f"`{match}` is blocked: {matched.binding.blocked}", matched.binding.entry.where))
    tags = tuple(
        TagColumn(
            f"g{n}",
            tag,
            inventory.tag_keys.get(name),
            _tag_since(tag, desired, remembered),
            not remembered.marks.isdisjoint((name, tag.renamed_from)),
        )
        for n, (name, tag) in enumerate(desired.tags.items())
        if tag.when is not None and name not in inventory.blocked_tags and selection.takes(tag_address(name))
    )
    dynamic = tuple(
        DynamicColumn(f"d{n}", entry, entry_since(dynamic_address(entry.prefix), desired, remembered))
        for n, entry in enumerate(desired.dynamic_tags)
        if selection.takes(dynamic_address(entry.prefix))
    )
    return Layout(
        fields=tuple(c for c in columns if not c.binding.blocked),
        blocked=tuple(c for c in columns if c.binding.blocked),
        match=matched,
        tags=tags,
        dynamic=dynamic,
        inventory=inventory,
        writes_match=selection.takes(field_address(match)),
    )


def _field_since(entry: Field, desired: Desired, remembered: Remembered) -> Since:
    former = field_address(entry.renamed_from) if entry.renamed_from else None
    return entry_since(field_address(entry.key), desired, remembered, former)


def _tag_since(entry: Tag, desired: Desired, remembered: Remembered) -> Since:
    former = tag_address(entry.renamed_from) if entry.renamed_from else None
    return entry_since(tag_address(entry.name), desired, remembered, former)


def dynamic_address(prefix: str) -> str:
    """How an entry of dynamic tags is called in digests and patterns."""
    return tag_address(prefix).replace("tag[", "dynamic_tags[", 1)


def _compare(engine: Engine, pairing: Pairing, ours: Side, theirs: Side, comparison: Comparison) -> None:
    for batch in ours.spool.gather(pairing.creates()):
        comparison.creates(batch)
    differing = pairing.differing()
    if not differing.num_rows:
        return
    wanted = differing.column("ord").combine_chunks()
    contacts = differing.column("idx").combine_chunks()
    joined = engine.stream(
        "SELECT o.*, t.* EXCLUDE (idx), d.taken FROM o JOIN differing d ON o.ord = d.ord JOIN t ON t.idx = d.idx"
        " ORDER BY o.ord",
        BATCH,
        o=pa.RecordBatchReader.from_batches(ours.spool.schema, ours.spool.gather(wanted)),
        t=pa.RecordBatchReader.from_batches(
            theirs.spool.schema, theirs.spool.gather(contacts.take(pa.compute.sort_indices(contacts)))
        ),
        differing=differing,
    )
    for batch in joined:
        comparison.updates(batch)
