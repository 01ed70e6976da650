"""What is in the account, for a browser on this machine: contacts, fields, tags, requests and limits.

Values are shown: the account is an emulated one. Pages are given to requests for this machine by its own name only,
so that no site can have a browser fetch them under another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.emulators.hubspot import lists, properties, records
from reconciler.emulators.hubspot.account import portal
from reconciler.emulators.hubspot.call import Call
from reconciler.emulators.hubspot.limits import BURST, DAILY, SEARCH
from reconciler.emulators.hubspot.moments import text_of
from reconciler.emulators.hubspot.properties import Property
from reconciler.emulators.hubspot.settings import Seen
from reconciler.emulators.pages import Content, Html, chip, document, element, joined, link, meter, table

if TYPE_CHECKING:
    from werkzeug import Request, Response

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_ROWS = 50
_REQUESTS = 100
_OPTIONS = 12
_SHOWN = ("email", "firstname", "lastname", "company", "lifecyclestage")
_SEARCHED = ("email", "firstname", "lastname", "company", "phone")


def respond(request: Request, call: Call, log: Sequence[Seen]) -> Response:
    from werkzeug import Response

    if request.host.rsplit(":", 1)[0] not in _HOSTS and request.host not in _HOSTS:
        return Response("not for this host\n", 403, content_type="text/plain")
    return Response(page(call, log), 200, _HEADERS, content_type="text/html;charset=utf-8")


def page(call: Call, log: Sequence[Seen]) -> Html:
    """Which part of it: `show` of the query."""
    shown = call.one("show", "contacts")
    draw = _PARTS.get(shown, _contacts)
    account = str(call.connection.execute("SELECT id FROM account").fetchone()[0])
    title = element("h1", "HubSpot, emulated ", chip(f"portal {portal(account)}"), chip(call.settings.tier))
    top = element("header", element("div", title, _navigation(call, shown, log), class_="inside"))
    return document("HubSpot, emulated", top, element("main", draw(call, log), class_="inside"))


def _navigation(call: Call, shown: str, log: Sequence[Seen]) -> Html:
    count = call.connection.execute("SELECT count(*) FROM contacts WHERE id > 0").fetchone()[0]
    tags = call.connection.execute("SELECT count(*) FROM tags").fetchone()[0]
    counts = {"contacts": count, "fields": len(call.properties), "tags": tags, "requests": len(log)}
    here = "contacts" if shown == "contact" else shown
    links = [
        element(
            "a",
            name.capitalize(),
            element("span", f"{number:,}", class_="count"),
            href=f"?show={name}",
            aria_current="page" if name == here else None,
        )
        for name, number in counts.items()
    ]
    return element("nav", *links)


def _contacts(call: Call, _log: Sequence[Seen]) -> Html:
    """A page of them, those that the query finds, and those of one list where one is asked for."""
    query, after = call.one("query").strip(), records.number_of(call.one("after")) or 0
    where, bound = _found(call, query)
    one = next(iter(lists.read(call, "AND t.id = ?", (records.number_of(call.one("list")) or 0,))), None)
    if one is not None:
        where, bound = f"{where} AND id IN (SELECT contact FROM contact_tags WHERE tag = ?)", [*bound, one.id]
    columns = [call.properties[name] for name in _SHOWN if name in call.properties]
    found = records.select(call, columns, f"{where} AND id > ? ORDER BY id LIMIT ?", [*bound, after, _ROWS + 1])
    rows = [_contact_row(record, columns) for record in found[:_ROWS]]
    same: dict[str, str | int | None] = {"show": "contacts", "query": query, "list": one.id if one else None}
    return joined(
        (
            _form(query, one),
            table(["ID", *(c.label for c in columns), "Changed"], rows, _nothing(query, one)),
            element(
                "div",
                link("First page", **same) if after else Html(""),
                link("Next page", **same, after=found[_ROWS - 1]["id"]) if len(found) > _ROWS else Html(""),
                class_="pages",
            ),
        )
    )


def _found(call: Call, query: str) -> tuple[str, list[Any]]:
    """SQL for the contacts that have every word of the query in one of the searched fields, or as their id."""
    columns = [call.properties[name].column for name in _SEARCHED if name in call.properties]
    where, bound = "", list[Any]()
    for word in query.split():
        where += f" AND (id = ? OR {' OR '.join(f'instr(lower({column}), ?)' for column in columns)})"
        bound += [records.number_of(word) or 0, *[word.lower()] * len(columns)]
    return where, bound


def _contact_row(record: Mapping[str, Any], columns: Sequence[Property]) -> list[Content]:
    values = [record["properties"][column.name] for column in columns]
    changed = element("span", _moment(record["updatedAt"]), class_="dim mono")
    return [link(record["id"], show="contact", id=record["id"]), *values, changed]


def _form(query: str, one: lists.CrmList | None) -> Html:
    hidden = [element("input", type="hidden", name="show", value="contacts")]
    if one is not None:
        hidden.append(element("input", type="hidden", name="list", value=one.id))
    field = element(
        "input", type="search", name="query", value=query, placeholder="E-mail, name, company, phone or ID",
        aria_label="Search contacts",
    )  # fmt: skip
    told = joined((chip(f"on the list {one.name}", "strong"), link("all contacts", show="contacts"))) if one else None
    return element("form", *hidden, field, element("button", "Search"), told, method="get", action="")


def _nothing(query: str, one: lists.CrmList | None) -> str:
    if query:
        return "Nobody is found by this."
    return "Nobody is on this list." if one else "There are no contacts yet."


def _contact(call: Call, _log: Sequence[Seen]) -> Html:
    """Everything of one, its lists included."""
    row = records.rows_of(call, [call.one("id")], None).get(call.one("id"))
    if row is None:
        return element("p", "There is no such contact.", class_="empty")
    every = list(call.properties.values())
    values = records.by_ids(call, [row], every)[row]["properties"]
    filled: list[list[Content]] = [
        [element("code", property.name), property.label, values[property.name]]
        for property in every
        if values[property.name] is not None
    ]
    on = call.connection.execute(
        "SELECT id, name FROM tags JOIN contact_tags ON tag = id WHERE contact = ? ORDER BY name", (row,)
    ).fetchall()
    chips = [link(chip(name, "strong"), show="contacts", list=id) for id, name in on]
    return joined(
        (
            element("h2", f"Contact {row}"),
            element("p", *(chips or [chip("on no list")])),
            table(["Name", "Label", "Value"], filled, ""),
        )
    )


def _fields(call: Call, _log: Sequence[Seen]) -> Html:
    """Those that somebody made first, then HubSpot's, then archived ones."""
    there = sorted(call.properties.values(), key=lambda one: one.defined)
    every = [*there, *properties.archived(call.connection).values()]
    rows = [[element("code", p.name, _marks(p)), p.label, _type(p), p.group, _options(p)] for p in every]
    return joined((element("h2", "Fields"), table(["Name", "Label", "Type", "Group", "Options"], rows, "")))


