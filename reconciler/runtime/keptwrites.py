"""What the last runs wrote, in the folder of the account.

accounts/NAME/writes/RUN.writes          who was written what, as digests
accounts/NAME/writes/RUN.UNTIL.before    what was there before, where somebody asked for that; gone after UNTIL
"""

from __future__ import annotations

import json
import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.history import Act, Ending, Made, RunFacts, Write
from reconciler.model.messages import problem
from reconciler.model.plan import CAUSES
from reconciler.model.problems import Failure
from reconciler.runtime.disk import is_full
from reconciler.runtime.kept import MOST_RUNS
from reconciler.runtime.writes import Writes, digester
from reconciler.tables.spool import SALT_BYTES, Damaged, Seal
from reconciler.tables.writes import OUTCOMES, Kind, WritesFile, read_batches, read_facts

_FORMAT = "reconciler-writes/1"
_NAME = re.compile(r"([0-9A-Za-z-]{1,80})\.writes")
_BEFORE = re.compile(r"([0-9A-Za-z-]{1,80})\.([0-9]{8}T[0-9]{6}Z)\.before")
_UNTIL = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Keep:
    """That values from before are kept, until then, under that secret."""

    until: datetime
    secret: bytes


class Outcomes:
    """How writes of one run ended, by their number."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        table = pa.Table.from_batches(batches, OUTCOMES)
        table = table.append_column("told", pa.array(range(table.num_rows), pa.int64()))
        self._table = table.sort_by([("first", "ascending"), ("told", "ascending")]).combine_chunks()
        self._firsts = array("q", self._table["first"].to_pylist())
        self._longest = pc.max(table["count"]).as_py() or 0

    def of(self, first: int, count: int) -> dict[int, dict[str, Any]]:
        """The last outcome of each of these, with the contact that any of them told."""
        begin = bisect_left(self._firsts, first - self._longest + 1)
        rows = self._table.slice(begin, bisect_left(self._firsts, first + count) - begin).to_pylist()
        found: dict[int, dict[str, Any]] = {}
        for row in sorted(rows, key=lambda row: row["told"]):
            for at in range(max(row["first"], first), min(row["first"] + row["count"], first + count)):
                contact = row["contact"] or found.get(at, row)["contact"]
                found[at] = {**row, "contact": contact}
        return found


class KeptWrites:
    """Those of one account. `folder`: the account's; `key`: of the state."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path, self._key = folder / "writes", key

    # -- writing

    def begin(
        self, facts: RunFacts, keep: Keep | None, token_bytes: Callable[[int], bytes], moments: Callable[[], datetime]
    ) -> Writes:
        """For a new run; the oldest goes when they are too many. Raises Failure E501, E509."""
        told = {"format": _FORMAT, **asdict(facts)}
        if keep is not None:
            told |= {"undo": True, "until": f"{keep.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        befores = None
        try:
            self._path.mkdir(mode=0o700, exist_ok=True)
            for name in self._names():  # of a journal that was lost
                if name.startswith(f"{facts.run}."):
                    (self._path / name).unlink(missing_ok=True)
            self.sweep(moments(), MOST_RUNS - 1)
            seal = Seal(_secret(self._key, "writes"), token_bytes(SALT_BYTES))
            file = WritesFile(self._path / f"{facts.run}.writes", seal, sync=keep is not None)
            file.facts(json.dumps(told).encode("utf-8", "surrogatepass"))
            if keep is not None:
                name = f"{facts.run}.{keep.until.astimezone(UTC).strftime(_UNTIL)}.before"
                befores = WritesFile(self._path / name, Seal(keep.secret, token_bytes(SALT_BYTES)), sync=True)
        except OSError as error:
            raise Failure(problem("E509") if is_full(error) else problem("E501", str(self._path))) from None
        return Writes(file, befores, digester(self._key), moments)

    def sweep(self, now: datetime, most: int = MOST_RUNS) -> None:
        """Values from before go when their time is over, and with the run that they belong to; runs when they are too
        many."""
        for old in self.runs()[most:]:
            (self._path / f"{old}.writes").unlink(missing_ok=True)
        names = self._names()  # before the runs: what was there before a run is kept later than the run
        known = set(self.runs())
        for name in names:
            found = _BEFORE.fullmatch(name)
            if found and (_moment(found.group(2)) <= now or found.group(1) not in known):
                (self._path / name).unlink(missing_ok=True)

    def forget(self) -> None:
        for name in self._names():
            if _NAME.fullmatch(name) or _BEFORE.fullmatch(name):
                (self._path / name).unlink(missing_ok=True)

    # -- looking

    def runs(self) -> Sequence[str]:
        """The ids of the runs, the newest first."""
        return sorted((found.group(1) for name in self._names() if (found := _NAME.fullmatch(name))), reverse=True)

    def size(self) -> int:
        """Bytes."""
        return sum((self._path / name).stat().st_size for name in self._names())

    def befores_of(self, run: str, now: datetime) -> Path | None:
        """The file of what was there before that run; None where there is none any more."""
        for name in self._names():
            found = _BEFORE.fullmatch(name)
            if found and found.group(1) == run and _moment(found.group(2)) > now:
                return self._path / name
        return None

    def facts(self, run: str) -> RunFacts | None:
        """None: they are not kept. Raises Failure E602."""
        path = self._path / f"{run}.writes"
        if not path.exists():
            return None
        with self._readable(path):
            told = json.loads(read_facts(path, _secret(self._key, "writes")))
            if told.pop("format") != _FORMAT:
                raise Damaged
            made = tuple(Made(**row) for row in told.pop("made"))
            return RunFacts(**told, made=made)
        return None

    def intents(self, run: str) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Number of the first row, rows of schema `tables.writes.INTENTS`, batch by batch. Raises Failure E602."""
        path, first = self._path / f"{run}.writes", 0
        with self._readable(path):
            for batch in read_batches(path, _secret(self._key, "writes"), Kind.INTENTS):
                yield first, batch
                first += batch.num_rows

    def outcomes(self, run: str) -> Outcomes:
        """All that was told of how they ended. Raises Failure E602."""
        path = self._path / f"{run}.writes"
        with self._readable(path):
            return Outcomes(read_batches(path, _secret(self._key, "writes"), Kind.OUTCOMES))
        raise AssertionError("it is read, or it is a failure")

    def of_person(self, run: str, person: bytes) -> Sequence[Write]:
        """What that run wrote to one person (their digest), in order. Raises Failure E602."""
        found: dict[int, dict[str, Any]] = {}
        wanted = pa.scalar(person, pa.binary(16))
        for first, batch in self.intents(run):
            at = pc.indices_nonzero(pc.equal(batch.column("person"), wanted))
            if len(at):
                numbers = (first + place for place in at.to_pylist())
                found.update(zip(numbers, batch.take(at).to_pylist(), strict=True))
        if not found:
            return ()
        outcomes = self.outcomes(run)
        return tuple(write_of(row, outcomes.of(number, 1).get(number)) for number, row in found.items())

    def befores(self, path: Path, secret: bytes) -> Iterator[pa.RecordBatch]:
        """What was there before, a batch of schema `tables.writes.BEFORES` for each of `intents`. Raises Failure E603
        where the secret is another one, or the file was changed."""
        try:
            yield from read_batches(path, secret, Kind.BEFORES)
        except Damaged:
            raise Failure(problem("E603", path.name)) from None

    def _names(self) -> list[str]:
        try:
            return os.listdir(self._path)
        except OSError:
            return []

    def _readable(self, path: Path) -> _Readable:
        return _Readable(path)


@dataclass(slots=True)
class _Readable:
    """Turns what a damaged file raises into a failure."""

    path: Path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _where: object) -> None:
        if isinstance(error, Damaged | ValueError | KeyError | TypeError | pa.ArrowException):
            raise Failure(problem("E602", self.path.name)) from None


def write_of(row: dict[str, Any], ended: dict[str, Any] | None) -> Write:
    """One row of intents and its last outcome."""
    cause = CAUSES[row["cause"]].value if row["cause"] is not None else ""
    write = Write(Act(row["act"]), row["name"], Ending.UNKNOWN, cause, contact=row["contact"] or "")
    write = replace(write, before=row["before"], after=row["after"])
    if ended is None:
        return write
    stored = ended["stored"]
    return replace(
        write,
        ending=Ending(ended["ending"]),
        code=ended["code"] or "",
        at=datetime.fromtimestamp(ended["at"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        contact=ended["contact"] or write.contact,
        after=write.after if stored is None else stored,
    )


def secret_of(key: bytes, own: str | None) -> bytes:
    """What values from before are sealed with: a secret of the file's own, or one that is made of the state's key."""
    return blake2b(own.encode("utf-8", "surrogatepass"), digest_size=32).digest() if own else _secret(key, "before")


def keep_until(started: datetime, seconds: int) -> datetime:
    return started + timedelta(seconds=seconds)


def _secret(key: bytes, what: str) -> bytes:
    return blake2b(what.encode(), key=key, digest_size=32).digest()


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _UNTIL).replace(tzinfo=UTC)
