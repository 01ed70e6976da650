"""What a CRM can do, as data with reasons, and how its values travel.

Canonical text is the narrow waist: `encode` takes it, `decode` gives it. In pages and snapshots a wire value
is text: strings as they are, everything else as compact JSON; null is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Json = str | int | float | bool | None | list[str]


@dataclass(frozen=True, slots=True)
class Wire:
    """How one value type travels to and from one CRM.

    `native`: the CRM's type that we create for it. `accepts`: native types of existing fields that can hold it
    (`native` included). `encode(canonical)` gives the JSON value to send. `decode(text)` gives canonical text, or
    None for empty, or raises `Undecodable`. Law, checked by the contract kit: encode(decode(encode(v))) == encode(v).
    `plain`: the wire text of a canonical value is that value, both ways, so that nothing has to be encoded and decoded
    to know how the CRM would give it back.
    """

    native: str
    accepts: frozenset[str]
    encode: Callable[[str], Json]
    decode: Callable[[str], str | None]
    plain: bool = False


class Undecodable(ValueError):
    """A stored value that its type cannot read. Carries no value."""


class Ability(StrEnum):
    """Everything that a CRM may or may not be able to do; `Capabilities` says which, and why not."""

    ADD_FIELD = "add_field"
    RENAME_FIELD = "rename_field"
    RELABEL_FIELD = "relabel_field"
    REGROUP_FIELD = "regroup_field"
    DELETE_FIELD = "delete_field"
    ADD_OPTION = "add_option"
    RELABEL_OPTION = "relabel_option"
    DELETE_OPTION = "delete_option"
    ADD_TAG = "add_tag"
    RENAME_TAG = "rename_tag"
    DELETE_TAG = "delete_tag"
    SET_STATUS = "set_status"
    CLEAR_VALUE = "clear_value"
    TELL_MERGES = "tell_merges"


class Call(StrEnum):
    """The kinds of calls that cost is counted in."""

    CONNECT = "connect"
    SYNC_FIELDS = "sync_crm_fields"
    SYNC_TAGS = "sync_tags"
    ALL_CONTACTS = "all_contacts"
    CHANGED_CONTACTS = "changed_contacts"
    READ_TAGS = "read_tags"
    GET_CONTACT_ID = "get_contact_id"
    GET_TAGS = "get_tags"
    LOAD_CONTACTS = "load_many"
    ADD_CONTACTS = "add_contacts"
    UPDATE_CONTACTS = "update_contacts"
    APPLY_TAG = "apply_tag"
    REMOVE_TAG = "remove_tag"
    ADD_GROUP = "add_group"
    ADD_FIELD = "add_field"
    UPDATE_FIELD = "update_field"
    DELETE_FIELD = "delete_field"
    ADD_TAG = "add_tag"
    RENAME_TAG = "rename_tag"
    DELETE_TAG = "delete_tag"


READS = frozenset(
    {
        Call.CONNECT,
        Call.SYNC_FIELDS,
        Call.SYNC_TAGS,
        Call.ALL_CONTACTS,
        Call.CHANGED_CONTACTS,
        Call.READ_TAGS,
        Call.GET_CONTACT_ID,
        Call.GET_TAGS,
        Call.LOAD_CONTACTS,
    }
)
"""The kinds that change nothing; all others are writes."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the price list: its name in the cost, and how many items one call takes. `rate`: calls a second, where
    it is not the CRM's general one. `also`: calls that come with each of these (a CRM whose tags are written as a whole
    set reads them first)."""

    name: str
    batch: int = 1
    max_bytes: int | None = None
    rate: float | None = None
    also: tuple[Call, ...] = ()


class Checked(StrEnum):
    """How an ability of an adapter was checked, the strongest first."""

    LIVE = "live server"
    CLIENT = "vendor's client"
    DOCUMENT = "vendor's document"
    READING = "own reading"


@dataclass(frozen=True, slots=True)
class Writes:
    """Whether a source takes values back: `how`, or why it `cannot`."""

    how: str = ""
    cannot: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One CRM's abilities: each is in `can`, or in `cannot` with the reason and what to do by hand.

    `wires`: a row per value type it stores. `holds`: native type -> the value type read by default from such a field.
    `endpoints`: the price list. `rate`: calls a second under the vendor's limit. `since_covers`: what `all_contacts`
    with `since` notices: any of values, tags, deletions; `since_lag`: seconds until it notices, at the latest.
    `match`: key of the field that holds the e-mail.
    `clears_with`: what is sent to empty a value. `assigns_keys`: the CRM chooses the keys of new fields, so that a
    field of the file is found by its label where no key matches. `paced`: calls are held back to `rate`; otherwise the
    rate is only the price. `objects`: the kinds of objects that people can be, one of which a door is opened for.
    `no_objects`: kinds that the CRM has and people cannot be, each with the reason.
    `ids_begin`: how the ids of each begin, where a file may name several: ids are unique over all of them.
    `checked`: how what the adapter says was held against the CRM, for the documentation.
    """

    can: frozenset[Ability]
    cannot: Mapping[Ability, str]
    wires: Mapping[str, Wire]
    holds: Mapping[str, str]
    endpoints: Mapping[Call, Endpoint]
    rate: float
    match: str = "email"
    clears_with: Json = None
    objects: tuple[str, ...] = ("contact",)
    no_objects: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[str, ...] = ()
    since_covers: frozenset[str] = field(default_factory=frozenset)
    since_lag: float = 0.0
    assigns_keys: bool = False
    paced: bool = False
    ids_begin: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[Ability, tuple[Checked, ...]] = field(default_factory=dict)

    def why_not(self, ability: Ability) -> str | None:
        """None if the CRM can; else the reason in one sentence."""
        if ability in self.can:
            return None
        return self.cannot.get(ability, "this CRM's adapter does not support it")
