"""Calls of one apply that are on the way at once. What they gave is dealt with in the order in which they were sent, in
the thread that sends: journal and state are written there and nowhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

from reconciler.adapters.errors import AdapterError
from reconciler.runtime.gateway import Gateway

T = TypeVar("T")

Keys = frozenset[str]
NOTHING: Keys = frozenset()


class Stop(Exception):
    """Base of what ends an apply in good order."""


class _Sent(NamedTuple):
    future: Future[Any]
    landed: Callable[[Any], None]
    alone: Keys


class OnTheWay:
    """As many at once as the gateway says; with one, each call ends before `send` comes back."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._going: deque[_Sent] = deque()
        self._stopped: Exception | None = None

    def check(self) -> None:
        """Before anything is written down about a call that is to be sent. Raises what stopped the apply."""
        if self._stopped is not None:
            raise self._stopped

    def make_room(self, alone: Keys = NOTHING) -> None:
        """Before an intent is written down: wait until the call can go at once, so that an intent is one that went."""
        self.check()
        workers = self._gateway.workers
        while self._going and (len(self._going) >= workers or any(alone & sent.alone for sent in self._going)):
            self._land_one()
        self.check()

    def send(self, work: Callable[[], T], landed: Callable[[T], None], alone: Keys = NOTHING) -> None:
        """Carry out `work` and give its result to `landed`, which may send more. `alone`: keys, each of which is on the
        way only once. Raises what the work, or something sent before, raised."""
        self.make_room(alone)
        if self._gateway.workers == 1 and not self._going:
            landed(work())
            return
        self._going.append(_Sent(self._gateway.begin(work), landed, alone))

    def land(self) -> None:
        """Everything that is on the way ends, and what follows from it."""
        while self._going:
            self._land_one()

    def _land_one(self) -> None:
        sent = self._going.popleft()
        sent.landed(sent.future.result())

    def stop(self, error: Exception) -> None:
        """Nothing more is sent, because of the first such error."""
        self._stopped = self._stopped or error

    def end(self, error: Exception) -> None:
        """What is on the way ends, and its outcome is dealt with; nothing follows from it. Raises nothing of theirs:
        `error` ended the apply."""
        self.stop(error)
        while self._going:
            try:
                self._land_one()
            except (Stop, AdapterError):
                continue
        self._stopped = None
