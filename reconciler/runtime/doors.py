"""Opening the two doors that a file or a command line names, and closing them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.adapters.registry import CRM, SOURCE, Kind, find, names
from reconciler.model.desired import Door
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Problem
from reconciler.runtime.failures import doors_said, failure_of

if TYPE_CHECKING:
    from reconciler.adapters.opening import Opening
    from reconciler.adapters.source import ChoosesColumns, Source
    from reconciler.model.desired import Desired, Field
    from reconciler.model.inventory import Account
    from reconciler.runtime.gateway import Gateway


@contextmanager
def open_source(door: Door, opening: Opening) -> Iterator[Source]:
    """The source; its errors become failures."""
    with doors_said(door.where), ExitStack() as stack:
        stack.callback(opening.close)
        source: Source = _adapter(SOURCE, door).open(door.options, opening)
        stack.callback(source.close)
        yield source


def columns_of(desired: Desired, source: Source) -> tuple[str, ...]:
    """The source's columns, and what else the file names and the source has."""
    from reconciler.adapters.source import HasMore
    from reconciler.config import named_columns

    columns = tuple(source.columns())
    missing = sorted(named_columns(desired).difference(columns))
    return (*columns, *source.also(missing)) if missing and isinstance(source, HasMore) else columns


def source_problems(desired: Desired, source: Source) -> tuple[Problem, ...]:
    """Fields that are pulled although the source takes no values back, one problem for all of them; or although their
    column takes none, or comes from a join, one for each."""
    from reconciler.adapters.source import ChoosesColumns, Writable

    joined = _joined(desired, source)
    pulled = [entry for entry in desired.fields.values() if entry.pull and entry.key not in joined]
    if not pulled:
        return tuple(joined.values())
    why = source.cannot_write() if isinstance(source, Writable) else f"`type: {desired.source.type}` cannot"
    if not why:
        more = _column_problems(pulled, source) if isinstance(source, ChoosesColumns) else ()
        return (*more, *joined.values())
    names = ", ".join(f"`{entry.key}`" for entry in pulled[:3]) + (" and others" if len(pulled) > 3 else "")
    where = pulled[0].where_of.get("pull", pulled[0].where)
    several = "is" if len(pulled) == 1 else "are"
    return (problem("R123", f"{names} {several} pulled, and {why}", where), *joined.values())


def _joined(desired: Desired, source: Source) -> dict[str, Problem]:
    """By the key of the field: those that are pulled although a join gives their column."""
    from reconciler.adapters.source import Joining

    found: dict[str, Problem] = {}
    if not isinstance(source, Joining):
        return found
    for entry in desired.fields.values():
        if entry.pull and entry.column is not None and (join := source.join_of(entry.column)):
            where = entry.where_of.get("pull", entry.where)
            found[entry.key] = problem("R132", f"`{entry.key}` is filled by `{entry.column}` of join `{join}`", where)
    return found


def why_missing(source: Source) -> Callable[[str], str]:
    """The source's own way out for a column that it does not have, "" where it has none."""
    from reconciler.adapters.source import TellsMissing

    return source.why_missing if isinstance(source, TellsMissing) else lambda _column: ""


def _column_problems(pulled: Sequence[Field], source: ChoosesColumns) -> tuple[Problem, ...]:
    reasons = [(entry, source.cannot_write_column(entry.column or "")) for entry in pulled]
    return tuple(
        problem(
            "R123",
            f"`{entry.key}` is pulled into `{entry.column}`: {why}",
            entry.where_of.get("pull", entry.where),
            "let the entry say `pull: false`",
        )
        for entry, why in reasons
        if why
    )


@contextmanager
def open_crm(
    door: Door, opening: Opening, most: int | None = None, desired: Desired | None = None
) -> Iterator[Gateway]:
    """The CRM behind a gateway; its errors become failures. `most`: calls after which writing stops. `desired`: the
    whole file, where fields may have other keys in some objects."""
    from reconciler.model.objects import objects_of
    from reconciler.runtime.gateway import Gateway

    adapter = _adapter(CRM, door)
    if problems := object_problems(door):
        raise Failure(problems)
    with doors_said(door.where), ExitStack() as stack:
        stack.callback(opening.close)
        opened = []
        for name in door.objects:
            opened.append(adapter.open(door.options, opening, name))
            stack.callback(opened[-1].close)
        crm, *others = opened
        objects = objects_of(door, crm.capabilities, desired)
        gateway = Gateway(crm, opening.clock, door.rate, most, (objects, others))
        gateway.calls.events = opening.events
        stack.callback(gateway.calls.tell)
        yield gateway


def object_problems(door: Door) -> list[Problem]:
    """Objects that the file names and the CRM does not have, where its adapter tells before it is opened."""
    tell = getattr(_adapter(CRM, door), "capabilities", None)
    if not callable(tell):
        return []
    has = tell(door.options)
    where = door.where_of.get("object", door.where)
    fix = f"this one has {', '.join(f'`{name}`' for name in has.objects)}"
    missing = {name: has.no_objects.get(name) for name in door.objects if name not in has.objects}
    return [problem("E310", f"`{name}`" + (f": {why}" if why else ""), where, fix) for name, why in missing.items()]


def checked_account(door: Door, gateway: Gateway) -> Account:
    """Who answers. Raises Failure E302 when it is another account than the file allows; before anything else."""
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
