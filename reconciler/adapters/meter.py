"""Calls that a door makes by itself: counted by kind, several on the way at once. What a call is stays out of here."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock, local
from typing import TypeVar

from reconciler.model.capabilities import Call

T = TypeVar("T")


class Meter:
    """`counts`: requests sent so far, repetitions included; `waited`: seconds that they waited in all. Threads may
    share it."""

    def __init__(self, workers: Callable[[], int] = lambda: 1, most: int = 32) -> None:
        """`workers()`: how many calls should be on the way at once now; never more than `most`."""
        self.counts: Counter[Call] = Counter()
        self.waited = 0.0
        self._lock = Lock()
        self._workers = workers
        self._most = most
        self._pool: ThreadPoolExecutor | None = None
        self._here = local()

    def count(self, kind: Call) -> None:
        with self._lock:
            self.counts[kind] += 1

    def wait(self, seconds: float) -> None:
        """A call waited so long before it was sent."""
        with self._lock:
            self.waited += seconds

    @property
    def workers(self) -> int:
        """1 inside of something that is on the way itself: who waits there for others could wait for ever."""
        if getattr(self._here, "on_the_way", False):
            return 1
        return max(1, min(self._most, self._workers()))

    def begin(self, task: Callable[[], T]) -> Future[T]:
        """Run it beside what else is on the way."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="call")
        return self._pool.submit(self._run, task)

    def _run(self, task: Callable[[], T]) -> T:
        self._here.on_the_way = True
        return task()

    def in_order(self, tasks: Iterable[Callable[[], T]]) -> Generator[T, None, None]:
        """The results of these tasks, in their order; several run at once. The first error ends it, once those that had
        begun have ended."""
        going: deque[Future[T]] = deque()
        try:
            for task in tasks:
                workers = self.workers
                if workers == 1 and not going:
                    yield task()
                    continue
                while len(going) >= workers:
                    yield going.popleft().result()
                going.append(self.begin(task))
            while going:
                yield going.popleft().result()
        finally:
            for future in going:
                future.cancel()
            for future in going:
                if not future.cancelled():
                    future.exception()

    def close(self) -> None:
        """What is on the way ends first."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
