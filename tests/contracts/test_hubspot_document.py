"""HubSpot's document and what is laid over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.testing.contracts import Change, Checker, Unfit, Unusable, Violation, laid_over
from reconciler.testing.contracts.hubspot import changes
from tests.contracts.messages import Message, Wrong, good, wrong

Document = dict[str, Any]


@pytest.mark.parametrize("message", list(good()), ids=lambda m: f"{m.operation} {m.answer.status}")
def test_a_message_as_it_should_be_passes(message: Message, checker: Checker) -> None:
    message.check(checker)


@pytest.mark.parametrize("fault", list(wrong()), ids=str)
def test_a_message_with_a_fault_is_refused_where_the_fault_is(fault: Wrong, checker: Checker) -> None:
    with pytest.raises(Violation) as caught:
        fault.message.check(checker)
    assert (caught.value.operation, caught.value.place) == (fault.message.operation, fault.at)
    assert caught.value.rule == fault.rule


def test_every_operation_of_the_table_has_both_kinds_of_messages() -> None:
    assert {message.operation for message in good()} == {fault.message.operation for fault in wrong()}


def test_the_derived_document_is_the_one_that_is_kept(derived: Document, filed: Document | None) -> None:
    if filed is None:
        pytest.skip("no folder with HubSpot's document: there is only the derived one")
    # The kept one was derived without the one list of allowed values that is written over several lines.
    values = derived["components"]["schemas"]["lists.PublicEmailEventFilter"]["properties"]["operator"].pop("enum")
    try:
        assert derived == filed
    finally:
        derived["components"]["schemas"]["lists.PublicEmailEventFilter"]["properties"]["operator"]["enum"] = values


def test_each_change_is_needed_or_says_why_it_stays(document: Document) -> None:
    """Needed: without it at least one verdict on the table's messages is another."""
    idle = [
        f"{place.at[0]} ({place.kind})" for place, rest in _without_each() if not place.kept and _same(document, rest)
    ]
    assert idle == []


def _without_each() -> Iterator[tuple[Change, list[Change]]]:
    every = [alone for change in changes() for alone in change.alone()]
    for number, change in enumerate(every):
        yield change, every[:number] + every[number + 1 :]


def _same(document: Document, rest: list[Change]) -> bool:
    try:
        checker = Checker(laid_over(document, rest))
    except Unfit:
        return False  # another change builds on it
    try:
        for message in good():
            message.check(checker)
    except (Violation, Unusable):
        return False
    return all(_refused(checker, fault) for fault in wrong())


def _refused(checker: Checker, fault: Wrong) -> bool:
    try:
        fault.message.check(checker)
    except Violation as violation:
        return (violation.place, violation.rule) == (fault.at, fault.rule)
    except Unusable:
        return False
    return False
