"""Calls that a door makes by itself: counted by kind, several on the way at once. What a call is stays out of here."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from reconciler.model.capabilities import Call

T = TypeVar("T")


class Meter:
    """`counts`: requests sent so far, repetitions included. Threads may share it."""

    def __init__(self, workers: Callable[[], int] = lambda: 1, most: int = 32) -> None:
        """`workers()`: how many calls should be on the way at once now; never more than `most`."""
        self.counts: Counter[Call] = Counter()
        self._lock = Lock()
        self._workers = workers
        self._most = most
        self._pool: ThreadPoolExecutor | None = None

    def count(self, kind: Call) -> None:
        with self._lock:
            self.counts[kind] += 1

    @property
    def workers(self) -> int:
        return max(1, min(self._most, self._workers()))

    def in_order(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """The results of these tasks, in their order; several run at once. The first error ends it, once those that had
        begun have ended."""
        going: deque[Future[T]] = deque()
        try:
            for task in tasks:
                if self.workers == 1 and not going:
                    yield task()
                    continue
                while len(going) >= self.workers:
                    yield going.popleft().result()
                going.append(self._started().submit(task))
            while going:
                yield going.popleft().result()
        finally:
            for future in going:
                future.cancel()
            for future in going:
                if not future.cancelled():
                    future.exception()

    def _started(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="call")
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
