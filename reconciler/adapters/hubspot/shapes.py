"""What is read of HubSpot's answers, as shapes: a key that stands here is needed, unless it has a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """Names are HubSpot's, with underscores."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)


class Portal(Shape):
    portal_id: int
    ui_domain: str = ""


class Token(Shape):
    scopes: list[str]


class Option(Shape):
    value: str
    label: str
    hidden: bool = False
    description: str | None = None
    display_order: int | None = None


class Modification(Shape):
    read_only_value: bool


class Property(Shape):
    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    options: list[Option]
    archived: bool = False
    calculated: bool = False
    calculation_formula: str | None = None
    external_options: bool = False
    hubspot_defined: bool = False
    modification_metadata: Modification | None = None


class Properties(Shape):
    results: list[Property]


class Group(Shape):
    name: str
    label: str


class Groups(Shape):
    results: list[Group]


class Next(Shape):
    after: str


class Paging(Shape):
    next: Next | None = None


class Contact(Shape):
    """`object_write_trace_id`: what we named the item that it answers."""

    id: str
    properties: Mapping[str, str | None]
    object_write_trace_id: str | None = None


class Paged(Shape):
    paging: Paging | None = None

    def after(self) -> str:
        """Where the next page begins; "" on the last."""
        return self.paging.next.after if self.paging and self.paging.next else ""


class Page(Paged):
    results: list[Contact]


class Trouble(Shape):
    """An error: of a call, of an item of a batch, or a part of one of these. `context`: names and ids, by what they
    are; nothing else of an error is ever said."""

    category: str = ""
    message: str = ""
    code: str | None = None
    sub_category: Any = None
    status: Any = None
    policy_name: str = ""
    context: Any = None
    errors: list[Trouble] | None = None

    def named(self, *keys: str) -> list[str]:
        """The texts under these keys of its context, and of its parts'."""
        context = self.context if isinstance(self.context, dict) else {}
        own = [text for key in keys for text in _texts(context.get(key))]
        return own + [text for part in self.errors or [] for text in part.named(*keys)]


class Batch(Shape):
    results: list[Contact]
    errors: list[Trouble] = []


class StaticList(Shape):
    list_id: str
    name: str


class Lists(Shape):
    lists: list[StaticList]
    has_more: bool
    offset: int

    def onward(self) -> str:
        """The offset of the next page; "" on the last."""
        return str(self.offset) if self.has_more else ""


class MadeList(Shape):
    list: StaticList


class Membership(Shape):
    list_id: str


class Memberships(Shape):
    record_id: str
    record_list_memberships: list[Membership]


class ManyMemberships(Shape):
    results: list[Memberships]
    errors: list[Trouble] = []


class Member(Shape):
    record_id: str


class Members(Paged):
    results: list[Member]


class Moved(Shape):
    """What became of contacts that were put on a list or taken off it; who was on it already is nowhere."""

    record_ids_missing: list[str]


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
