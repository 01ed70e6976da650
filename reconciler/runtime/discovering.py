"""Looking at a source, and at a CRM if one is named, before a file maps one to the other. Writes nothing anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.config.given import Doors, Given, doors_given, doors_of
from reconciler.model.desired import Door
from reconciler.model.discovery import Discovery
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Place
from reconciler.runtime.request import Request

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.adapters.source import Source
    from reconciler.model.progress import Progress
    from reconciler.planning.discovery import Crm, Known, Sample

LOOKED_AT = 10_000
"""People that are looked at, spread evenly over those that are read."""

READ = 100_000
"""People that are read at most."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATA = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}.*|\+?[0-9][0-9 .,()/-]{4,}")


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look: doors as they were typed; None: those of the file. `values`: keep those of small enumerations.
    `all`: what programs keep for themselves, too."""

    crm: Given | None = None
    source: Given | None = None
    values: bool = False
    all: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, with the doors and what the CRM holds."""

    doors: Doors
    found: Discovery
    crm: Crm | None


def doors(request: Request, look: Look) -> tuple[Doors, Path]:
    """The doors to look behind, and the folder that their paths are relative to. Raises Failure."""
    models = (options_models(CRM), options_models(SOURCE))
    here = Path()
    if look.crm is not None or look.source is not None:
        return doors_given(look.crm, look.source, here, request.env, models), here
    if not request.file.exists():
        fix = "give `--source FILE`, or name a file with -f"
        raise Failure(
            problem("E920", f"there is no {request.file}, and no option says where people come from", fix=fix)
        )
    return doors_of(request.file, request.env, models), request.file.parent


def look_around(request: Request, look: Look) -> Seen:
    """Behind the door of the source, and of the CRM if one is named. Raises Failure."""
    from reconciler.planning.discovery import Known, discover, owners_of

    found, base = doors(request, look)
    if found.source is None:
        where = None if look.crm else Place(str(request.file), 1)
        raise Failure(problem("E920", "where do people come from?", where, "give `--source FILE`"))
    crm = live(request, found.crm, base) if found.crm else None
    owners = owners_of(found.source.type, getattr(found.source.options, "table_prefix", ""))
    known = Known(crm, found.declared, look.values, owners, look.all)
    return Seen(found, discover(sampled(request, found.source, base, known), known), crm)


def live(request: Request, door: Door, base: Path) -> Crm:
    """What the CRM holds; who answers is checked first."""
    from reconciler.planning.discovery import Crm
    from reconciler.runtime.doors import checked_account, open_crm

    with open_crm(door, request.opening(door, base)) as gateway:
        checked_account(door, gateway)
        return Crm(door.type, gateway.inventory(), gateway.capabilities)


def sampled(request: Request, door: Door, base: Path, known: Known) -> Sample:
    """People of the source, spread over the first ones. Raises Failure, for a source without people too."""
    from reconciler.runtime.doors import open_source

    with open_source(door, request.opening(door, base)) as source:
        columns = tuple(source.columns())
        if known.owners is None:
            _refuse_one(columns, door.where)
            _refuse_data(columns, door.where)
        named = [name for name in columns if not _looks_like_data(name)]
        unread = known.unneeded(named)
        sample = _sample(source, [name for name in named if name not in unread], request.progress)
    if not sample.people.num_rows:
        raise Failure(problem("E410", "it has columns and nobody in them", door.where))
    return replace(sample, unread=unread, unnamed=len(columns) - len(named))


def _sample(source: Source, columns: Sequence[str], progress: Progress) -> Sample:
    import pyarrow as pa

    from reconciler.planning.discovery import Sample

    schema = pa.schema([(name, pa.string()) for name in columns])
    spread, whole = Spread(), True
    progress.stage("looking at people")
    with ExitStack() as stack:
        batches = source.read(columns)
        if close := getattr(batches, "close", None):
            stack.callback(close)
        for batch in batches:
            room = READ - spread.passed
            whole = batch.num_rows <= room
            progress.advance(spread.take(batch.slice(0, room)))
            if not whole:
                break
    progress.done()
    return Sample(pa.Table.from_batches(spread.kept, schema), source.label(), spread.passed, whole)


@dataclass(slots=True)
class Spread:
    """Every n-th row of those that pass, n doubled whenever there are too many: even, and of bounded size."""

    most: int = LOOKED_AT
    passed: int = 0
    kept: list[pa.RecordBatch] = field(default_factory=list)
    _step: int = 1

    def take(self, batch: pa.RecordBatch) -> int:
        """Pass one batch; how many rows it had."""
        import pyarrow as pa

        chosen = range(-self.passed % self._step, batch.num_rows, self._step)
        self.kept.append(batch.take(pa.array(chosen, pa.int64())))
        rows: int = batch.num_rows
        self.passed += rows
        while sum(part.num_rows for part in self.kept) > self.most:
            self._halve()
        return rows

    def _halve(self) -> None:
        import pyarrow as pa

        whole = pa.Table.from_batches(self.kept).combine_chunks()
        half = whole.take(pa.array(range(0, whole.num_rows, 2), pa.int64()))
        self.kept = half.to_batches()
        self._step *= 2


def _refuse_one(columns: Sequence[str], where: Place | None) -> None:
    """All names in one column: they are separated by another sign than the source was told."""
    if len(columns) == 1 and (found := next((sign for sign in ";\t|," if sign in columns[0]), None)):
        shown = "a tab" if found == "\t" else f"`{found}`"
        raise Failure(problem("E418", f"there is one column, and its name holds {shown}", where))


def _refuse_data(columns: Sequence[str], where: Place | None) -> None:
    """Names of columns are shown. In a file without a header they are somebody's data, and would be, too."""
    for place, name in enumerate(columns, 1):
        if _looks_like_data(name):
            detail = f"the name of column {place} of {len(columns)} is an address, a date or a number"
            raise Failure(problem("E411", detail, where))


def _looks_like_data(name: str) -> bool:
    """In a table of keys and values a program may have made a key of somebody's address; it is not shown."""
    return bool(_ADDRESS.fullmatch(name.strip()) or _DATA.fullmatch(name.strip()))
