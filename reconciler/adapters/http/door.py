"""The HTTP door: what every adapter of a web API sends its requests through.

It paces each request in its vendor's bucket, repeats what may be repeated, and turns every bad answer into one of our
errors with a sentence of ours. An adapter says what a request is (`Request`) and what of the answer it reads (a
pydantic model, its *shape*); keys that the shape does not name are not looked at.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import orjson

from reconciler import __version__
from reconciler.adapters.errors import (
    AdapterError,
    AuthFailed,
    CrmFailed,
    NotFound,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
    Unreached,
)
from reconciler.adapters.http.address import sendable, usable_address
from reconciler.adapters.http.answers import Answer, Broken, NotRead, json_of, read, web_page
from reconciler.adapters.http.pace import Bucket, Pace, retry_after
from reconciler.adapters.meter import Meter
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import READS, Call
from reconciler.model.events import Event, Fact

__all__ = ["Answered", "Bucket", "Http", "Refusal", "Request", "Vendor", "basic", "bearer", "quoted"]

Shape = TypeVar("Shape")

ATTEMPTS = 6
_FIRST_PAUSE = 0.5  # seconds; doubled each time
_LONGEST_PAUSE = 60.0
_LONGEST_ASKED = 180.0  # a longer pause is a quota that is used up, and not slept through
_FIRST_LATENCY = 0.2
_AGENT = f"crm-reconciler/{__version__}"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def bearer(token: str) -> dict[str, str]:
    """A token as most APIs want it."""
    return {"Authorization": f"Bearer {token}"}


def basic(user: str, password: str) -> dict[str, str]:
    """A user and a password (RFC 7617)."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success, as a vendor's own reading of it sees it. `body`: the JSON, None where it is none;
    nothing of it but names of fields, scopes and ids may be said."""

    status: int
    body: Any
    kind: Call
    endpoint: str


class Reads(Protocol):
    def __call__(self, refusal: Refusal) -> AdapterError | None: ...


@dataclass(frozen=True, slots=True)
class Vendor:
    """What differs between vendors, as data. `buckets`: by name; "" is the general one. `refused`: the vendor's own
    reading of a refusal that is none of its server's failures (5xx); None: by its status alone. `timeout`: seconds
    without a sign of the server."""

    name: str
    buckets: Mapping[str, Bucket]
    refused: Reads = lambda _refusal: None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Request(Generic[Shape]):
    """One request. `path` begins with /, its parts are quoted by `quoted`. `endpoint`: its name in errors, without any
    value. `shape`: what is read of the answer; None: nothing. `repeat`: whether sending it twice does no harm; None: as
    the kind and the method say, so that a POST that writes is not repeated unless it is known not to have arrived.
    """

    kind: Call
    method: str
    path: str
    shape: type[Shape] | None = None
    query: Sequence[tuple[str, str | int]] = ()
    body: Any = None
    bucket: str = ""
    repeat: bool | None = None
    endpoint: str = ""

    @property
    def harmless(self) -> bool:
        return self.reads or self.method in ("PUT", "PATCH", "DELETE") if self.repeat is None else self.repeat

    @property
    def reads(self) -> bool:
        return self.method in _READS or self.kind in READS

    def said(self, why: str) -> str:
        return f"{self.endpoint or self.kind.value}: {why}"


@dataclass(frozen=True, slots=True)
class Answered(Generic[Shape]):
    """A success: what was read of it, and its headers, by name in any case."""

    body: Shape
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why a request gave nothing. `after`: seconds that the vendor asks to wait."""

    error: AdapterError
    after: float = 0.0


