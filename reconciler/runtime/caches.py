"""The folder of caches of one account: the snapshot of its contacts, the memo and the settled pairs, under one index.

    caches/index.json           which files belong together, what they are true for, when contacts were read
    caches/NUMBER-TOKEN-...     the files; those that hold what contacts hold are sealed with the folder's key
    caches.lock                 held while one run writes here; reading needs no lock

Nothing here is needed: whatever is missing, cut, altered or of another version is as if it had never been, and the next
plan reads in full. The index is signed with the folder's key and has a checksum of every file that is not sealed. Files
are written whole and then named in the index; those that it does not name are swept.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.model.inventory import Inventory
from reconciler.model.messages import problem
from reconciler.model.plan import Caches, PieceFiles, SpoolFile
from reconciler.model.problems import Failure
from reconciler.runtime.disk import is_full, onto_disk, write_whole
from reconciler.runtime.lock import FileLock
from reconciler.tables.snapshot import Piece, Snapshot
from reconciler.tables.spool import Damaged, Spool

if TYPE_CHECKING:
    from reconciler.model.desired import Refresh
    from reconciler.runtime.request import Request
    from reconciler.runtime.state import State

FORMAT = "reconciler-caches/2"
OVERLAP = timedelta(minutes=15)
"""How far before the last read a read of changes begins: clocks differ, and a change may become visible late."""

_LAST = datetime.max.replace(tzinfo=UTC)
_BLOCK = 1 << 20
_MOST_PIECES = 16
_MOST_NEWER = 4  # rows of later pieces against all rows: beyond a fourth the snapshot is made anew


@dataclass(frozen=True, slots=True)
class Seen:
    """When and how contacts were read. `since`: where the next read of changes begins. `full_at`: the last full read.
    `fields`: key -> native type of each field that the snapshot holds (`Inventory.natives`). `told`: the CRM tells what
    changed."""

    since: datetime
    full_at: datetime
    fields: Mapping[str, str]
    told: bool = True

    def keys(self, inventory: Inventory) -> tuple[str, ...]:
        """The fields, those of other objects apart."""
        beside = tuple(f" ({name})" for name in inventory.others)
        return tuple(key for key in self.fields if not beside or not key.endswith(beside))


@dataclass(frozen=True, slots=True)
class Kept:
    """What an earlier plan left. `snapshot` None: `caches` has no pieces that can be used."""

    caches: Caches
    seen: Seen
    snapshot: Snapshot | None

    def why_full(self, keys: Sequence[str], inventory: Inventory, now: datetime, full_every: timedelta) -> str:
        """Why contacts have to be read in full all the same; "" if they need not be."""
        if self.snapshot is None:
            return "there is no snapshot"
        if any(key not in self.seen.fields for key in keys):
            return "a field is new in the file"
        if inventory.natives(self.seen.keys(inventory)) != self.seen.fields:
            return "a field changed in the CRM"
        if not self.seen.since <= now:
            return "the clock went back"
        return "" if now - self.seen.full_at < full_every else "the last full read is too long ago"


class CacheFolder:
    """The caches of one account. `token`: what makes names of files unique."""

    def __init__(self, path: Path, secret: bytes, token: Callable[[], str]) -> None:
        self.path = path
        self._secret = secret
        self._token = token

    def load(self) -> Kept | None:
        """What is there and whole; None for nothing."""
        index = self._index()
        return None if index is None else self._kept(index)

    def next_full_read(self, full_every: timedelta) -> datetime | None:
        """When contacts will be read in full again; None: with the next plan."""
        index = self._index()
        if index is None or not index["pieces"] or not index["told"]:
            return None
        full_at = datetime.fromisoformat(index["full_at"])
        return full_at + min(full_every, _LAST - full_at)

    def save(self, caches: Caches, seen: Seen) -> None:
        """Keep these files (moved here unless they are here already) and nothing else. Where another run has swept one
        of them meanwhile, what that run kept is left. Raises Failure E501, E509."""
        with self._alone():
            if not self.path.is_dir():
                _remove(self.path)
                self.path.mkdir(mode=0o700)
            if not all(file.is_file() for file in _files(caches)):
                return
            here = self._moved_all(caches, f"{self._next_number():06d}-{self._token()}")
            self._write_index(_content(here, seen))
            self._sweep(frozenset(_files(here)))

    def forget(self) -> None:
        """Raises Failure E501."""
        if self.path.exists():
            with self._alone():
                _remove(self.path)

    def sizes(self) -> dict[str, int]:
        """Bytes on disk by kind of file."""
        sizes: dict[str, int] = {}
        for file in sorted(self.path.glob("*-*")):
            kind = file.name.rpartition("-")[2]
            with suppress(FileNotFoundError):  # a plan of another process swept it
                sizes[kind] = sizes.get(kind, 0) + file.stat().st_size
        return sizes

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other run writes here meanwhile."""
        lock = FileLock(self.path.with_name(f"{self.path.name}.lock"))
        lock.take(wait=True)
        try:
            yield
        except OSError as error:
            raise Failure(problem("E509") if is_full(error) else problem("E501", str(self.path))) from None
        finally:
            lock.release()

    def _index(self) -> dict[str, Any] | None:
        """The index as it was written; None where that is in doubt."""
        try:
            index: dict[str, Any] = json.loads((self.path / "index.json").read_text(encoding="utf-8"))
            signature = index.pop("signature")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return index if signature == self._signature(index) and index["format"] == FORMAT else None

    def _signature(self, content: Mapping[str, Any]) -> str:
        return blake2b(json.dumps(content).encode(), key=self._secret, digest_size=16).hexdigest()

    def _kept(self, index: Mapping[str, Any]) -> Kept:
        pieces = [self._piece(row) for row in index["pieces"]]
        whole = None not in pieces and pieces
        files = tuple(files for files, _ in filter(None, pieces))
        memo, settled = self._file(index["memo"]), self._file(index["settled"])
        caches = Caches(index["digest"], memo, settled, files, index["people"])
        since, full_at = (datetime.fromisoformat(index[name]) for name in ("since", "full_at"))
        seen = Seen(since, full_at, index["fields"], index["told"])
        snapshot = Snapshot(tuple(piece for _, piece in filter(None, pieces))) if whole else None
        return Kept(caches, seen, snapshot)

    def _piece(self, row: Mapping[str, Any]) -> tuple[PieceFiles, Piece] | None:
        contacts = self._spool(row["contacts"], self._secret)
        if contacts is None:
            return None
        keys = self._spool(row["keys"], None)
        files = PieceFiles(contacts.file, keys.file if keys else None, row["digest"] if keys else "")
        return files, Piece(contacts, keys, files.digest)

    def _spool(self, row: Any, secret: bytes | None) -> Spool | None:
        path = self._file(row and row["file"])
        if path is None:
            return None
        try:
            return Spool.reopen(SpoolFile(path, tuple(row["starts"]), tuple(row["ends"]), row["rows"]), secret)
        except Damaged:
            return None

    def _file(self, named: Any) -> Path | None:
        """A file of the index, if it is what it was. What is sealed tells by itself, when it is read."""
        if named is None:
            return None
        name, size, checksum = named
        path = self.path / name
        try:
            whole = path.stat().st_size == size and (checksum is None or checksum == _checksum(path))
        except OSError:
            return None
        return path if whole else None

    def _moved_all(self, caches: Caches, prefix: str) -> Caches:
        pieces = (
            replace(
                piece,
                contacts=self._moved_spool(piece.contacts, f"{prefix}-{n}-contacts"),
                keys=self._moved_spool(piece.keys, f"{prefix}-{n}-keys") if piece.keys else None,
            )
            for n, piece in enumerate(caches.pieces)
        )
        return replace(
            caches,
            memo=self._moved(caches.memo, f"{prefix}-memo") if caches.memo else None,
            settled=self._moved(caches.settled, f"{prefix}-settled") if caches.settled else None,
            pieces=tuple(pieces),
        )

    def _moved_spool(self, file: SpoolFile, name: str) -> SpoolFile:
        return replace(file, path=self._moved(file.path, name))

    def _moved(self, file: Path, name: str) -> Path:
        if file.parent == self.path:
            return file
        file.chmod(0o600)
        onto_disk(file)
        os.replace(file, self.path / name)
        return self.path / name

    def _next_number(self) -> int:
        numbers = [int(head) for file in self.path.iterdir() if (head := file.name.partition("-")[0]).isdecimal()]
        return max(numbers, default=0) + 1

    def _write_index(self, content: Mapping[str, Any]) -> None:
        index = self.path / "index.json"
        if index.is_dir():
            _remove(index)
        write_whole(index, json.dumps({"signature": self._signature(content), **content}).encode())

    def _sweep(self, kept: frozenset[Path]) -> None:
        for file in self.path.iterdir():
            if file.name != "index.json" and file not in kept:
                _remove(file)


