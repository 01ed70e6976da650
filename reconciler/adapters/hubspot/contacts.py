"""Contacts of HubSpot: looked up, read, listed, and written in batches of which every item has its own outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.crm import STATUS, Done, Record
from reconciler.adapters.errors import (
    AdapterError,
    AuthFailed,
    CrmFailed,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
)
from reconciler.adapters.http import Http, Request
from reconciler.adapters.http.paging import by_cursor
from reconciler.adapters.hubspot.errors import error_of, naming
from reconciler.adapters.hubspot.options import HubSpotOptions
from reconciler.adapters.hubspot.paths import SEARCH, Paths
from reconciler.adapters.hubspot.shapes import Batch, Contact, Page, Trouble
from reconciler.model.capabilities import Call

T = TypeVar("T")

EMAIL = "email"
_NOT_FOUND = "OBJECT_NOT_FOUND"
_LONGEST_QUERY = 6_000  # characters of names in an address; servers refuse addresses from about 8,000
_LIST = "objects/contacts"
_READ = "objects/contacts/batch/read"
_SEARCH = "objects/contacts/search"
_MERGED = "the contact was merged into another one"


@dataclass(frozen=True, slots=True)
class Item:
    """One contact to write. `key`: what its answer is known by where HubSpot does not say which item it answers."""

    key: str
    properties: Mapping[str, str]
    id: str = ""


class Contacts:
    def __init__(self, http: Http, paths: Paths, options: HubSpotOptions) -> None:
        self._http, self._paths = http, paths
        self._page, self._search_page, self._batch = options.page, options.search_page, options.batch

    def find(self, email: str) -> str | None:
        """The contact with that e-mail. Never by a search: what was written a moment ago is not in it."""
        try:
            return self._http.send(
                Request(
                    Call.GET_CONTACT_ID,
                    "GET",
                    self._paths.contacts(email),
                    Contact,
                    query=(("idProperty", EMAIL), ("properties", EMAIL)),
                    endpoint="objects/contacts/{email}",
                )
            ).id
        except NotFound:
            return None

    def read(self, ids: Sequence[str], names: Sequence[str]) -> list[Contact]:
        """Those of these contacts that exist under the id that was asked for; as many calls as batches are needed."""
        return [one for some in parts(ids, self._batch) for one in self._read(some, names)]

    def _read(self, ids: Sequence[str], names: Sequence[str]) -> list[Contact]:
        asked = dict.fromkeys(id for id in ids if id.isdecimal())
        if not asked:
            return []
        body = {"inputs": [{"id": id} for id in asked], "properties": list(names), "propertiesWithHistory": []}
        path = self._paths.contacts("batch", "read")
        request = Request(Call.LOAD_CONTACTS, "POST", path, Batch, body=body, repeat=True, endpoint=_READ)
        answer = self._http.send(request)
        check_read(answer.errors, _READ)
        return [contact for contact in answer.results if contact.id in asked]

    def pages(self, names: Sequence[str]) -> Iterator[Sequence[Contact]]:
        """All contacts. Where the names are too many for an address, a page's values are asked for by themselves."""
        short = sum(len(name) + len("&properties=") for name in names) < _LONGEST_QUERY
        asked = (("properties", name) for name in (names if short else (EMAIL,)))
        query = (("limit", str(self._page)), *asked)
        request = Request(Call.ALL_CONTACTS, "GET", self._paths.contacts(), Page, query=query, endpoint=_LIST)
        for page in by_cursor(self._http, request, Page.after, _ids):
            yield page.results if short else self.read(_ids(page), names)

    def changed(self, names: Sequence[str], since: datetime) -> Iterator[Sequence[Contact]]:
        """Contacts that changed since then, by ascending id. A search ends at 10,000 contacts, wherever it begins: so
        each page is a search of its own, for those behind the last one."""
        moment = str(int(since.timestamp() * 1000))

        def behind(request: Request[Page], last: str) -> Request[Page]:
            filters = [_filter("lastmodifieddate", "GTE", moment), _filter("hs_object_id", "GT", last)]
            return replace(request, body={**request.body, "filterGroups": [{"filters": filters}]})

        ascending = {"propertyName": "hs_object_id", "direction": "ASCENDING"}
        body = {"sorts": [ascending], "properties": list(names), "limit": self._search_page, "after": "0"}
        path = self._paths.contacts("search")
        request = Request(
            Call.CHANGED_CONTACTS, "POST", path, Page, body=body, bucket=SEARCH, repeat=True, endpoint=_SEARCH
        )
        for page in by_cursor(self._http, behind(request, "0"), _last, _ids, behind):
            yield page.results

    def create(self, records: Sequence[Record]) -> list[Done]:
        return self._each(Call.ADD_CONTACTS, "create", [_new(record) for record in records])

    def upsert(self, records: Sequence[Record]) -> list[Done]:
        return self._each(Call.ADD_CONTACTS, "upsert", [_new(record) for record in records])

    def update(self, items: Sequence[tuple[str, Record]], kind: Call = Call.UPDATE_CONTACTS) -> list[Done]:
        return self._each(kind, "update", [_known(id, record) for id, record in items])

    def _each(self, kind: Call, verb: str, items: Sequence[Item | AdapterError]) -> list[Done]:
        """Sends those that can be sent. HubSpot refuses a batch that names somebody twice, so who comes again is sent
        alone behind it."""
        first: dict[str, int] = {}
        done = {at: Done(error=item) for at, item in enumerate(items) if isinstance(item, AdapterError)}
        sent = {at: item for at, item in enumerate(items) if isinstance(item, Item)}
        together = {at: item for at, item in sent.items() if not item.key or first.setdefault(item.key, at) == at}
        if together:
            done |= dict(zip(together, self._write(kind, verb, list(together.values())), strict=True))
        done |= self._one_by_one(kind, verb, {at: item for at, item in sent.items() if at not in together})
        return [done[at] for at in range(len(items))]

    def _write(self, kind: Call, verb: str, items: Sequence[Item]) -> list[Done]:
        """One outcome per item. Where HubSpot refuses some of a batch and does not say which, those that are not
        answered are sent again one by one; none of them was written."""
        request = Request(
            kind,
            "POST",
            self._paths.contacts("batch", verb),
            Batch,
            body={"inputs": [_input(verb, str(at), item) for at, item in enumerate(items)]},
            repeat=None if verb == "create" else True,
            endpoint=f"objects/contacts/batch/{verb}",
        )
        answer = self._sent(request, items)
        done, unclear = _outcomes(items, answer, request.endpoint)
        left = {at: item for at, item in enumerate(items) if at not in done}
        if not unclear:
            lost = Uncertain(f"{request.endpoint}: the answer does not name every contact")
            done |= dict.fromkeys(left, Done(error=lost))
        elif len(items) == 1:
            done |= {at: Done(error=_said(unclear[0], request.endpoint, item)) for at, item in left.items()}
        else:
            done |= self._one_by_one(kind, verb, left)
        return [done[at] for at in range(len(items))]

    def _sent(self, request: Request[Batch], items: Sequence[Item]) -> Batch:
        try:
            return self._http.send(request)
        except Rejected as error:
            refused = naming(error, {name for item in items for name in item.properties})
        raise refused  # here, so that nothing of HubSpot's words goes along

    def _one_by_one(self, kind: Call, verb: str, items: Mapping[int, Item]) -> dict[int, Done]:
        """Where HubSpot stops answering, the others are not tried: each would be repeated for as long."""
        done: dict[int, Done] = {}
        for at, item in items.items():
            try:
                done[at] = self._write(kind, verb, [item])[0]
            except (AuthFailed, CrmFailed):
                raise
            except (RateLimited, Unavailable) as error:
                return {**dict.fromkeys(items, Done(error=error)), **done}
            except AdapterError as error:
                done[at] = Done(error=error)
        return done


