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
    with doors_said(desired.source.where):
        source: Source = _adapter(SOURCE, desired.source).open(desired.source.options, base)
        try:
            yield source
        finally:
            source.close()


@contextmanager
def open_crm(desired: Desired, base: Path, clock: Clock, most: int | None = None) -> Iterator[Gateway]:
    """The CRM of that file behind a gateway; its errors become failures. `most`: calls after which writing stops."""
    from reconciler.runtime.gateway import Gateway

    with doors_said(desired.crm.where):
        crm = _adapter(CRM, desired.crm).open(desired.crm.options, base, desired.crm.object)
        try:
            yield Gateway(crm, clock, desired.crm.rate, most)
        finally:
            crm.close()


def checked_account(desired: Desired, gateway: Gateway) -> Account:
    """Who answers. Raises Failure E302 when it is another account than the file allows; before anything else."""
    from reconciler.adapters.errors import WrongAccount

    account = gateway.connect()
    wanted = desired.crm.account
    if wanted is not None and account.id and account.id != wanted:
        where = desired.crm.where_of.get("account", desired.crm.where)
        raise failure_of(WrongAccount(f"`{account.id}` answered, the file allows `{wanted}`"), where)
    return account


def _adapter(kind: Kind, door: Door) -> Any:
    try:
        return find(kind, door.type)
    except KeyError:
        known = ", ".join(names(kind))
        raise Failure(problem("E524", f"`{door.type}`; installed are {known}", door.where)) from None
