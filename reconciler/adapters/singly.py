"""The calls for one contact, of a door that takes many in one: written once, over its batches."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.adapters.crm import Batches, Done, Record, WireRecord
from reconciler.adapters.errors import NotFound


class Singly:
    """A base of doors that are `Batches`."""

    def apply_tags(self: Batches, tags: Sequence[str], contact_id: str) -> None:
        for tag in tags:
            _only(self.apply_tag(tag, [contact_id]))

    def remove_tags(self: Batches, tags: Sequence[str], contact_id: str) -> None:
        for tag in tags:
            _only(self.remove_tag(tag, [contact_id]))

    def add_contact(self: Batches, data: Record) -> str:
        return _only(self.add_contacts([data]))

    def update_contact(self: Batches, contact_id: str, data: Record) -> None:
        _only(self.update_contacts([(contact_id, data)]))

    def load_contact(self: Batches, contact_id: str, fields: Sequence[str]) -> WireRecord:
        found = self.load_many([contact_id], fields)
        if not found:
            raise NotFound("there is no such contact")
        return found[0]


def _only(done: Sequence[Done]) -> str:
    (one,) = done
    if one.error is not None:
        raise one.error
    return one.id or ""
