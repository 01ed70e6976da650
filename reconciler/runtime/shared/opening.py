"""Around a run: bring the working copy up to date, take the lease, and give back what an apply wrote down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from reconciler.config.load import state_of
from reconciler.model.problems import Failure, Problem
from reconciler.model.shared import SharedState
from reconciler.runtime.lock import FileLock, holder
from reconciler.runtime.recording import NOBODY, current, recorded_by
from reconciler.runtime.request import Request
from reconciler.runtime.shared import lease
from reconciler.runtime.shared.copy import Copy, Gone, no_copy_any_more
from reconciler.runtime.shared.shipping import Shipping, begun
from reconciler.runtime.shared.vault import Content, Vault, open_vault

_ATTEMPTS = 5
_MOST_ENTRIES = 8  # behind a base, for each of which a reader asks


@dataclass(frozen=True, slots=True)
class Seen:
    """A shared state as a run that does not write finds it. `version` 0: it is empty. `holder`: who applies now, in
    words; "" if nobody does."""

    label: str
    version: int
    holder: str = ""
    notes: tuple[Problem, ...] = ()

    @property
    def said(self) -> str:
        return f"{self.label}, " + (f"version {self.version}" if self.version else "empty")


def shared_state(request: Request) -> SharedState | None:
    """What the file says of it. Raises Failure where that is wrong."""
    return state_of(request.file, request.env)


def brought_up_to_date(request: Request, state: SharedState | None) -> Seen | None:
    """Make the working copy what the shared state is, for who only looks; None without a shared state, and within an
    apply, which has done so. Raises Failure."""
    if state is None or current() is not NOBODY:
        return None
    with open_vault(request, state) as vault:
        copy = Copy(request.folder, state)
        head = vault.head()
        who = lease.said(vault) if head else ""
        notes = _notes(vault, head, copy.version)
        if copy.version != head:
            _read(request, vault, copy)
        return Seen(state.label, head, who, notes)


def _notes(vault: Vault, head: int, copied: int | None) -> tuple[Problem, ...]:
    """`copied`: of which version the folder was a copy."""
    return (vault.problem("E589"),) if head == 0 and copied is not None else ()


def looked_at(request: Request, state: SharedState) -> Seen:
    """The shared state, without a copy of it; that it can be opened has been tried. Raises Failure."""
    with open_vault(request, state) as vault:
        content = vault.content()
        return Seen(state.label, content.version, lease.said(vault))


def _read(request: Request, vault: Vault, copy: Copy) -> None:
    """Unless an apply of this machine works in the copy, which then is newer than what is shared."""
    with _copying(request):
        at_work = holder(request.folder.lock)
        if at_work is None:
            _rebuilt(request, vault, copy)


def _rebuilt(request: Request, vault: Vault, copy: Copy) -> Content:
    """What the copy holds now. A state that is empty leaves alone what never was a copy."""
    for _attempt in range(_ATTEMPTS):
        content = vault.content()
        if content.version == 0:
            if copy.version is not None:
                copy.empty()
                copy.forget()
            return content
        request.folder.prepare(request.token_bytes)
        with suppress(Gone):
            copy.rebuild(vault, content)
            return content
    raise Failure(vault.problem("E592"))


@contextmanager
def shared_apply(request: Request) -> Iterator[None]:
    """Around all that an apply reads and writes: its lease, its copy, and what it writes down. Raises Failure."""
    state = shared_state(request)
    if state is None:
        no_copy_any_more(request.folder)
        yield
        return
    with open_vault(request, state) as vault:
        held = lease.taken(vault, request.clock, request.token_bytes(8).hex())
        shipping: Shipping | None = None
        with held.kept_alive():
            try:
                shipping = _begun(request, vault, Copy(request.folder, state), held)
                with recorded_by(shipping):
                    yield
                _ended(shipping)
            except (Exception, KeyboardInterrupt):
                with suppress(Exception):  # what ended the run is told
                    if shipping is not None and not held.is_lost:
                        _ended(shipping)
                held.release()
                raise
            held.release()


def _begun(request: Request, vault: Vault, copy: Copy, held: lease.Held) -> Shipping:
    """Somebody whose lease has run out may have written a last time while the copy was made."""
    was = copy.version
    for attempt in range(_ATTEMPTS):
        with _copying(request):
            content = _rebuilt(request, vault, copy)
        request.folder.prepare(request.token_bytes)
        try:
            shipping = begun(vault, copy, held, content)
            shipping.notes = _notes(vault, content.version, was)
            return shipping
        except Failure:
            if attempt == _ATTEMPTS - 1 or vault.head() == content.version:
                raise
            held = held.again()
    raise AssertionError("the last attempt returns or raises")


def _ended(shipping: Shipping) -> None:
    if shipping.recorded or shipping.behind > _MOST_ENTRIES:
        shipping.finish()
    else:
        shipping.rest()


@contextmanager
def _copying(request: Request) -> Iterator[None]:
    """One run at a time makes the copy."""
    folder = request.folder
    folder.make()
    lock = FileLock(folder.path / "shared.lock")
    lock.take(wait=True)
    try:
        yield
    finally:
        lock.release()


def release(request: Request) -> str:
    """Take the lease from who has it, and give it back: who had it, in words; "" if nobody did. Raises Failure."""
    state = shared_state(request)
    if state is None:
        return ""
    with open_vault(request, state) as vault:
        who = lease.said(vault)
        if who:
            lease.taken(vault, request.clock, request.token_bytes(8).hex(), force=True).release()
        return who