def _marks(property: Property) -> Html:
    marks = {
        "archived": property.archived_at is not None,
        "unique": property.unique,
        "read only": property.read_only and property.archived_at is None,
        "HubSpot's": property.defined,
    }
    kinds = {"archived": "bad", "unique": "strong"}
    return joined([" ", *(chip(text, kinds.get(text, "")) for text, so in marks.items() if so)])


def _type(property: Property) -> Html:
    return joined((property.type, " ", element("span", property.field_type, class_="dim")))


def _options(property: Property) -> Html | None:
    if not property.options:
        return None
    more = len(property.options) - _OPTIONS
    chips = [chip(option.label, "" if option.hidden else "good") for option in property.options[:_OPTIONS]]
    return joined([*chips, element("span", f"and {more:,} more", class_="dim") if more > 0 else None])


def _tags(call: Call, _log: Sequence[Seen]) -> Html:
    rows: list[list[Content]] = [
        [
            one.id,
            link(one.name, show="contacts", list=one.id),
            chip(one.kind),
            f"{one.size:,}",
            element("span", _moment(text_of(one.created)), class_="dim mono"),
        ]
        for one in lists.read(call)
    ]
    gone = call.connection.execute("SELECT id, name, deleted FROM hubspot_lists WHERE deleted IS NOT NULL ORDER BY id")
    deleted = [[id, name, element("span", _moment(text_of(moment)), class_="dim mono")] for id, name, moment in gone]
    drawn = [element("h2", "Lists"), table(["ID", "Name", "Kind", "Size", "Made"], rows, "There are no lists.", [3])]
    if deleted:
        drawn += [element("h2", "Deleted lists"), table(["ID", "Name", "Deleted"], deleted, "")]
    return joined(drawn)


def _requests(call: Call, log: Sequence[Seen]) -> Html:
    """What is used of the limits now, and the last requests, the newest first."""
    labels = {BURST: "In ten seconds", SEARCH: "Searches in a second", DAILY: "In a day"}
    used = [meter(text, call.limits.used(b, call.seconds), call.limits.allowed(b)) for b, text in labels.items()]
    rows: list[list[Content]] = [
        [
            chip(str(seen.status), "good" if seen.status < 400 else "bad"),
            seen.method,
            element("code", seen.path or "nothing of it is emulated"),
            f"{seen.items:,}" if seen.items else None,
            element("span", f"{max(0.0, call.seconds - seen.moment):,.1f} s ago", class_="dim mono"),
        ]
        for seen in reversed(log[-_REQUESTS:])
    ]
    heads = ["Status", "Method", "Path", "Inputs", "When"]
    return joined(
        (
            element("h2", "Limits"),
            element("div", *used, class_="meters"),
            element("h2", "Requests"),
            table(heads, rows, "Nothing was asked for yet.", [3, 4]),
        )
    )


def _moment(text: str) -> str:
    return f"{text[:10]} {text[11:19]}"


_PARTS: Mapping[str, Callable[[Call, Sequence[Seen]], Html]] = {
    "contacts": _contacts,
    "contact": _contact,
    "fields": _fields,
    "tags": _tags,
    "requests": _requests,
}
