"""Observed state: what `diff` is given beside the desired state. Readers are lazy; planning itself touches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from reconciler.model.capabilities import Call, Capabilities
from reconciler.model.inventory import Account, Inventory
from reconciler.model.objects import ONE, Objects
from reconciler.model.plan import Caches
from reconciler.model.progress import Progress, Silent
from reconciler.planning.ownership import Owner
from reconciler.tables.snapshot import Snapshot

REWRITES = pa.schema(
    [
        pa.field("contact", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("sent", pa.binary(16), nullable=False),  # text_digest of what we sent, canonical
        pa.field("stored", pa.binary(16), nullable=False),  # text_digest of what was read back, canonical
    ]
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the state says; all of it can be rebuilt. `known` is False on a first run or after lost state.

    `key`: secret of the digests. `people`: Parquet, what is remembered of each person (`tables.remembered`), or None.
    `created`: links made since that file (person digest, contact id). `begun`: creations whose outcome is not known,
    the oldest first (person digest, the address that the contact was to have). `moves`: what became of two-way values
    since, in batches of schema `tables.remembered.MOVES`. `applied`: entry address -> digest in the last applied file.
    `marks`: names of rule tags that are ours. `rewrites`: values that the CRM stores differently from what was sent.
    `leftover`: digests of people whose update was guarded and begun by an interrupted run of the same file.
    `owed`: name of a tag with `push: on_create` -> digests of people whom an interrupted run created without coming
    to that tag. `kept`: name of a rule tag -> digests of people who carried it before it became ours though its rule
    said no, and were never wanted by it since: they keep it. `agreed_digest`: under which the rows of `people` are
    true; `agreed_at`: when the apply that wrote it was; `clean`: it left nothing undone.
    """

    key: bytes
    known: bool = False
    people: Path | None = None
    created: tuple[tuple[bytes, str], ...] = ()
    begun: tuple[tuple[bytes, str], ...] = ()
    moves: Callable[[], Iterator[pa.RecordBatch]] = lambda: iter(())
    applied: Mapping[str, str] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    rewrites: pa.Table | None = None
    leftover: frozenset[bytes] = frozenset()
    owed: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    kept: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    agreed_digest: str = ""
    agreed_at: str = ""
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """`people(columns)` gives batches with exactly those string columns; `contacts(keys)` gives pages with `$id`,
    `$tags` (tag keys) and one wire-text column per field key. `reads`: calls made so far, asked for at the end.

    `snapshot(keys)`: all contacts as an earlier read left them, brought up to date, or None where they have to be read
    in full through `contacts`. `caches`: what an earlier plan left; used as far as it is true still.
    """

    account: Account
    capabilities: Capabilities
    inventory: Inventory
    people: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
    contacts: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
    remembered: Remembered
    reads: Callable[[], Mapping[Call, int]]
    source_label: str = ""
    written_how: str = ""  # where the source puts pulled values and by what, where it says so
    columns: tuple[str, ...] = ()  # every column of the source, for expressions that look at the whole row
    snapshot: Callable[[Sequence[str]], Snapshot | None] = lambda _keys: None
    caches: Caches | None = None
    owners: tuple[Owner, ...] = ()  # other files that were applied to the same contacts
    objects: Objects = ONE
    incremental: Callable[[], bool] = lambda: False  # asked for at the end: only what changed was read of the CRM


MEMORY = "600MB"
"""What the engine may take of a machine's memory."""


@dataclass(frozen=True, slots=True)
class Options:
    """How one plan is made. `now`: the plan's clock. `workdir`: an empty folder for spill files, owned by the caller.

    `persons`: only these (empty: everybody). `target`/`exclude`: globs over addresses. `allow`: guard -> number.
    `day`: on which entries under `allow` are judged (`planning.allowances`); None: that of `now`.
    `examples`: collect three differing values per field and cause (--show-values). `remember`: write down what is to be
    remembered of each person once the plan is carried out (`Plan.remembers`), for an apply to keep. `keep`: leave files
    behind that spare the next plan work (`Plan.caches`); only plans of everybody and everything do. `salt`: n -> n
    random bytes, with which what is kept of contacts is sealed. `watch`: told of one field or tag of the asked persons.
    """

    now: datetime
    workdir: Path
    persons: frozenset[str] = frozenset()
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow: Mapping[str, int] = field(default_factory=dict)
    examples: bool = False
    remember: bool = False
    keep: bool = False
    salt: Callable[[int], bytes] | None = None
    day: date | None = None
    memory_limit: str = MEMORY
    progress: Progress = field(default_factory=Silent)
    watch: Any = None  # planning.watching.Watch

    @property
    def judged(self) -> date:
        """The day on which entries under `allow` are judged."""
        return self.day or self.now.astimezone(UTC).date()

    @property
    def whole(self) -> bool:
        """Everybody and everything."""
        return not (self.persons or self.target or self.exclude)
