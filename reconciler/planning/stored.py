"""What one field of one CRM makes of a value: refused, given back as it is or otherwise, or stored as nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.adapters.codecs import wire_text
from reconciler.model.capabilities import Undecodable, Wire
from reconciler.model.types import Parse, Unreadable
from reconciler.planning.attributes import CHOICES, declared_options
from reconciler.planning.bindings import Binding
from reconciler.tables.cells import BLANK_MARK

Limit = Callable[[str], None]
"""Raises `Unreadable` for canonical text that one field of the CRM cannot take."""


def field_limits(binding: Binding) -> tuple[Limit, ...]:
    """What this very field refuses beyond its type: texts that are too long, and what is none of its options."""
    there = binding.crm_field
    if there is None:
        return ()
    limits: list[Limit] = []
    if there.max_length is not None:
        limits.append(_length_limit(there.max_length))
    if there.options and binding.type not in CHOICES:
        declared = {o.value for o in declared_options(binding.entry)}
        limits.append(_option_limit(frozenset(declared | {o.value for o in there.options})))
    return tuple(limits)


def stored(wire: Wire, settle: Parse, limits: Sequence[Limit]) -> Callable[[str], str]:
    """The cell of a canonical text: what the CRM would give back for it; raises `Unreadable` where it cannot hold it.

    Where it stores the value as nothing (false, where only ticks are kept) the value itself, behind `BLANK_MARK`.
    `settle`: reads what is decoded.
    """

    def finish(canonical: str) -> str:
        for check in limits:
            check(canonical)
        if wire.plain:
            return canonical
        text = wire_text(wire.encode(canonical))
        try:
            back = wire.decode(text) if text else None
        except Undecodable:
            raise Unreadable("this CRM cannot hold the value") from None
        return (settle(back) if back else None) or BLANK_MARK + canonical

    return finish


def _length_limit(most: int) -> Limit:
    def check(canonical: str) -> None:
        if len(canonical) > most:
            raise Unreadable(f"longer than the CRM's {most} characters")

    return check


def _option_limit(values: frozenset[str]) -> Limit:
    def check(canonical: str) -> None:
        if canonical not in values:
            raise Unreadable("outside options", "options")

    return check
