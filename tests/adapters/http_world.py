"""A vendor that answers as a test says, behind the real client, and time that only sleeping moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel

from reconciler.adapters.http import Bucket, Http, Request, Vendor, bearer
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Call
from reconciler.testing.ticking import Ticking

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
WORD = "qzxkanari"
TOKEN = f"tok-{WORD}"
EMAIL = f"{WORD}@example.org"
LEFT, WINDOW = "X-Left", "X-Window-Ms"

Handler = Callable[[httpx.Request], httpx.Response]


class Thing(BaseModel):
    id: str


class Page(BaseModel):
    ids: list[str] = []
    after: str | None = None
    total: int = 0


GET = Request(Call.CONNECT, "GET", "/me", Thing, query=(("email", EMAIL),), endpoint="GET /me")
CREATE = Request(Call.ADD_CONTACTS, "POST", "/contacts", Thing, body={"email": EMAIL}, endpoint="POST /contacts")
UPDATE = Request(Call.UPDATE_CONTACTS, "PATCH", "/contacts/1", body={"email": EMAIL}, endpoint="PATCH /contacts/{id}")


def vendor(bucket: Bucket | None = None, **more: Any) -> Vendor:
    return Vendor("Vendor", {"": bucket or Bucket(1001, 1.0)}, **more)


@contextmanager
def opened(
    transport: httpx.BaseTransport | None,
    time: Ticking,
    of: Vendor | None = None,
    url: str = "https://api.example.org/v1",
    **more: Any,
) -> Iterator[Http]:
    opening = Opening(Path("."), time.clock, transport=transport, **{"workers": 1, **more})
    http = Http(of or vendor(), url, bearer(TOKEN), opening)
    try:
        yield http
    finally:
        http.close()


def said(*answers: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A handler that gives these answers in turn, the last one for ever; and the requests that came."""
    came: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        answer = answers[min(len(came), len(answers) - 1)]
        came.append(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return handler, came


def json(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={key.replace("_", "-"): text for key, text in headers.items()})


def status(code: int, content: bytes = b"", **headers: str) -> httpx.Response:
    return httpx.Response(code, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()})


def everything_of(error: BaseException) -> str:
    """All that could be printed of it: text, arguments, attributes, and the same of what led to it."""
    seen: list[str] = []
    ways: Sequence[BaseException | None] = [error]
    while ways:
        at = [way for way in ways if way is not None]
        seen += [repr((str(way), way.args, vars(way), type(way))) for way in at]
        ways = [cause for way in at for cause in (way.__cause__, way.__context__)]
    return "\n".join(seen)
