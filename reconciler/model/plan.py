"""The plan: plain data. It is printed, saved, guarded and carried out; nothing in it runs.

Inventory changes are a handful of objects; changes of people are an Arrow table with the fixed schema `CHANGES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from reconciler.model.capabilities import Wire
from reconciler.model.problems import Level, Place, Problem

if TYPE_CHECKING:
    from reconciler.model.approvals import Approved


class Action(StrEnum):
    """What happens to one field, option or tag of the inventory."""

    CREATE = "create"
    UPDATE = "update"
    RENAME = "rename"
    DELETE = "delete"
    BLOCKED = "blocked"
    RELEASED = "released"


class Cause(StrEnum):
    """Why a value changes: the entry is new or changed; the data; somebody else; an existing value is taken over; the
    person's id is kept in a contact that had none; what a run wrote is put back."""

    CONFIG = "config"
    SOURCE = "source"
    DRIFT = "drift"
    ADOPT = "adopt"
    STORE = "store"
    UNDO = "undo"


class Verdict(IntEnum):
    """What the decision table says of one value. The numbers are stored in change tables: never renumber."""

    NOTHING = 0
    IN_SYNC = 1
    REWRITTEN = 2
    SET = 3
    CLEAR = 4
    PULL = 5
    HELD = 6
    CONFLICT = 7
    BLOCKED = 8
    FINDING = 9


class TagAction(IntEnum):
    APPLY = 1
    REMOVE = 2


class ContactAction(IntEnum):
    CREATE = 1
    UPDATE = 2


CAUSES: tuple[Cause, ...] = (Cause.CONFIG, Cause.SOURCE, Cause.DRIFT, Cause.ADOPT, Cause.STORE)
"""Those that single changes have. They are kept in files by number: only add at the end."""

VALUE_CHANGE = pa.struct(
    [
        pa.field("field", pa.int16(), nullable=False),  # index into Changes.keys
        pa.field("verdict", pa.int8(), nullable=False),  # Verdict.SET, CLEAR or PULL
        pa.field("cause", pa.int8(), nullable=False),  # index into CAUSES
        pa.field("before", pa.string()),  # what is overwritten, canonical; null is empty: theirs, of a pull ours
        pa.field("after", pa.string()),  # what is written, canonical; null is empty: ours, of a pull theirs
        pa.field("read", pa.string()),  # of a pull: the text that stands in the source
        pa.field("write", pa.string()),  # of a pull: the text that is to stand there
        pa.field("filled", pa.bool_()),  # something stands where it is written, decodable or not
    ]
)
TAG_CHANGE = pa.struct(
    [
        pa.field("tag", pa.string(), nullable=False),  # the tag's name
        pa.field("action", pa.int8(), nullable=False),  # TagAction
    ]
)
CHANGES: pa.Schema = pa.schema(
    [
        pa.field("person", pa.string(), nullable=False),  # the person's id in the source
        pa.field("row", pa.int64(), nullable=False),  # source row number, from 1
        pa.field("match", pa.string()),  # the person's e-mail, canonical
        pa.field("contact", pa.string()),  # the CRM's contact id; null for a create
        pa.field("action", pa.int8(), nullable=False),  # ContactAction
        pa.field("values", pa.list_(VALUE_CHANGE), nullable=False),
        pa.field("tags", pa.list_(TAG_CHANGE), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),  # 0, or after whom an address moves: 2 after 1, 3 after 2
    ]
)


class Changes(Protocol):
    """The changes of people: one row a contact, schema `CHANGES`; creates first, then by source row; at the end, by
    rank, those whose address waits for another contact's, or is waited for."""

    keys: tuple[str, ...]
    contacts: int

    def batches(self) -> Iterator[pa.RecordBatch]: ...


