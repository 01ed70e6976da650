"""Pages of a web API, each sent through the HTTP door: by a cursor, by an offset, by a link to the next.

A page that comes twice, or a list that moves while it is read, is an error: it would loop for ever, or lose people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from reconciler.adapters.errors import CrmFailed
from reconciler.adapters.http import Http, Request

Page = TypeVar("Page")

Ids = Callable[[Page], Sequence[str]]
"""The ids of a page's records, in order."""


class Watch:
    """Looks at pages as they come; of all but the last only digests are kept."""

    def __init__(self, request: Request[Any]) -> None:
        self._request = request
        self._pages: set[int] = set()
        self._cursors: set[int] = set()
        self._last: frozenset[str] = frozenset()

    def page(self, ids: Sequence[str]) -> None:
        """Raises CrmFailed if the page was there before, or shares a record with the one before it."""
        now = frozenset(ids)
        if len(now) < len(ids) or now & self._last:
            raise self.error("a record came twice")
        if ids and hash(now) in self._pages:
            raise self.error("a page came twice")
        self._pages.add(hash(now))
        self._last = now

    def cursor(self, cursor: str) -> str:
        """Raises CrmFailed if the vendor gave it before."""
        if hash(cursor) in self._cursors:
            raise self.error("the same page was named as the next one twice")
        self._cursors.add(hash(cursor))
        return cursor

    def error(self, why: str) -> CrmFailed:
        return CrmFailed("E327", self._request.said(why))


def in_query(name: str) -> Callable[[Request[Page], str], Request[Page]]:
    """How a cursor is put into the next request: as that parameter of the query."""
    return lambda request, cursor: asking(request, **{name: cursor})


def asking(request: Request[Page], **parameters: str | int) -> Request[Page]:
    """The request with these parameters of its query, instead of those of the same name."""
    others = [(key, value) for key, value in request.query if key not in parameters]
    return replace(request, query=(*others, *parameters.items()))


def by_cursor(
    http: Http,
    request: Request[Page],
    cursor: Callable[[Page], str | None],
    ids: Ids[Page],
    put: Callable[[Request[Page], str], Request[Page]] | None = None,
) -> Iterator[Page]:
    """Pages that name the next one by a cursor, until one does not. `put`: where it goes; None: the query's `after`."""
    watch, onward = Watch(request), put or in_query("after")
    while True:
        page = http.send(request)
        watch.page(ids(page))
        yield page
        if not (after := cursor(page)):
            return
        request = onward(request, watch.cursor(after))


def by_link(http: Http, request: Request[Page], link: Callable[[Page], str | None], ids: Ids[Page]) -> Iterator[Page]:
    """Pages that hold the address of the next one, until one does not."""
    yield from by_cursor(http, request, link, ids, http.onward)


def by_offset(
    http: Http,
    request: Request[Page],
    total: Callable[[Page], int],
    ids: Ids[Page],
    names: tuple[str, str] = ("offset", "limit"),
    size: int = 100,
) -> Iterator[Page]:
    """Pages of a list whose length each of them says; all but the first are asked for at once, as many as the rate
    allows. A server may give fewer than `size` records a page."""
    watch, (offset, limit) = Watch(request), names
    first = http.send(asking(request, **{offset: 0, limit: size}))
    there, found = total(first), ids(first)
    watch.page(found)
    yield first
    step, seen = len(found), len(found)
    if step < there and not step:
        raise watch.error("a page is empty before the end")
    starts = range(step, there, step) if step else range(0)
    asked = (partial(http.send, asking(request, **{offset: at, limit: step})) for at in starts)
    for page in http.meter.in_order(asked):
        found = ids(page)
        watch.page(found)
        seen += len(found)
        if total(page) != there:
            raise watch.error("it changed while it was read")
        yield page
    if seen != there:
        raise watch.error(f"{seen:,} of {there:,} records came")
