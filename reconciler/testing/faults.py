"""What goes wrong between a program and a web API, on purpose: a transport in front of another one.

It stands below the real HTTP client, where the network would be, and raises that client's own errors. The one behind it
is an emulator (`httpx.WSGITransport`), a server on loopback (`httpx.HTTPTransport`), or a checking transport.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import httpx

Answer = Callable[[httpx.Request, httpx.BaseTransport], httpx.Response]
"""What is done with a request instead of handing it to the transport behind."""

When = Callable[[str, int], Answer | None]
"""Endpoint, number of the request to it (from 1) -> what happens; None: nothing."""

_ID = re.compile(r"/(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[^/]*(?:@|%40)[^/]*)(?=/|$)")


def endpoint(request: httpx.Request) -> str:
    """`METHOD /path`, ids and addresses in it as {id}."""
    return f"{request.method} {_ID.sub('/{id}', request.url.raw_path.decode().partition('?')[0])}"


def _plain(status: int, headers: Mapping[str, str] | None = None) -> Answer:
    def answer(request: httpx.Request, _behind: httpx.BaseTransport) -> httpx.Response:
        return httpx.Response(status, headers=headers, json={"message": "no"}, request=request)

    return answer


def _html(request: httpx.Request, _behind: httpx.BaseTransport) -> httpx.Response:
    return httpx.Response(200, html="<html><body>Please sign in</body></html>", request=request)


def _before(error: type[httpx.RequestError]) -> Answer:
    def answer(request: httpx.Request, _behind: httpx.BaseTransport) -> httpx.Response:
        raise error("on purpose", request=request)

    return answer


def _after(then: Answer) -> Answer:
    """The request is carried out, and something else is answered."""

    def answer(request: httpx.Request, behind: httpx.BaseTransport) -> httpx.Response:
        _carried_out(request, behind)
        return then(request, behind)

    return answer


def _carried_out(request: httpx.Request, behind: httpx.BaseTransport) -> httpx.Response:
    answer = behind.handle_request(request)
    answer.read()
    return answer


def _cut(request: httpx.Request, behind: httpx.BaseTransport) -> httpx.Response:
    """Half of the body, as a proxy passes it on when its own connection broke."""
    answer = _carried_out(request, behind)
    half = answer.content[: len(answer.content) // 2]
    return httpx.Response(
        answer.status_code, headers={"Content-Type": "application/json"}, content=half, request=request
    )


def _empty(request: httpx.Request, behind: httpx.BaseTransport) -> httpx.Response:
    """Carried out, and an answer without a body."""
    return httpx.Response(_carried_out(request, behind).status_code, request=request)


class Mishap(Enum):
    """One thing that can happen to a request. Those of names with AFTER happen once it has been carried out."""

    TOO_MANY = (_plain(429, {"Retry-After": "1"}),)
    TOO_MANY_UNTIL = (_plain(429, {"Retry-After": "Sun, 22 Nov 2026 10:00:03 GMT"}),)
    BROKEN_BEFORE = (_plain(500),)
    BROKEN_AFTER = (_after(_plain(500)),)
    OVERLOADED_BEFORE = (_plain(503),)
    OVERLOADED_AFTER = (_after(_plain(503)),)
    UNREACHABLE = (_before(httpx.ConnectError),)
    TIMEOUT_BEFORE = (_before(httpx.ReadTimeout),)
    TIMEOUT_AFTER = (_after(_before(httpx.ReadTimeout)),)
    RESET_BEFORE = (_before(httpx.ReadError),)
    RESET_AFTER = (_after(_before(httpx.ReadError)),)
    HUNG_UP_AFTER = (_after(_before(httpx.RemoteProtocolError)),)
    CUT = (_cut,)
    EMPTY = (_empty,)
    HTML_BEFORE = (_html,)
    HTML_AFTER = (_after(_html),)
    UNAUTHORIZED = (_plain(401),)

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


@dataclass(slots=True)
class Faulty(httpx.BaseTransport):
    """`seen` counts the requests of each endpoint, those that something happened to included."""

    behind: httpx.BaseTransport
    when: When = lambda _endpoint, _number: None
    seen: dict[str, int] = field(default_factory=dict)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = endpoint(request)
        self.seen[name] = self.seen.get(name, 0) + 1
        answer = self.when(name, self.seen[name])
        return answer(request, self.behind) if answer else self.behind.handle_request(request)

    def close(self) -> None:
        self.behind.close()


def once(name: str, mishap: Mishap, number: int = 1) -> When:
    """That mishap to one request of one endpoint."""
    return lambda endpoint, count: mishap.answer if (endpoint, count) == (name, number) else None


def always(name: str, mishap: Mishap, since: int = 1) -> When:
    """That mishap to every request of one endpoint, from one of them on."""
    return lambda endpoint, count: mishap.answer if endpoint == name and count >= since else None


def first(method: str, mishap: Mishap, times: int = 1) -> When:
    """That mishap to the first requests of a method, whatever they ask for; "": of any."""
    left = times

    def when(endpoint: str, _count: int) -> Answer | None:
        nonlocal left
        if not endpoint.startswith(method) or left == 0:
            return None
        left -= 1
        return mishap.answer

    return when
