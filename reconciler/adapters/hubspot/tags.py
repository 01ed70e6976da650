"""What a tag is in HubSpot: a static list, or an option of one property with multiple checkboxes."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from reconciler.adapters.crm import Done
from reconciler.adapters.errors import CrmFailed, Duplicate, NotFound, Rejected
from reconciler.adapters.http import Http, Request
from reconciler.adapters.http.paging import by_cursor
from reconciler.adapters.hubspot.contacts import Contacts, check_read, parts
from reconciler.adapters.hubspot.paths import CONTACT, Paths
from reconciler.adapters.hubspot.properties import Fields, checkboxes, merged
from reconciler.adapters.hubspot.shapes import (
    Contact,
    Lists,
    MadeList,
    ManyMemberships,
    Members,
    Moved,
    Property,
)
from reconciler.model.capabilities import Call
from reconciler.model.inventory import CrmOption, CrmTag

_STATIC = ("MANUAL", "SNAPSHOT")  # who is on any other list is decided by HubSpot
_SEARCH = "lists/search"
_ON = "lists/records/memberships/batch/read"
_SEARCHED = 500  # lists in one answer, at most


class Tags(Protocol):
    """`names`: properties that are read of a contact beside its fields; `of` tells the tags of contacts read so."""

    names: tuple[str, ...]

    def sync(self) -> list[CrmTag]: ...

    def add(self, name: str) -> CrmTag: ...

    def rename(self, key: str, name: str) -> CrmTag: ...

    def delete(self, key: str) -> None: ...

    def of(self, contacts: Sequence[Contact]) -> Mapping[str, list[str]]: ...

    def move(self, kind: Call, tag: str, ids: Sequence[str]) -> list[Done]: ...

    def carriers(self, tag: str) -> Iterator[str]: ...


class ListTags:
    """Static lists; a tag's key is the list's id."""

    names: tuple[str, ...] = ()

    def __init__(self, http: Http, paths: Paths, page: int) -> None:
        self._http, self._paths, self._page = http, paths, page
        self._known: set[str] | None = None

    def sync(self) -> list[CrmTag]:
        body = {
            "query": "",
            "objectTypeId": CONTACT,
            "processingTypes": list(_STATIC),
            "count": _SEARCHED,
            "offset": 0,
            "additionalProperties": [],
        }
        request = Request(
            Call.SYNC_TAGS, "POST", self._paths.lists("search"), Lists, body=body, repeat=True, endpoint=_SEARCH
        )
        pages = by_cursor(self._http, request, Lists.onward, _list_ids, _from_offset)
        tags = [CrmTag(one.list_id, one.name) for page in pages for one in page.lists]
        self._known = {tag.key for tag in tags}
        return tags

    def add(self, name: str) -> CrmTag:
        body = {"name": name, "objectTypeId": CONTACT, "processingType": "MANUAL"}
        path = self._paths.lists()
        made = self._http.send(Request(Call.ADD_TAG, "POST", path, MadeList, body=body, endpoint="lists")).list
        if self._known is not None:
            self._known.add(made.list_id)
        return CrmTag(made.list_id, made.name)

    def rename(self, key: str, name: str) -> CrmTag:
        path, query = self._paths.lists(key, "update-list-name"), (("listName", name),)
        self._http.send(Request(Call.RENAME_TAG, "PUT", path, query=query, endpoint="lists/{id}/update-list-name"))
        return CrmTag(key, name)

    def delete(self, key: str) -> None:
        self._http.send(Request(Call.DELETE_TAG, "DELETE", self._paths.lists(key), endpoint="lists/{id}"))

    def of(self, contacts: Sequence[Contact]) -> Mapping[str, list[str]]:
        if self._known is None:
            self.sync()
        known = self._known
        if not known:
            return {}
        asked = parts(contacts, self._page)
        return {id: tags for some in asked for id, tags in self._carried(some, known).items()}

    def _carried(self, contacts: Sequence[Contact], known: Container[str]) -> Mapping[str, list[str]]:
        body = {"inputs": [{"objectTypeId": CONTACT, "recordId": contact.id} for contact in contacts]}
        path = self._paths.lists("records", "memberships", "batch", "read")
        answer = self._http.send(
            Request(Call.READ_TAGS, "POST", path, ManyMemberships, body=body, repeat=True, endpoint=_ON)
        )
        check_read(answer.errors, _ON)
        return {
            found.record_id: list(dict.fromkeys(m.list_id for m in found.record_list_memberships if m.list_id in known))
            for found in answer.results
        }

    def move(self, kind: Call, tag: str, ids: Sequence[str]) -> list[Done]:
        verb = "add" if kind is Call.APPLY_TAG else "remove"
        some = [id for id in ids if id.isdecimal()]
        missing: set[str] = set(ids) - set(some)
        if some:
            path = self._paths.lists(tag, "memberships", verb)
            moved = self._http.send(
                Request(kind, "PUT", path, Moved, body=some, endpoint=f"lists/{{id}}/memberships/{verb}")
            )
            missing |= set(moved.record_ids_missing)
        return [Done(error=NotFound("there is no such contact")) if id in missing else Done(id) for id in ids]

    def carriers(self, tag: str) -> Iterator[str]:
        path, query = self._paths.lists(tag, "memberships"), (("limit", self._page),)
        request = Request(Call.READ_TAGS, "GET", path, Members, query=query, endpoint="lists/{id}/memberships")
        for page in by_cursor(self._http, request, Members.after, _member_ids):
            yield from _member_ids(page)


def _list_ids(page: Lists) -> list[str]:
    return [one.list_id for one in page.lists]


def _member_ids(page: Members) -> list[str]:
    return [member.record_id for member in page.results]


def _from_offset(request: Request[Lists], offset: str) -> Request[Lists]:
    return replace(request, body={**request.body, "offset": int(offset)})


class OptionTags:
    """Options of one property; a tag's key is the option's value. Two who write at once may undo each other: HubSpot
    has no way to add a choice to those that are there."""

    def __init__(self, contacts: Contacts, fields: Fields, name: str) -> None:
        self._contacts, self._fields, self._name = contacts, fields, name
        self.names: tuple[str, ...] = (name,)
        self._known: frozenset[str] = frozenset()
        self._gone: frozenset[str] = frozenset()

    def sync(self) -> list[CrmTag]:
        return [CrmTag(option.value, option.label) for option in self._read().options]

    def add(self, name: str) -> CrmTag:
        if ";" in name:
            raise Rejected("a tag holds `;`, which HubSpot puts between choices")
        made = CrmTag(name, name)
        self._change(Call.ADD_TAG, lambda tags: [*tags, made], name)
        return made

    def rename(self, key: str, name: str) -> CrmTag:
        made = CrmTag(key, name)
        self._change(Call.RENAME_TAG, lambda tags: [made if tag.key == key else tag for tag in tags], name, key)
        return made

    def delete(self, key: str) -> None:
        self._change(Call.DELETE_TAG, lambda tags: [tag for tag in tags if tag.key != key], key=key)

    def of(self, contacts: Sequence[Contact]) -> Mapping[str, list[str]]:
        return {contact.id: self._chosen(contact) for contact in contacts}

    def move(self, kind: Call, tag: str, ids: Sequence[str]) -> list[Done]:
        """Reads what is chosen, and writes it back with the tag or without it."""
        there = self.of(self._contacts.read(ids, self.names))
        wanted: dict[str, dict[str, Any]] = {}
        for id, chosen in there.items():
            changed = [*(one for one in chosen if one != tag), *([tag] if kind is Call.APPLY_TAG else [])]
            wanted[id] = {self._name: ";".join(changed)}
        done = dict(zip(wanted, self._contacts.update(list(wanted.items()), kind), strict=True))
        return [done.get(id) or Done(error=NotFound("there is no such contact")) for id in ids]

    def carriers(self, tag: str) -> Iterator[str]:
        for page in self._contacts.pages(self.names):
            yield from (contact.id for contact in page if tag in self._chosen(contact))

    def _chosen(self, contact: Contact) -> list[str]:
        """What is chosen and still an option; contacts keep the values of options that were removed."""
        chosen = list(dict.fromkeys(one for one in (contact.properties.get(self._name) or "").split(";") if one))
        if not (self._known | self._gone).issuperset(chosen):
            self._read()
            self._gone |= frozenset(chosen) - self._known
        return [one for one in chosen if one in self._known]

    def _read(self) -> Property:
        try:
            there = checkboxes(self._fields.read(self._name, Call.SYNC_TAGS))
        except NotFound:
            raise CrmFailed("E331", f"there is no property `{self._name}`") from None
        self._known = frozenset(option.value for option in there.options)
        return there

    def _change(
        self, kind: Call, change: Callable[[list[CrmTag]], list[CrmTag]], name: str = "", key: str = ""
    ) -> None:
        """`name`: one that no tag may have before; `key`: one that some tag must have."""
        there = self._read()
        tags = [CrmTag(option.value, option.label) for option in there.options]
        if name and any(name in (tag.name, tag.key) for tag in tags if tag.key != key):
            raise Duplicate("there is a tag of that name")
        if key and all(tag.key != key for tag in tags):
            raise NotFound("there is no such tag")
        wanted = [CrmOption(tag.key, tag.name) for tag in change(tags)]
        shown = frozenset(tag.key for tag in tags)
        self._fields.patch(kind, self._name, {"options": merged(there.options, wanted, shown)})
        self._known = frozenset(option.value for option in wanted)
        self._gone = (self._gone | shown) - self._known
