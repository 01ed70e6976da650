"""Which request goes to which function: one row per operation, in both styles of paths.

`/crm/v3/objects/contacts` and `/crm/objects/2026-03/contacts` are the same operation; so are the other families.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from reconciler.emulators.hubspot import account, batches, contacts, fields, lists, search
from reconciler.emulators.hubspot.call import Answer, Call
from reconciler.emulators.hubspot.limits import BURST, SEARCH
from reconciler.emulators.hubspot.settings import (
    CONTACTS_READ,
    CONTACTS_WRITE,
    FIELDS_READ,
    FIELDS_WRITE,
    LISTS_READ,
    LISTS_WRITE,
)

if TYPE_CHECKING:
    from werkzeug.routing import Map

VERSIONS = ("2025-09", "2026-03", "2026-09")
_FAMILIES = {
    "objects": ("/crm/v3/objects/contacts", "/crm/objects/{version}/{type}"),
    "properties": ("/crm/v3/properties/contacts", "/crm/properties/{version}/{type}"),
    "lists": ("/crm/v3/lists", "/crm/lists/{version}"),
    "account": ("/account-info/v3", "/account-info/{version}"),
    "oauth": ("/oauth/v2", ""),
}
"""Both styles; the first is the one that requests are logged in."""

_TYPES = ("contacts", "contact", "0-1")


class Route(NamedTuple):
    """`tail`: the path behind its family's. `scope`: what the token must have, "" for nothing."""

    method: str
    family: str
    tail: str
    scope: str
    handle: Callable[[Call], Answer]
    bucket: str = BURST

    @property
    def template(self) -> str:
        return _FAMILIES[self.family][0] + self.tail


ROUTES = (
    Route("GET", "account", "/details", "", account.details),
    Route("GET", "account", "/api-usage/daily/private-apps", "", account.usage),
    Route("GET", "account", "/api-usage/daily", "", account.usage),
    Route("POST", "oauth", "/private-apps/get/access-token-info", "", account.token),
    Route("GET", "properties", "", FIELDS_READ, fields.every),
    Route("POST", "properties", "", FIELDS_WRITE, fields.create),
    Route("POST", "properties", "/batch/create", FIELDS_WRITE, fields.create_batch),
    Route("POST", "properties", "/batch/read", FIELDS_READ, fields.read_batch),
    Route("POST", "properties", "/batch/archive", FIELDS_WRITE, fields.archive_batch),
    Route("GET", "properties", "/groups", FIELDS_READ, fields.groups),
    Route("POST", "properties", "/groups", FIELDS_WRITE, fields.create_group),
    Route("GET", "properties", "/groups/{groupName}", FIELDS_READ, fields.get_group),
    Route("PATCH", "properties", "/groups/{groupName}", FIELDS_WRITE, fields.update_group),
    Route("DELETE", "properties", "/groups/{groupName}", FIELDS_WRITE, fields.archive_group),
    Route("GET", "properties", "/{propertyName}", FIELDS_READ, fields.get),
    Route("PATCH", "properties", "/{propertyName}", FIELDS_WRITE, fields.update),
    Route("DELETE", "properties", "/{propertyName}", FIELDS_WRITE, fields.archive),
    Route("GET", "objects", "", CONTACTS_READ, contacts.page),
    Route("POST", "objects", "", CONTACTS_WRITE, contacts.create),
    Route("POST", "objects", "/search", CONTACTS_READ, search.search, SEARCH),
    Route("POST", "objects", "/merge", CONTACTS_WRITE, contacts.merge),
    Route("POST", "objects", "/batch/read", CONTACTS_READ, batches.read),
    Route("POST", "objects", "/batch/create", CONTACTS_WRITE, batches.create),
    Route("POST", "objects", "/batch/update", CONTACTS_WRITE, batches.update),
    Route("POST", "objects", "/batch/upsert", CONTACTS_WRITE, batches.upsert),
    Route("POST", "objects", "/batch/archive", CONTACTS_WRITE, batches.archive),
    Route("GET", "objects", "/{contactId}", CONTACTS_READ, contacts.get),
    Route("PATCH", "objects", "/{contactId}", CONTACTS_WRITE, contacts.update),
    Route("DELETE", "objects", "/{contactId}", CONTACTS_WRITE, contacts.archive),
    Route("GET", "lists", "", LISTS_READ, lists.by_ids),
    Route("POST", "lists", "", LISTS_WRITE, lists.create),
    Route("POST", "lists", "/search", LISTS_READ, lists.search),
    Route("POST", "lists", "/records/memberships/batch/read", LISTS_READ, lists.of_records),
    Route("GET", "lists", "/records/{objectTypeId}/{recordId}/memberships", LISTS_READ, lists.of_record),
    Route("GET", "lists", "/object-type-id/{objectTypeId}/name/{listName}", LISTS_READ, lists.by_name),
    Route("GET", "lists", "/{listId}", LISTS_READ, lists.get),
    Route("DELETE", "lists", "/{listId}", LISTS_WRITE, lists.delete),
    Route("PUT", "lists", "/{listId}/restore", LISTS_WRITE, lists.restore),
    Route("PUT", "lists", "/{listId}/update-list-name", LISTS_WRITE, lists.rename),
    Route("GET", "lists", "/{listId}/memberships", LISTS_READ, lists.members),
    Route("DELETE", "lists", "/{listId}/memberships", LISTS_WRITE, lists.clear),
    Route("PUT", "lists", "/{listId}/memberships/add", LISTS_WRITE, lists.add),
    Route("PUT", "lists", "/{listId}/memberships/remove", LISTS_WRITE, lists.remove),
    Route("PUT", "lists", "/{listId}/memberships/add-and-remove", LISTS_WRITE, lists.add_and_remove),
)


@cache
def url_map() -> Map:
    """All routes; their endpoints are rows of `ROUTES`. Made once: it takes longer than all else of an account."""
    from werkzeug.routing import Map, Rule

    rules = [
        Rule(path, methods=[route.method], endpoint=route, strict_slashes=False)
        for route in ROUTES
        for path in _paths(route)
    ]
    return Map(rules, merge_slashes=False)


def _paths(route: Route) -> Iterator[str]:
    old, dated = _FAMILIES[route.family]
    yield _rule(old.replace("/contacts", "/{type}") + route.tail)
    if dated:
        yield _rule(dated + route.tail)


def _rule(template: str) -> str:
    """`{name}` becomes what the router knows; a list's name may hold slashes."""
    converters = {
        "{version}": f"<any({', '.join(repr(version) for version in VERSIONS)}):version>",
        "{type}": f"<any({', '.join(repr(type) for type in _TYPES)}):type>",
        "{listName}": "<path:listName>",
    }
    return re.sub(r"\{\w+\}", lambda found: converters.get(found[0], f"<{found[0][1:-1]}>"), template)