def cache_folder(state: State, request: Request) -> CacheFolder:
    """That of the account of the state."""
    return CacheFolder(state.path / "caches", state.key, lambda: request.token_bytes(6).hex())


def next_full_read(caches: CacheFolder, refresh: Refresh | None, now: datetime) -> str:
    """When all contacts are read again, in words or as a time; "" where the file does not say (`refresh` None)."""
    if refresh is None:
        return ""
    if not refresh.snapshot:
        return "with every plan"
    at = caches.next_full_read(timedelta(seconds=refresh.full_every))
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at is not None and at > now else "with the next plan"


def too_many(snapshot: Snapshot) -> bool:
    """Whether so much came after the first piece that one new piece is better."""
    newer = snapshot.rows - snapshot.pieces[0].contacts.rows
    return len(snapshot.pieces) > _MOST_PIECES or newer * _MOST_NEWER > snapshot.rows


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _remove(path: Path) -> None:
    """Whatever lies there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _checksum(path: Path) -> int:
    """Of the file's bytes; against damage, not against people."""
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _files(caches: Caches) -> list[Path]:
    spools = [spool.path for piece in caches.pieces for spool in (piece.contacts, piece.keys) if spool]
    return [path for path in (caches.memo, caches.settled, *spools) if path]


def _content(caches: Caches, seen: Seen) -> dict[str, Any]:
    """The index as plain lists and texts, so that it reads back as it is."""

    def file(path: Path | None, sealed: bool = False) -> list[Any] | None:
        return [path.name, path.stat().st_size, None if sealed else _checksum(path)] if path else None

    def spool(of: SpoolFile | None, sealed: bool = False) -> dict[str, Any] | None:
        if of is None:
            return None
        return {"file": file(of.path, sealed), "starts": list(of.starts), "ends": list(of.ends), "rows": of.rows}

    return {
        "format": FORMAT,
        "digest": caches.digest,
        "memo": file(caches.memo),
        "settled": file(caches.settled),
        "pieces": [
            {"contacts": spool(p.contacts, sealed=True), "keys": spool(p.keys), "digest": p.digest}
            for p in caches.pieces
        ],
        "people": caches.people,
        "since": seen.since.isoformat(),
        "full_at": seen.full_at.isoformat(),
        "fields": dict(seen.fields),
        "told": seen.told,
    }
