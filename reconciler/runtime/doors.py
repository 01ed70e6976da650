"""Opening the two doors that a file names, and closing them again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.adapters.registry import CRM, SOURCE, Kind, find, names
from reconciler.model.desired import Desired, Door
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.runtime.failures import doors_said, failure_of

if TYPE_CHECKING:
    from reconciler.adapters.source import Source
    from reconciler.model.clock import Clock
    from reconciler.model.inventory import Account
    from reconciler.runtime.gateway import Gateway


@contextmanager
def open_source(desired: Desired, base: Path) -> Iterator[Source]:
    """The source of that file; its errors become failures. `base`: the folder that its paths are relative to."""
    with source_behind(desired.source, base) as source:
        yield source


@contextmanager
def source_behind(door: Door, base: Path) -> Iterator[Source]:
    """As `open_source`, for a door that stands in no file yet."""
    with doors_said(door.where):
        source: Source = _adapter(SOURCE, door).open(door.options, base)
        try:
            yield source
        finally:
            source.close()


@contextmanager
def open_crm(desired: Desired, base: Path, clock: Clock, most: int | None = None) -> Iterator[Gateway]:
    """The CRM of that file behind a gateway; its errors become failures. `most`: calls after which writing stops."""
    with crm_behind(desired.crm, base, clock, most) as gateway:
        yield gateway


@contextmanager
def crm_behind(door: Door, base: Path, clock: Clock, most: int | None = None) -> Iterator[Gateway]:
    """As `open_crm`, for a door that stands in no file yet."""
    from reconciler.runtime.gateway import Gateway

    with doors_said(door.where):
        crm = _adapter(CRM, door).open(door.options, base, door.object)
        try:
            yield Gateway(crm, clock, door.rate, most)
        finally:
            crm.close()


def checked_account(desired: Desired, gateway: Gateway) -> Account:
    """Who answers. Raises Failure E302 when it is another account than the file allows; before anything else."""
    return account_behind(desired.crm, gateway)


def account_behind(door: Door, gateway: Gateway) -> Account:
    """As `checked_account`, for a door that stands in no file yet."""
    from reconciler.adapters.errors import WrongAccount

    account = gateway.connect()
    wanted = door.account
    if wanted is not None and account.id and account.id != wanted:
        where = door.where_of.get("account", door.where)
        raise failure_of(WrongAccount(f"`{account.id}` answered, the file allows `{wanted}`"), where)
    return account


def _adapter(kind: Kind, door: Door) -> Any:
    try:
        return find(kind, door.type)
    except KeyError:
        known = ", ".join(names(kind))
        raise Failure(problem("E524", f"`{door.type}`; installed are {known}", door.where)) from None