@dataclass(frozen=True, slots=True)
class Delta:
    """One attribute before and after, as JSON values; `path` is dotted (`options.pro.label`)."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class InventoryChange:
    """One change of a field, option or tag. `deltas` are what reviewers read; the rest is what apply needs.

    `kind`: field, option or tag. `key`: field key or tag name (the *old* one for a rename, `new_key` the new one).
    `reason` and `by_hand`: why it is blocked and what a person can do about it. `waiting`: values that wait for a
    blocked field. `holders`: contacts that hold a value or carry the tag that is to be removed. `under`: for a tag made
    from a value, how the list of such tags is called; the name is somebody's data then and `under` is shown instead.
    `object`: the kind of object, where the file names several; "" is the first. The address then ends with it.
    `group`: the group of fields that the field is in, else the one that the file wants; "" where none is known.
    """

    address: str
    kind: str
    key: str
    action: Action
    where: Place | None
    deltas: tuple[Delta, ...] = ()
    summary: str = ""
    new_key: str | None = None
    option: str | None = None
    reason: str = ""
    by_hand: str = ""
    waiting: int = 0
    holders: int = 0
    under: str = ""
    object: str = ""
    group: str = ""

    @property
    def entry(self) -> str:
        """The address, whatever the kind of object."""
        return self.address.removesuffix(f" ({self.object})")

    @property
    def shown(self) -> str:
        """The key, and of which kind of object."""
        return f"{self.key} ({self.object})" if self.object else self.key


@dataclass(slots=True)
class FieldCount:
    """Values of one field for one cause. `created`: those of `set` that go to new contacts. `group`: as in
    `InventoryChange`."""

    key: str
    where: Place | None
    cause: Cause
    set: int = 0
    created: int = 0
    clear: int = 0
    pull: int = 0
    held: int = 0
    conflict: int = 0
    blocked: int = 0
    rewritten: int = 0
    group: str = ""


@dataclass(slots=True)
class TagCount:
    """Taggings of one tag for one cause. `kept`: carried though the rule says no, left alone (first run). `under`: as
    in `InventoryChange`."""

    name: str
    where: Place | None
    cause: Cause
    apply: int = 0
    remove: int = 0
    kept: int = 0
    unknown: int = 0
    under: str = ""


@dataclass(slots=True)
class ContactCount:
    """The first five partition the people in scope; held, conflict and blocked count contacts beside them."""

    create: int = 0
    update: int = 0
    in_sync: int = 0
    no_contact: int = 0
    set_aside: int = 0
    held: int = 0
    conflict: int = 0
    blocked: int = 0
    people: int = 0
    out_of_scope: int = 0
    contacts: int = 0
    linked: int = 0


@dataclass(frozen=True, slots=True)
class AllowedBy:
    """What permits more than a limit, or lets a failed check pass. `how`: an `option` of the command line, or an entry
    of the `file` at `where`, with its reason and its last day. `instead_of`: what the limit is without it."""

    how: str
    instead_of: int = 0
    where: Place | None = None
    reason: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """One limit of the file against what the plan would do. `observed` and `allowed` in the limit's own unit. `ways`:
    of one that is tripped, every way on."""

    limit: str
    allowed: int
    observed: int
    tripped: bool
    subject: str = ""
    where: Place | None = None
    detail: str = ""
    allowed_by: AllowedBy | None = None
    ways: tuple[str, ...] = ()

    @property
    def lifted(self) -> bool:
        """Whether it would be tripped, were it not for what permits more."""
        return not self.tripped and self.allowed_by is not None and self.observed > self.allowed_by.instead_of


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one of the file's checks says of the plan. `detail`: what is denied, or why that could not be found out; a
    check that could not be evaluated has not passed. `allowed_by`: lets it pass all the same. `ways`: every way on."""

    code: str
    level: Level
    message: str
    where: Place | None
    passed: bool
    detail: str = ""
    allowed_by: AllowedBy | None = None
    ways: tuple[str, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether no apply may carry the plan out."""
        return not self.passed and self.allowed_by is None and self.level is Level.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the data that is left as it is. `rows`: source row numbers, ascending, the first few."""

    code: str
    level: Level
    summary: str
    count: int
    detail: str = ""
    fix: str = ""
    where: Place | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointCost:
    name: str
    calls: int
    write: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of `plan` and of the `apply` that follows it, reads and writes apart, and the time at the CRM's rate."""

    reads: int = 0
    writes: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    endpoints: tuple[EndpointCost, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One differing value, for --show-values at a terminal only."""

    address: str
    row: int
    before: str | None
    after: str | None


def example_key(field: str, cause: Cause) -> str:
    """Where `Plan.examples` keeps the examples of one field and cause."""
    return f"{field} {cause}"


@dataclass(frozen=True, slots=True)
class BoundField:
    """A mapped field as this CRM has it: its resolved value type and the wire its values travel on."""

    key: str
    type: str
    wire: Wire


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """A file of batches (`tables.spool`): the number of each batch's first row, where each ends in the file, and how
    many rows there are."""

    path: Path
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True)
class PieceFiles:
    """One piece of the snapshot (`tables.snapshot`). `keys`: what its contacts came to under `digest`."""

    contacts: SpoolFile
    keys: SpoolFile | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Remembers:
    """What is to be remembered of each person once a plan is carried out (`tables.remembered`). `digest`: under which
    their rows are true; "" where not everybody and everything was compared."""

    file: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Caches:
    """Files that spare the next plan work. Each may be thrown away at any time; none is true under another digest."""

    digest: str
    memo: Path | None = None
    settled: Path | None = None
    pieces: tuple[PieceFiles, ...] = ()
    people: int = 0  # rows of the source, as a guess of how many there will be

    @property
    def contacts(self) -> int:
        """Rows of all pieces."""
        return sum(piece.contacts.rows for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that `apply` would do and everything that it would not, with reasons."""

    id: str
    now: datetime
    file: str
    config: str
    crm: str
    object: str
    account: str
    source_label: str
    source_rows: int
    scope: str
    inventory: tuple[InventoryChange, ...]
    contacts: ContactCount
    fields: tuple[FieldCount, ...]
    tags: tuple[TagCount, ...]
    guards: tuple[Guard, ...]
    findings: tuple[Finding, ...]
    cost: Cost
    people: Changes
    bound: Mapping[str, BoundField] = field(default_factory=dict)
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    kept: Mapping[str, frozenset[bytes]] = field(
        default_factory=dict
    )  # rule tag -> digests of who keeps it (first run)
    values_shown: bool = False  # --show-values: at a terminal, to who asked for it
    two_way: bool = False  # some field is pulled, too
    written_how: str = ""  # where the source puts pulled values and by what, where it can be written in several ways
    source_writes: int = 0  # rows of the source to write
    remembers: Remembers | None = None  # for an apply to keep
    caches: Caches | None = None  # what is to be kept for the next plan
    approved: Approved | None = None  # only what a saved plan approved is carried out
    checks: tuple[CheckResult, ...] = ()  # what the file's checks say of it
    undoes: str = ""  # the run whose writes it puts back
    drift_since: str = ""  # the last apply, UTC, where drift can be told from a change of ours; "" where it cannot

    @property
    def pending(self) -> bool:
        """Whether an apply at the same clock would write anything; held, blocked and findings are not pending."""
        pending = {Action.CREATE, Action.UPDATE, Action.RENAME, Action.DELETE}
        return bool(self.people.contacts) or any(c.action in pending for c in self.inventory)

    @property
    def withheld(self) -> int:
        """Changes that are not carried out, since a saved plan did not approve them."""
        return self.approved.new if self.approved is not None else 0
