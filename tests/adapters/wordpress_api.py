"""A site's REST API as a handler behind the real client: its users, and what it shows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any

import httpx

from reconciler.adapters.opening import Opening
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.rest import RestSource
from reconciler.testing.ticking import Ticking

WORD = "qzxkanari"
PASSWORD = f"{WORD} pass word"
STRING = {"type": "string", "description": "", "default": ""}
SEVERAL = {"type": "array", "items": STRING}
REAL = {"id": 7, "username": "ana", "name": "Ana B", "first_name": "Ana", "last_name": "B", "nickname": "an"}
REAL |= {"email": "ana@example.org", "url": "https://ana.example", "slug": "ana-b", "description": "x\ny"}
REAL |= {"registered_date": "2024-03-03T10:00:00+00:00", "roles": ["editor", "author"], "locale": "en_US"}


def user(number: int, meta: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Everything of the user holds the canary but the number."""
    named = {key: f"{WORD}{number}" for key in REAL if key not in ("id", "roles", "registered_date")}
    return {**REAL, **named, "id": number, "meta": dict(meta or {}) or [], **more}


class Api:
    """`users`: by ascending number, and tests may change them while they are read. `requests`: what came."""

    def __init__(self, *users: Mapping[str, Any], keys: Mapping[str, Any] | None = None, workers: int = 1) -> None:
        self.users = list(users)
        self.keys = dict(keys or {})
        self.requests: list[httpx.Request] = []
        self.time = Ticking()
        self.before: Callable[[int], None] = lambda _number: None
        self.answer: Callable[[httpx.Request], httpx.Response] = self.ordinary
        self._workers = workers
        self._lock = Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            self.before(len(self.requests))
            return self.answer(request)

    def ordinary(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/wp-json/wp/v2/users"
        if request.method == "OPTIONS":
            return httpx.Response(200, json={"schema": {"properties": {"meta": {"properties": self.keys or []}}}})
        asked = request.url.params
        assert (asked["context"], asked["orderby"], asked["order"]) == ("edit", "id", "asc")
        fields, at = asked["_fields"].split(","), int(asked["offset"])
        page = self.users[at : at + int(asked["per_page"])]
        body = [{key: value for key, value in user.items() if key in fields} for user in page]
        return httpx.Response(200, json=body, headers={"X-WP-Total": str(len(self.users))})

    def opening(self, rate: float | None = None) -> Opening:
        transport = httpx.MockTransport(self)
        return Opening(Path(), self.time.clock, rate=rate, transport=transport, workers=self._workers)

    def source(self, opening: Opening, **options: Any) -> RestSource:
        section = {"api": "https://site.example/wp-json", "user": "admin", "password": PASSWORD, **options}
        return RestSource(WordPressOptions.model_validate(section), opening)

    def people(self, *columns: str, **options: Any) -> list[tuple[str | None, ...]]:
        with closing(self.opening()) as opening:
            return rows(self.source(opening, **options), columns)

    def columns(self, **options: Any) -> Sequence[str]:
        with closing(self.opening()) as opening:
            return self.source(opening, **options).columns()


def rows(source: RestSource, columns: Sequence[str]) -> list[tuple[str | None, ...]]:
    found: list[tuple[str | None, ...]] = []
    for batch in source.read(columns):
        assert batch.schema.names == list(columns)
        found += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return found
