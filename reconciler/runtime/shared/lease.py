"""Who may write: a lease in the store, renewed while the run lives, and given back at its end."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from reconciler.model.clock import Clock
from reconciler.model.problems import Exit, Failure
from reconciler.runtime.shared.vault import Vault

_RENEWED = 3  # times in the length of a lease
_LAST_WORD = 5  # seconds in which a renewal that has begun may end
_MARGIN = 10  # part of a lease that is left to a call that has begun


class Held:
    """The lease that this run took. Safe for threads. Times are this machine's, taken before the store was asked: it
    never believes in a lease longer than the store does."""

    def __init__(self, vault: Vault, clock: Clock, holder: bytes, fence: int, since: datetime) -> None:
        self.fence = fence
        self._vault, self._clock, self._holder = vault, clock, holder
        self._seconds = vault.state.lease
        self._alone = threading.Lock()
        self._lost = False
        self._since = since

    def check(self) -> None:
        """Comes back while the lease is ours, and lasts for a while. Raises Failure E584."""
        if self._lost:
            raise self.lost()
        if self._age() * _RENEWED > timedelta(seconds=self._seconds):
            self.renew()

    def renew(self) -> None:
        """Raises Failure: E584 where somebody else has it; what the store says, where it has run out meanwhile."""
        with self._alone:
            if self._lost:
                raise self.lost()
            before = self._clock.now()
            try:
                with self._vault.said():
                    still = self._vault.store.renew(self.fence, self._holder, self._seconds)
            except Failure:
                if self._age() < timedelta(seconds=self._seconds * (1 - 1 / _MARGIN)):
                    return  # there is time to ask again
                raise
            if not still:
                self._lost = True
                raise self.lost()
            self._since = before

    @property
    def is_lost(self) -> bool:
        return self._lost

    def again(self) -> Held:
        """Looked at anew: what seemed to be lost was somebody's last word. Raises Failure E584 where it is lost."""
        self._lost = False
        self.renew()
        return self

    def lost(self) -> Failure:
        """What is said once somebody else has it."""
        self._lost = True
        return Failure(self._vault.problem("E584"), Exit.INTERRUPTED)

    def release(self) -> None:
        """Give it back; where that fails it runs out by itself."""
        with suppress(Failure), self._vault.said():
            self._vault.store.release(self.fence, self._holder)

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Renewed beside what the run does, however long it reads or waits."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._seconds / _RENEWED):
                with suppress(Failure):  # who is about to write is told
                    self.renew()

        thread = threading.Thread(target=beat, daemon=True, name="lease")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(_LAST_WORD)

    def _age(self) -> timedelta:
        return self._clock.now() - self._since


def taken(vault: Vault, clock: Clock, nonce: str, force: bool = False) -> Held:
    """The lease, for this run. Raises Failure E580 where another one has it."""
    holder = vault.holder(f"{socket.gethostname()}, process {os.getpid()} {nonce}")
    before = clock.now()
    with vault.said():
        fence = vault.store.take(holder, vault.state.lease, force)
    if fence is None:
        raise Failure(vault.problem("E580", said(vault)))
    return Held(vault, clock, holder, fence, before)


def said(vault: Vault) -> str:
    """Who has the lease now, in words; "" if nobody does."""
    lease = vault.lease()
    return "" if lease is None or lease.free else vault.held_by(lease)
