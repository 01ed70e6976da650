from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from http_world import Page, Ticking, json, opened

from reconciler.adapters.errors import CrmFailed
from reconciler.adapters.http import Http, Request
from reconciler.adapters.http.paging import by_cursor, by_link, by_offset
from reconciler.model.capabilities import Call

LIST = Request(Call.ALL_CONTACTS, "GET", "/contacts", Page, query=(("fields", "email"),), endpoint="GET /contacts")
Walk = Callable[[Http], Iterator[Page]]


def cursors(http: Http) -> Iterator[Page]:
    return by_cursor(http, LIST, lambda page: page.after, lambda page: page.ids)


def links(http: Http) -> Iterator[Page]:
    return by_link(http, LIST, lambda page: page.after, lambda page: page.ids)


def offsets(http: Http) -> Iterator[Page]:
    return by_offset(http, LIST, lambda page: page.total, lambda page: page.ids, size=2)


def walked(walk: Walk, handler: Callable[[httpx.Request], Any], **more: Any) -> list[str]:
    with opened(httpx.MockTransport(lambda request: json(handler(request))), Ticking(), **more) as http:
        return [id for page in walk(http) for id in page.ids]


def paged(ids: Sequence[str], most: int = 99, base: str = "") -> Callable[[httpx.Request], Any]:
    """A well-behaved vendor, whatever it is asked by."""

    def handler(request: httpx.Request) -> Any:
        asked = request.url.params
        assert asked["fields"] == "email"
        assert request.url.path.endswith("/v1/contacts")
        start = int(asked.get("after") or asked.get("offset") or 0)
        size = min(int(asked.get("limit") or 2), most)
        end = start + size
        onward = f"{base}{request.url.path}?fields=email&after={end}" if base else str(end)
        return {"ids": ids[start:end], "after": onward if end < len(ids) else None, "total": len(ids)}

    return handler


@pytest.mark.parametrize("number", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("walk", [cursors, offsets])
def test_everybody_comes_once_and_in_order(walk: Walk, number: int) -> None:
    ids = [f"c{n}" for n in range(number)]
    assert walked(walk, paged(ids)) == ids


@pytest.mark.parametrize("base", ["https://api.example.org", "//api.example.org"])
def test_links_are_followed_on_the_same_server(base: str) -> None:
    ids = [f"c{n}" for n in range(5)]
    assert walked(links, paged(ids, base=base)) == ids


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/v1/contacts?after=2",
        "//elsewhere.example/v1/contacts",
        "http://api.example.org/v1/contacts",
        "https://api.example.org:444/v1/contacts",
        "https://api.example.org@elsewhere.example/v1/contacts",
        "https://[",
        "contacts?after=2",
    ],
)
def test_a_link_to_another_server_is_refused(link: str) -> None:
    came: list[str] = []

    def handler(request: httpx.Request) -> Any:
        came.append(request.url.host)
        return {"ids": ["c1"], "after": link}

    with pytest.raises(CrmFailed) as caught:
        walked(links, handler)
    assert caught.value.code == "E325"
    assert came == ["api.example.org"]


def test_a_server_may_give_fewer_records_a_page_than_it_is_asked_for() -> None:
    ids = [f"c{n}" for n in range(7)]
    assert walked(offsets, paged(ids, most=1)) == ids


def test_pages_by_offset_are_asked_for_several_at_once_and_come_in_order() -> None:
    ids = [f"c{n}" for n in range(60)]
    assert walked(offsets, paged(ids), workers=8) == ids


@pytest.mark.parametrize("walk", [cursors, links])
@pytest.mark.parametrize(
    "pages",
    [
        [{"ids": ["c1"], "after": "X"}, {"ids": ["c2"], "after": "X"}],
        [{"ids": ["c1"], "after": "X"}, {"ids": ["c1"], "after": "Y"}],
        [{"ids": ["c1", "c2"], "after": "X"}, {"ids": ["c2", "c3"], "after": None}],
        [{"ids": ["c1"], "after": "X"}, {"ids": ["c2"], "after": "Y"}, {"ids": ["c1"], "after": "Z"}],
        [{"ids": ["c1", "c1"], "after": None}],
        [{"ids": [], "after": "X"}],
    ],
    ids=["cursor", "page", "overlap", "older", "within", "empty"],
)
def test_pages_that_go_in_a_circle_are_an_error_and_end(walk: Walk, pages: list[dict[str, Any]]) -> None:
    came: list[int] = []

    def handler(_request: httpx.Request) -> Any:
        came.append(1)
        page = pages[min(len(came), len(pages)) - 1]
        link = page["after"] and f"https://api.example.org/v1/contacts?after={page['after']}"
        return {**page, "after": link if walk is links else page["after"]}

    with pytest.raises(CrmFailed) as caught:
        walked(walk, handler)
    assert caught.value.code == "E327"
    assert len(came) <= 4


@pytest.mark.parametrize(
    "changed",
    [
        {"4": {"ids": ["c4", "c5"], "total": 7}},
        {"4": {"ids": ["c3", "c4"], "total": 6}},
        {"4": {"ids": [], "total": 6}},
        {"2": {"ids": ["c2"], "total": 6}},
        {"0": {"ids": [], "total": 6}},
        {"4": {"ids": ["c0", "c1"], "total": 6}},
    ],
    ids=["grew", "shifted", "shrank", "short", "nothing", "first-again"],
)
def test_a_list_that_moves_while_it_is_read_loses_nobody_unnoticed(changed: dict[str, Any]) -> None:
    whole = paged([f"c{n}" for n in range(6)])

    def handler(request: httpx.Request) -> Any:
        return changed.get(request.url.params["offset"]) or whole(request)

    with pytest.raises(CrmFailed) as caught:
        walked(offsets, handler)
    assert caught.value.code == "E327"
