"""What is read of BottleCRM's answers, and the fields that every contact there has. Other keys are not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from reconciler.model.inventory import CrmField, CrmOption

_NAME = 255


def _standard(
    key: str, label: str, native: str = "text", longest: int | None = _NAME, required: bool = False
) -> CrmField:
    return CrmField(key, label, native, standard=True, max_length=longest, required=required)


STANDARD: Mapping[str, CrmField] = {
    field.key: field
    for field in (
        _standard("first_name", "First name", required=True),
        _standard("last_name", "Last name", required=True),
        _standard("email", "Email", "email", 254),
        _standard("phone", "Phone", "phone", 25),
        _standard("organization", "Company"),
        _standard("title", "Job Title"),
        _standard("department", "Department"),
        _standard("do_not_call", "Do Not Call", "checkbox", None),
        _standard("linkedin_url", "LinkedIn URL", "url", 200),
        _standard("address_line", "Address"),
        _standard("city", "City"),
        _standard("state", "State"),
        _standard("postcode", "Postal Code", longest=64),
        _standard("country", "Country", "country", 3),
        _standard("description", "Notes", "textarea", None),
        _standard("source", "Source"),
        _standard("source_detail", "Sub-source", longest=100),
        _standard("source_ref", "Reference"),
        _standard("is_active", "Active", "checkbox", None),
    )
}
"""By key. The API has no list of them, so their native types are names of ours."""

APART = "custom_fields."
"""Before the key of an own field that has a standard one's key."""

EMPTIES: Mapping[str, Any] = {
    "do_not_call": False,
    "is_active": True,
    "source": "",
    "source_detail": "",
    "source_ref": "",
}
"""What empties a standard field that takes no null: its default."""


class Settings(BaseModel):
    """The organisation that the token belongs to."""

    id: str
    name: str


class Membership(BaseModel):
    """One organisation that the token's owner belongs to."""

    is_organization_admin: bool
    org: Settings


class Memberships(BaseModel):
    profile_org_list: list[Membership]


class Choice(BaseModel):
    value: str
    label: str


class Definition(BaseModel):
    """A custom field. Inactive ones were deleted: the key stays taken, and contacts keep their values."""

    id: str
    key: str
    label: str
    field_type: str
    options: list[Choice] | None = None
    is_required: bool
    is_active: bool

    @property
    def field(self) -> CrmField:
        options = tuple(CrmOption(choice.value, choice.label) for choice in self.options or ())
        key = APART + self.key if self.key in STANDARD else self.key
        return CrmField(key, self.label, self.field_type, options, required=self.is_required)


class Definitions(BaseModel):
    definitions: list[Definition]


class Tag(BaseModel):
    """Inactive ones are archived: the name stays taken, and contacts keep carrying them."""

    id: str
    name: str
    is_active: bool


class Tags(BaseModel):
    tags: list[Tag]


class Tagged(BaseModel):
    """The answer to a tag that was made or renamed."""

    tag: Tag


class Added(BaseModel):
    id: str


class Contact(BaseModel):
    id: str
    tags: list[str]
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    organization: str | None
    title: str | None
    department: str | None
    do_not_call: bool
    linkedin_url: str | None
    address_line: str | None
    city: str | None
    state: str | None
    postcode: str | None
    country: str | None
    description: str | None
    source: str | None
    source_detail: str | None
    source_ref: str | None
    is_active: bool
    custom_fields: dict[str, Any] | None

    def value(self, key: str) -> Any:
        """What is stored under a field key of `Definition.field` or `STANDARD`; None where there is nothing."""
        if key in STANDARD:
            return getattr(self, key)
        return (self.custom_fields or {}).get(key.removeprefix(APART))


class One(BaseModel):
    contact_obj: Contact


class Page(BaseModel):
    """`count`: of all contacts that the query finds."""

    count: int
    results: list[Contact]
