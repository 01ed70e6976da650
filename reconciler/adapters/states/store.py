"""What a shared state needs of a database or a bucket: a lease, a chain of entries, and blobs.

The chain is the state: entry 1, 2, 3 and so on, each made once and by one writer. Whoever takes the lease appends an
entry of his own before anything else; from then on the number that a former holder would write next is taken, and no
append of his succeeds any more. Contents are bytes that mean nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from reconciler.adapters.errors import AdapterError, AuthFailed


class StoreFailed(AdapterError):
    """The store cannot be used as it is: `code` is the problem to report (`E58x`)."""

    def __init__(self, code: str, detail: str = "", fix: str = "") -> None:
        super().__init__(detail, fix)
        self.code = code


class StoreAuthFailed(StoreFailed, AuthFailed):
    """The store refused the credentials, or what they want to do."""


class Lease(NamedTuple):
    """`fence`: a number that grows with each taking. `holder`: bytes of who took it; empty: nobody has it. `age`:
    seconds since it was taken or renewed, `seconds`: for how many it was, both by the store's own clock."""

    fence: int
    holder: bytes
    age: float
    seconds: float

    @property
    def free(self) -> bool:
        return not self.holder or self.age > self.seconds


class Store(Protocol):
    """One state. Every method raises StoreFailed where the store does not answer as it should. Safe for threads."""

    def lease(self) -> Lease | None:
        """As it is now; None: it was never taken."""
        ...

    def take(self, holder: bytes, seconds: float, force: bool = False) -> int | None:
        """The fence of the lease, which is the holder's now; None: somebody else has it. Whoever has it already takes
        it anew. `force`: also from somebody who lives."""
        ...

    def renew(self, fence: int, holder: bytes, seconds: float) -> bool:
        """Whether the lease was still that one; if so it lasts for so many seconds more."""
        ...

    def release(self, fence: int, holder: bytes) -> None:
        """The lease is nobody's, if it was still that one."""
        ...

    def numbers(self) -> Sequence[int]:
        """Of all entries that are kept, ascending."""
        ...

    def entry(self, number: int) -> bytes | None: ...

    def append(self, number: int, content: bytes, fence: int) -> bool:
        """Whether the entry was made: only behind number - 1, only where there is none, only under the newest fence
        that its maker can know of."""
        ...

    def put(self, name: str, content: bytes) -> None: ...

    def get(self, name: str) -> bytes | None: ...

    def names(self) -> Collection[str]:
        """Of all blobs."""
        ...

    def sweep(self, entries: Collection[int], blobs: Collection[str]) -> None:
        """Remove these. What is not there is no error."""
        ...

    def states(self) -> Collection[str]:
        """The names of all states that lie in the same place, this one included where it was ever taken."""
        ...

    def close(self) -> None: ...