def parts(all: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (all[start : start + size] for start in range(0, len(all), size))


def _ids(page: Page) -> list[str]:
    return [contact.id for contact in page.results]


def _last(page: Page) -> str:
    """The id behind which the next page begins, "" on the last one. Raises CrmFailed where ids do not ascend: others
    would be left out."""
    numbers = [int(id) for id in _ids(page) if id.isdecimal()]
    if numbers != sorted(numbers) or len(numbers) < len(page.results):
        raise CrmFailed("E327", f"{_SEARCH}: contacts are not in the order of their ids")
    return page.results[-1].id if page.after() and numbers else ""


def check_read(errors: Sequence[Trouble], endpoint: str) -> None:
    """Of what is read in one call some may not exist; anything else that is missing is no answer."""
    if any(trouble.category != _NOT_FOUND for trouble in errors):
        raise Unavailable(f"{endpoint}: a part of the answer is missing")


def texts(record: Record) -> dict[str, str]:
    """Values as HubSpot stores them. Raises Rejected."""
    for key, value in record.items():
        if isinstance(value, list):
            raise Rejected("a choice holds `;`, which HubSpot puts between choices", field=key)
        if key == STATUS:
            raise Rejected("HubSpot takes no status")
    return {key: wire_text(value) or "" for key, value in record.items()}


def _new(record: Record) -> Item | AdapterError:
    try:
        properties = texts(record)
    except Rejected as error:
        return error
    return Item(properties.get(EMAIL, "").lower(), properties)


def _known(id: str, record: Record) -> Item | AdapterError:
    if not id.isdecimal():
        return NotFound("there is no such contact")
    try:
        return Item(id, texts(record), id)
    except Rejected as error:
        return error


def _input(verb: str, trace: str, item: Item) -> dict[str, Any]:
    """`objectWriteTraceId` comes back with what became of the item."""
    more: Mapping[str, dict[str, Any]] = {
        "create": {"associations": []},
        "update": {"id": item.id},
        "upsert": {"id": item.properties.get(EMAIL, ""), "idProperty": EMAIL},
    }
    return {"objectWriteTraceId": trace, "properties": item.properties, **more[verb]}


def _outcomes(items: Sequence[Item], answer: Batch, endpoint: str) -> tuple[dict[int, Done], list[Trouble]]:
    """What became of the items, by their places, and the errors that name none of them."""
    by_key = {item.key: at for at, item in enumerate(items) if item.key}
    places = {str(at): at for at in range(len(items))}
    done: dict[int, Done] = {}
    unclear: list[Trouble] = []
    for contact in answer.results:
        key = contact.id if contact.id in by_key else (contact.properties.get(EMAIL) or "").lower()
        at = places.get(contact.object_write_trace_id or "", by_key.get(key))
        if at is not None:
            merged = items[at].id not in ("", contact.id)
            done[at] = Done(error=NotFound(_MERGED, became=contact.id)) if merged else Done(contact.id)
    for trouble in answer.errors:
        named = [places[trace] for trace in trouble.named("objectWriteTraceId") if trace in places]
        named = named or [by_key[id] for id in trouble.named("ids", "id") if id in by_key]
        if not named:
            unclear.append(trouble)
        for at in named:
            done.setdefault(at, Done(error=_said(trouble, endpoint, items[at])))
    return done, unclear


def _said(trouble: Trouble, endpoint: str, item: Item) -> AdapterError:
    return naming(error_of(trouble, endpoint) or Rejected(f"{endpoint}: it was refused"), item.properties)


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}
