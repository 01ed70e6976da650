"""A chain and its files in a store: sealed where a key is given, and read back with what is wrong said in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.adapters.states.store import Lease, Store
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Problem
from reconciler.model.shared import PostgresPlace, SharedState
from reconciler.runtime.disk import is_full
from reconciler.runtime.failures import doors_said
from reconciler.runtime.shared import entries
from reconciler.runtime.shared.entries import Entry, Kept, Kind
from reconciler.tables import sealed

if TYPE_CHECKING:
    from reconciler.runtime.request import Request

_SMALL = 64 << 10  # bytes; smaller files travel within the entry
_PART = 32 << 20  # bytes of one blob
_READINGS = 8  # a chain may be swept while it is read


@dataclass(frozen=True, slots=True)
class Content:
    """The state as a reader finds it: a base (None: there was none yet) and what was written since. `version`: number
    of the last entry; `base_at`: of the base. `since`: numbers of the entries that a later base makes needless."""

    version: int
    base: Entry | None
    writes: tuple[Entry, ...] = ()
    since: tuple[int, ...] = ()
    base_at: int = 0

    @property
    def files(self) -> Mapping[str, Kept]:
        return self.base.files if self.base is not None else {}


class Vault:
    """One state in its store. Every method raises Failure."""

    def __init__(self, store: Store, state: SharedState, token_bytes: Callable[[int], bytes]) -> None:
        self.store, self.state = store, state
        self._token_bytes = token_bytes

    # -- the chain

    def head(self) -> int:
        """The number of the last entry; 0: the state is empty."""
        with self.said():
            return max(self.store.numbers(), default=0)

    def content(self) -> Content:
        """All that counts, read as it was at one moment."""
        for _reading in range(_READINGS):
            with self.said():
                numbers = self.store.numbers()
            if not numbers:
                return Content(0, None)
            found = self._content(numbers)
            if found is not None:
                return found
        raise Failure(problem("E592", self.state.label, self.state.where))

    def _content(self, numbers: Sequence[int]) -> Content | None:
        """From the last base on; None: it was swept meanwhile."""
        writes: list[Entry] = []
        since: list[int] = []
        for number in reversed(numbers):
            entry = self._entry(number)
            if entry is None:
                return None
            if entry.kind is not Kind.OPENING:
                since.append(number)
            if entry.kind is Kind.BASE:
                return Content(numbers[-1], entry, tuple(reversed(writes)), tuple(since), number)
            if entry.kind is Kind.WRITES:
                writes.append(entry)
        return Content(numbers[-1], None, tuple(reversed(writes)), tuple(since))

    def _entry(self, number: int) -> Entry | None:
        with self.said():
            frame = self.store.entry(number)
        if frame is None:
            return None
        try:
            return entries.from_bytes(self._opened(frame, _entry_name(number)))
        except entries.Newer:
            raise self._failure("E585") from None
        except entries.Broken:
            raise self._failure("E587", f"entry {number}") from None

    def frame(self, number: int, entry: Entry) -> bytes:
        """The bytes of that entry, which are those of that number alone."""
        return self._closed(entries.to_bytes(entry), _entry_name(number))

    # -- files

    def keep(self, path: Path, known: Kept | None = None) -> Kept:
        """Put a file into the store, unless it is what is `known` to be there."""
        with _readable(path):
            if path.stat().st_size <= _SMALL:
                content = path.read_bytes()
                return Kept(_digest([content]), content)
            digest = _digest(_blocks(path))
            if known is not None and known.digest == digest and known.parts:
                return known
            return Kept(digest, None, tuple(self._part(block) for block in _blocks(path)))

    def _part(self, block: bytes) -> str:
        name = self._token_bytes(16).hex()
        frame = self._closed(block, _blob_name(name))
        with self.said():
            self.store.put(name, frame)
        return name

    def fetch(self, file: Kept) -> Iterator[bytes]:
        """What the file holds, block by block. Raises KeyError for a part that is not there (any more)."""
        if file.content is not None:
            yield file.content
        for name in file.parts:
            with self.said():
                frame = self.store.get(name)
            if frame is None:
                raise KeyError(name)
            yield self._opened(frame, _blob_name(name))

    # -- the lease

    def holder(self, text: str) -> bytes:
        """Who takes the lease, as it stands there."""
        return self._closed(text.encode(), "lease")

    def lease(self) -> Lease | None:
        with self.said():
            return self.store.lease()

    def held_by(self, lease: Lease) -> str:
        """Who has it and since when, in words."""
        who = self._opened(lease.holder, "lease").decode("utf-8", "replace").rpartition(" ")[0]
        return f"{who}, which last said {_ago(lease.age)} ago that it lives"

    @contextmanager
    def said(self) -> Iterator[None]:
        """The store's errors as failures, at the place of the section."""
        with doors_said(self.state.where):
            yield

    def _closed(self, content: bytes, bound: str) -> bytes:
        nonce = b"" if self.state.key is None else self._token_bytes(sealed.NONCE_BYTES)
        return sealed.closed(content, f"{self.state.name} {bound}", self.state.key, nonce)

    def _opened(self, frame: bytes, bound: str) -> bytes:
        try:
            return sealed.opened(frame, f"{self.state.name} {bound}", self.state.key)
        except sealed.Newer:
            raise self._failure("E585") from None
        except sealed.Broken:
            raise self._failure("E587", bound) from None
        except sealed.Unopened:
            given = "with the key of the file" if self.state.key else "without a key"
            raise self._failure("E586", f"{bound} cannot be opened {given}") from None

    def _failure(self, code: str, detail: str = "") -> Failure:
        return Failure(self.problem(code, detail))

    def problem(self, code: str, detail: str = "") -> Problem:
        """A problem of the shared state, at its place in the file."""
        return problem(code, ": ".join(filter(None, (self.state.label, detail))), self.state.where)


@contextmanager
def open_vault(request: Request, state: SharedState) -> Iterator[Vault]:
    """The state's store, opened; nothing is asked of it yet. Raises Failure."""
    with doors_said(state.where):
        if isinstance(state.place, PostgresPlace):
            from reconciler.adapters.states import postgres

            store: Store = postgres.open_store(state.place, state.name)
        else:
            from reconciler.adapters.states import s3

            store = s3.open_store(state.place, state.name, request.env)
    try:
        yield Vault(store, state, request.token_bytes)
    finally:
        store.close()


def _entry_name(number: int) -> str:
    return f"entry {number}"


def _blob_name(name: str) -> str:
    return f"blob {name}"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_PART):
            yield block


def _digest(blocks: Sequence[bytes] | Iterator[bytes]) -> str:
    digest = blake2b(digest_size=16)
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """As `Kept` has it; "" where there is no file."""
    return _digest(_blocks(path)) if path.is_file() else ""


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(problem("E509") if is_full(error) else problem("E501", str(path))) from None


def _ago(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole} second{'' if whole == 1 else 's'}"
