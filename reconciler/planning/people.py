"""People against contacts: read both sides, pair, compare what differs. The line that the first chapters follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import field_address, tag_address
from reconciler.model.desired import Desired, DynamicTags, Field, FromPrevious, Tag
from reconciler.model.messages import problem
from reconciler.model.plan import Caches, PieceFiles, Remembers
from reconciler.model.problems import Failure
from reconciler.planning.ahead import Ahead, Sides
from reconciler.planning.allowances import Allowed
from reconciler.planning.bindings import InventoryPlan
from reconciler.planning.caching import agreeing_digest, caching_digest
from reconciler.planning.causes import Since, entry_since
from reconciler.planning.comparing import Comparison
from reconciler.planning.conversion import Columns, ours_lane
from reconciler.planning.counts import Counts
from reconciler.planning.layout import DynamicColumn, FieldColumn, Layout, TagColumn
from reconciler.planning.made import Owners, permissions
from reconciler.planning.observed import Observed, Options, Remembered
from reconciler.planning.previous import PreviousAddresses
from reconciler.planning.pulling import Pulling
from reconciler.planning.reading import BATCH, PeopleReader, Side
from reconciler.planning.reading_contacts import ContactReader
from reconciler.planning.selection import Selection
from reconciler.planning.values import ValueDecisions, two_way
from reconciler.planning.writing_back import raw_texts
from reconciler.tables.cells import as_sent, as_stored
from reconciler.tables.changes import ChangeTable
from reconciler.tables.engine import Engine
from reconciler.tables.kinds import KindOfId
from reconciler.tables.lanes import Lane
from reconciler.tables.memo import Memo
from reconciler.tables.moving import Moving
from reconciler.tables.pairing import Open, Paired, Pairing
from reconciler.tables.remembered import Before, RememberedPeople, readable
from reconciler.tables.reorder import Reorder
from reconciler.tables.scalars import flags
from reconciler.tables.settled import Settled
from reconciler.tables.signs import Signs
from reconciler.tables.snapshot import Piece
from reconciler.tables.spool import numbered, rebatched

_WANTED = 1 << 19  # contacts that are looked for at a time
_PARTS = 64  # at most: each batch of contacts is cut into so many, and small pieces cost more than they hold


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
    waiting: dict[tuple[str, str], int]  # by key of a blocked field, and the kind of object
    refused: Mapping[str, int]  # by dynamic column: how many new names there would be
    new_tags: dict[str, DynamicTags]
    remembers: Remembers | None
    caches: Caches | None
    drift_since: str


def compare_people(desired: Desired, observed: Observed, inventory: InventoryPlan, options: Options) -> PeoplePlan:
    """Reads each side once, in batches; holds hashes of everybody and whole rows only of who differs."""
    layout = lay_out(desired, observed, inventory, options)
    engine = Engine(options.workdir, options.memory_limit)
    try:
        return _Comparing(desired, observed, layout, options, engine).run()
    except Exception:
        file = observed.remembered.people
        if file is not None and not readable(file):  # it is the only file of an earlier run that cannot be done without
            raise Failure(problem("E502", str(file))) from None
        raise
    finally:
        engine.close()
        options.progress.done()


class _Comparing:
    """One comparison, step by step: read both sides, pair, decide, keep."""

    def __init__(self, desired: Desired, observed: Observed, layout: Layout, options: Options, engine: Engine) -> None:
        self._desired, self._observed, self._layout = desired, observed, layout
        self._options, self._engine = options, engine
        source = desired.source
        columns = self._columns = Columns(observed.columns, source.types, source.timezone, source.region)
        self._people = PeopleReader(desired, layout, observed, options, columns)
        raw, blocked = self._people.raw, [c.name for c in layout.blocked]
        self._agreeing = agreeing_digest(desired, layout, observed)
        self._digest = caching_digest(desired, layout, observed, options, self._people.columns) if options.keep else ""
        before = observed.caches
        before = before if before is not None and before.digest == self._digest else None
        cells = [c.name for c in layout.fields]
        signs = Signs(desired.identity.link is not None, layout.store is not None, desired.contacts.gone)
        self._pairing = Pairing(engine, observed.remembered.key, cells, blocked, raw if options.keep else (), signs)
        self._pairing.objects = KindOfId(layout.objects)
        self._pairing.opens_all = options.watch is not None
        self._memo = Memo(engine, raw, blocked, before.memo if before else None, signs) if options.keep else None
        self._settled = Settled(engine, before.settled if before else None)
        self._known = RememberedPeople(engine, self._before(), [two_way(column) for column in layout.two_way])
        self._contacts = ContactReader(layout, observed, options, self._digest)

    def run(self) -> PeoplePlan:
        options, observed, layout = self._options, self._observed, self._layout
        last = observed.caches or Caches("")
        options.progress.stage("reading people", last.people or None)
        ours = self._people.read(observed.people(self._people.columns), self._pairing, self._memo)
        options.progress.stage("reading contacts", last.contacts or None)
        theirs = self._read_contacts()
        options.progress.stage("pairing")
        self._pairing.add_former(self._contacts.former)
        moving = Moving(self._engine, layout.moves_addresses, self._rewritten_addresses())
        paired = self._pairing.pair(recalled=self._memo is not None and self._memo.known, moving=moving)
        options.progress.stage("comparing")
        settled = self._settled.recognise()
        sides = self._open(paired)
        previous = PreviousAddresses(layout, self._previous_lanes(ours))
        ahead = Ahead(layout, observed.remembered, previous, sides)
        stuck = ahead.crowded(self._pairing)
        names = ahead.tag_names(ours.dynamic_names, lambda values, counts: self._pulling(values, counts, stuck))
        untag = Allowed.on(options.judged, self._desired, options.allow).untag
        allowed = permissions(layout.dynamic, names, Owners.of(self._desired), observed.inventory, untag)
        changes = ChangeTable(options.workdir / "changes.arrow", layout.keys)
        agree = self._agree if options.remember else None
        comparison = Comparison(
            layout, observed.remembered, allowed, changes, options.examples, self._settled, previous, agree
        )
        comparison.settled(settled)
        if options.watch is not None:
            comparison.watch(options.watch, layout, allowed)
        self._compare(comparison, sides, self._pulling(comparison.values, comparison.counts, stuck))
        self._settled.collect()
        remembers = self._remembers() if options.remember else None
        blocked_people, waiting = self._pairing.blocked()
        live = {tag.name for tag in observed.inventory.tags}
        return PeoplePlan(
            layout=layout,
            changes=changes,
            ours=ours,
            theirs=theirs,
            paired=paired,
            counts=comparison.counts,
            blocked_people=blocked_people + comparison.counts.blocked_by_tags + comparison.counts.blocked_by_kind,
            waiting=_waiting(layout, waiting, comparison.counts),
            refused=allowed.refused,
            new_tags={name: entry for name, entry in sorted(comparison.counts.used_tags.items()) if name not in live},
            remembers=remembers,
            caches=self._keep(),
            drift_since=observed.remembered.agreed_at if self._known.knows_rows else "",
        )

    def _previous_lanes(self, ours: Side) -> dict[str, Lane]:
        """From an address to what the fields of previous ones hold; what they refuse is a finding as any other is."""
        desired = self._desired
        columns = Columns((), desired.source.types)
        lanes = {
            c.name: ours_lane(c.name, c.binding, columns, desired.scores, self._options.now)
            for c in self._layout.previous
        }
        ours.lanes.update(lanes)
        return lanes

    def _rewritten_addresses(self) -> list[str]:
        """Contacts whose address the CRM made of another one that was sent."""
        entry, rewrites = self._layout.match.binding.entry, self._observed.remembered.rewrites
        if not rewrites:
            return []
        names = pa.array([entry.key, entry.renamed_from], pa.string())
        return list(rewrites.filter(pc.is_in(rewrites["field"], value_set=names))["contact"].to_pylist())

    def _before(self) -> Before:
        said = self._observed.remembered
        true = bool(said.agreed_digest) and said.agreed_digest == self._agreeing
        return Before(said.people, said.created, said.moves, true, said.clean, said.begun)

    def _agree(self, batch: pa.RecordBatch) -> None:
        self._known.add(batch, self._observed.remembered.key)

    def _remembers(self) -> Remembers:
        """What an apply is to keep of each person."""
        whole = self._options.whole
        for wanted in self._known.unknown(BATCH):
            for people in self._people.gather(wanted):
                self._agree(_in_sync(people, self._layout))
        file = self._options.workdir / "remembered.parquet"
        self._known.write(file, whole, self._pairing.links)
        return Remembers(file, self._agreeing if whole else "")

    def _read_contacts(self) -> Side:
        contacts = self._contacts
        snapshot = self._observed.snapshot(contacts.keys)
        if snapshot is not None:
            return contacts.read_snapshot(snapshot, self._pairing)
        return contacts.read(self._observed.contacts(contacts.keys), self._pairing)

    def _open(self, paired: Paired) -> Sides:
        """Whole rows of everybody who differs or is new, of both sides; who is settled is known by now."""
        at_most = paired.pairs - paired.settled + paired.creates
        size = max(BATCH, at_most // _PARTS)
        opened = self._pairing.open(size, self._known)
        return Sides(self._people, opened, self._contacts_of(opened, size))

    def _compare(self, comparison: Comparison, sides: Sides, pulling: Pulling | None) -> None:
        """Part by part in the order of the source."""

        def new() -> Iterator[pa.RecordBatch]:
            """Compares who has a contact, and gives who has none: few at a time, which are better decided together."""
            for part in range(sides.opened.parts):
                pairs, alone = sides.part(part)
                if pairs is not None:
                    comparison.updates(pairs, pulling)
                yield alone

        for batch in rebatched(new(), BATCH):
            if batch.num_rows:
                comparison.creates(batch)

    def _pulling(self, values: ValueDecisions, counts: Counts, stuck: pa.Array) -> Pulling | None:
        if not self._layout.two_way:
            return None
        lanes = self._people.side.lanes
        texts = {c.name: raw_texts(c.binding, lanes[c.name].convert) for c in self._layout.two_way}
        return Pulling(self._layout, self._people, values, counts, texts, stuck)

    def _contacts_of(self, opened: Open, size: int) -> Reorder:
        """Whole rows of contacts, each at the place of its person."""
        contacts = Reorder(self._options.workdir / "open.arrow", size, opened.rows)
        for wanted in opened.contacts(_WANTED):
            rows = self._contacts.gather(wanted.column("idx"))
            for place, batch in numbered(wanted.column("place"), rows):
                contacts.add(batch, place)
        return contacts

    def _keep(self) -> Caches | None:
        """What spares the next plan work, as files in the workdir."""
        if self._memo is None:
            return None
        self._options.progress.stage("remembering")
        memo, settled = (self._options.workdir / f"{name}.parquet" for name in ("memo", "settled"))
        self._memo.write(memo)
        self._settled.write(settled)
        pieces = [_files(piece) for piece in self._contacts.snapshot.pieces if piece.contacts.starts]
        return Caches(self._digest, memo, settled, tuple(pieces), self._people.side.rows)


def _in_sync(people: pa.RecordBatch, layout: Layout) -> pa.RecordBatch:
    """People who agree with their contacts in everything, as `RememberedPeople.add` takes them."""
    columns = {"ord": people.column("ord")}
    for column in layout.two_way:
        field, ours = two_way(column), people.column(column.name)
        columns[f"in_{column.name}"] = flags(True, people.num_rows)
        columns[f"ours_{column.name}"], columns[f"theirs_{column.name}"] = as_sent(ours), as_stored(ours)
        columns[field.sent] = columns[field.stored] = pa.nulls(people.num_rows, pa.uint64())
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _waiting(layout: Layout, waiting: tuple[int, ...], counts: Counts) -> dict[tuple[str, str], int]:
    """Values that wait: of fields that are blocked everywhere, under each kind, and of those that are in some."""
    names = ("", *layout.objects.names[1:])
    everywhere = {
        (column.binding.entry.key, name): n for column, n in zip(layout.blocked, waiting, strict=True) for name in names
    }
    return everywhere | counts.blocked_in


def _files(piece: Piece) -> PieceFiles:
    keys = piece.keys.file if piece.keys is not None else None
    return PieceFiles(piece.contacts.file, keys, piece.digest if keys else "")


def lay_out(desired: Desired, observed: Observed, inventory: InventoryPlan, options: Options) -> Layout:
    """The columns of this comparison: mapped fields and tags that --target and --exclude leave in."""
    selection = Selection(options.target, options.exclude)
    match = desired.identity.match
    remembered = observed.remembered
    # Fields by which people are found are always read; left out by --target they are compared with nothing to write.
    store = desired.identity.store
    columns = [
        FieldColumn(f"f{n}", n, binding, _field_since(binding.entry, desired, remembered))
        for n, binding in enumerate(inventory.bindings)
        if binding.entry.key in (match, store) or selection.takes(field_address(binding.entry.key))
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
    compared = [c for c in columns if not isinstance(c.binding.entry.origin, FromPrevious)]
    return Layout(
        fields=tuple(c for c in compared if not c.binding.blocked),
        blocked=tuple(c for c in compared if c.binding.blocked),
        match=matched,
        tags=tags,
        dynamic=dynamic,
        inventory=inventory,
        writes_match=selection.takes(field_address(match)),
        previous=tuple(c for c in columns if c not in compared and not c.binding.blocked),
        store=next((c for c in columns if c.binding.entry.key == store and not c.binding.blocked), None),
        writes_store=store is None or selection.takes(field_address(store)),
        objects=observed.objects,
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