class Http:
    """One client for one vendor and account, for all doors of a run; `meter` counts what it sends."""

    def __init__(self, vendor: Vendor, url: str, auth: Mapping[str, str], opening: Opening) -> None:
        """Raises CrmFailed for an address that is none, AuthFailed for credentials that can be none."""
        from reconciler.adapters.http.connection import Connection

        self._vendor = vendor
        self._clock, self._chance, self._events = opening.clock, opening.chance, opening.events
        self._paces = {name: Pace(bucket, opening.clock) for name, bucket in vendor.buckets.items()}
        self._file_pace = Pace.steady(opening.rate, opening.clock) if opening.rate else None
        self._rate = min(vendor.buckets[""].rate, opening.rate or math.inf)
        self._latency = _FIRST_LATENCY
        self._lock = Lock()
        self._met = False  # whether the vendor's API ever answered here
        self._date = ""
        self._url = usable_address(url)
        self.meter = Meter(self._workers if opening.workers is None else lambda: opening.workers or 1)
        headers = {"User-Agent": _AGENT, "Accept": "application/json", **vendor.headers, **sendable(auth)}
        self._connection = Connection(
            self._url.geturl(), headers, opening.clock, vendor.timeout, transport=opening.transport
        )

    def close(self) -> None:
        self.meter.close()
        self._connection.close()

    def send(self, request: Request[Shape]) -> Shape:
        """The answer's shape. Raises the errors of the door, those of repeated calls with `repeated` set."""
        return self.answered(request).body

    def answered(self, request: Request[Shape]) -> Answered[Shape]:
        """The same with the answer's headers, for what an API says there alone."""
        attempt = 1
        while isinstance(outcome := self._once(request), _Trouble):
            error = outcome.error
            again = isinstance(error, (RateLimited, Unavailable)) or (isinstance(error, Uncertain) and request.harmless)
            if not again or attempt == ATTEMPTS or error.repeated:
                raise _given_up(request, error)
            self._pause(request, attempt, outcome)
            attempt += 1
        return outcome

    def time(self) -> datetime | None:
        """The server's clock when it answered last, by its `Date` (RFC 9110, 6.6.1); None where it says none."""
        try:
            return parsedate_to_datetime(self._date).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return None

    def onward(self, request: Request[Shape], link: str) -> Request[Shape]:
        """The request for the page that a link of an answer names. Raises CrmFailed for one to another server: it
        would be given the credentials."""
        own = self._url
        try:
            parts = urlsplit(link)
            path = parts.path.removeprefix(own.path)
            same = not parts.netloc or (parts.scheme or own.scheme, parts.netloc) == (own.scheme, own.netloc)
        except ValueError:
            same, path = False, ""
        if not same or not path.startswith("/"):
            raise CrmFailed("E325", request.said("the link to the next page leads elsewhere"))
        return replace(request, path=path, query=tuple(parse_qsl(parts.query, keep_blank_values=True)))

    def _once(self, request: Request[Shape]) -> Answered[Shape] | _Trouble:
        if not request.path.startswith("/") or request.path.startswith("//"):
            return _Trouble(CrmFailed("E309", request.said("its path leads elsewhere")))
        pace = self._pace(request)
        try:
            content = None if request.body is None else orjson.dumps(request.body)
        except TypeError:  # half a surrogate pair, which no text in UTF-8 can hold
            return _Trouble(Rejected(request.said("a text of it cannot be sent")))
        began = self._clock.monotonic()
        if self._file_pace is not None:
            self._file_pace.wait()
        ours = pace.wait()
        self.meter.count(request.kind)
        began, waiting = self._clock.monotonic(), began
        self.meter.wait(began - waiting)
        query = [(key, str(value)) for key, value in request.query]
        answer = self._connection.exchange(request.method, request.path, query, content)
        if isinstance(answer, Broken):
            return _Trouble(self._broken(request, answer))
        with self._lock:
            self._latency += (self._clock.monotonic() - began - self._latency) / 8
        pace.told(answer.headers, ours)
        self._date = answer.headers.get("Date", "")
        if not 200 <= answer.status < 300:
            return self._refused(request, answer)
        found = self._read(request, answer)
        return _Trouble(found) if isinstance(found, AdapterError) else Answered(found, answer.headers)

    def _pace(self, request: Request[Any]) -> Pace:
        return self._paces.get(request.bucket) or self._paces[""]

    def _broken(self, request: Request[Any], answer: Broken) -> AdapterError:
        """What it means that there is no answer. Of a server that never answered, the address is doubted."""
        name, host, by = self._vendor.name, self._url.hostname, ""
        unknown = CrmFailed("E323", f"the name of the server is not known: `{host}`")
        if self._connection.proxied:
            by = ", by the proxy that the environment names"
            unknown = CrmFailed("E328", "the name of the proxy, HTTPS_PROXY or ALL_PROXY, is not known")
        gone = Unreached(f"{name} could not be reached at `{self._url.netloc}`{by}")
        errors: dict[Broken, AdapterError] = {
            Broken.NOT_SENT: gone,
            Broken.NO_HOST: gone if self._met else unknown,
            Broken.NO_TLS: gone if self._met else CrmFailed("E326", f"`{host}` does not speak TLS there"),
            Broken.UNTRUSTED: CrmFailed("E326", f"the certificate of `{host}` is not trusted"),
            Broken.PROXY: Unreached(f"the proxy did not let through to {name}"),
            Broken.LOST: self._lost(request, "the connection broke before the answer ended"),
            Broken.NO_PLACE: NotFound(request.said("nothing has such an address")),
            Broken.TOO_LONG: self._odd(request, "the answer does not end"),
        }
        return errors[answer]

    def _read(self, request: Request[Shape], answer: Answer) -> Shape | AdapterError:
        found: Any = (
            web_page(answer.content, answer.headers)  # nothing of it is read, but this is no success
            if request.shape is None
            else read(request.shape, answer.content, answer.headers)
        )
        if not isinstance(found, NotRead):
            self._met = True
            return found  # type: ignore[no-any-return] # it is of the request's shape
        if found.page and not self._met:
            return CrmFailed("E323", f"a web page answers there, not the API of {self._vendor.name}")
        return self._odd(request, found.why) if found.json else self._lost(request, found.why)

    def _lost(self, request: Request[Any], why: str) -> AdapterError:
        """Nobody knows whether it was done; of a read nothing needed to be."""
        return Unavailable(request.said(why)) if request.reads else Uncertain(request.said(why))

    def _odd(self, request: Request[Any], why: str) -> AdapterError:
        """A success whose answer cannot be understood, and would not be a second time. A creation was probably done."""
        return CrmFailed("E309", request.said(why)) if request.harmless else Uncertain(request.said(why))

    def _refused(self, request: Request[Any], answer: Answer) -> _Trouble:
        """None of 5xx can be trusted to mean that nothing was done."""
        status, after = answer.status, retry_after(answer.headers, self._clock)
        if 300 <= status < 400:
            return _Trouble(CrmFailed("E325", request.said(f"status {status}")))
        if status >= 500 or status == 408:
            return self._asked(request, self._lost(request, f"it answered with status {status}"), after)
        if status == 404 and request.kind is Call.CONNECT and request.method == "GET":
            return _Trouble(CrmFailed("E323", request.said(f"there is no API of {self._vendor.name}, or not that one")))
        body = json_of(answer.content)
        self._met = self._met or body is not None
        told = self._told(Refusal(status, body, request.kind, request.endpoint or request.kind.value))
        error = told or _by_status(request, status)
        if isinstance(told, RateLimited):
            after = max(after, told.after)
        return self._asked(request, error, after)

    def _told(self, refusal: Refusal) -> AdapterError | None:
        """The vendor's own reading. One that stumbles over a body of another shape has read nothing."""
        try:
            return self._vendor.refused(refusal)
        except (ValueError, TypeError, LookupError, AttributeError):
            return None

    def _asked(self, request: Request[Any], error: AdapterError, after: float) -> _Trouble:
        """The error, and the pause that the vendor asks for; where that is too long, it is said until when."""
        if after > _LONGEST_ASKED:
            if isinstance(error, (RateLimited, Unavailable)):
                until = self._clock.now() + timedelta(seconds=min(after, 366 * 86_400))
                error = QuotaUsedUp(request.said(f"again after {until:%Y-%m-%d %H:%M} UTC"), after=after)
            error.repeated = True
        return _Trouble(error, after)

    def _pause(self, request: Request[Any], attempt: int, trouble: _Trouble) -> None:
        """Before the next attempt: as long as the vendor asks for, else doubling, and spread by chance. Where the
        vendor says that there were too many calls, everything of the bucket waits."""
        doubled = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE) * (0.5 + self._chance())
        seconds = trouble.after + 0.1 * self._chance() if trouble.after else doubled
        said: dict[str, Fact] = {"endpoint": request.endpoint or request.kind.value, "attempt": attempt}
        self._events.tell(Event.RETRY, {**said, "seconds": round(seconds, 3), "code": trouble.error.code})
        if isinstance(trouble.error, RateLimited):
            self._pace(request).hold(seconds)
        else:
            self._clock.sleep(seconds)
            self.meter.wait(seconds)

    def _workers(self) -> int:
        """Calls on the way at once that use the whole rate, and half as many again since they do not end in order."""
        return math.ceil(1.5 * self._rate * self._latency) + 1


def _given_up(request: Request[Any], error: AdapterError) -> AdapterError:
    """What is raised in the end. Whether something was done that may be done again does not matter: it is down."""
    if isinstance(error, Uncertain) and request.harmless:
        error = Unavailable(error.detail, error.fix)
    error.repeated = True
    return error


def _by_status(request: Request[Any], status: int) -> AdapterError:
    said = request.said(f"status {status}")
    if status == 429:
        return RateLimited(request.said("too many calls"), after=0.0)
    if status in (423, 425):
        return Unavailable(said)
    if status in (401, 403, 407):
        return AuthFailed(said)
    return NotFound(said) if status in (404, 410) else Rejected(said)


def quoted(part: str) -> str:
    """A part of a path; nothing in it is a separator. Raises NotFound for those that are none: there is
    nothing of such an id."""
    if part in ("", ".", ".."):
        raise NotFound("nothing has such an id")
    return quote(part, safe="")
