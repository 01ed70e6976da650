"""The HTTP door: what every adapter of a web API sends its requests through. httpx is imported here alone.

It paces each request in its vendor's bucket, repeats what may be repeated, and turns every bad answer into one of our
errors with a sentence of ours. An adapter says what a request is (`Request`) and what of the answer it reads (a
pydantic model, its *shape*); keys that the shape does not name are not looked at.
"""

from __future__ import annotations

import logging
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

import httpx
import orjson
from pydantic import TypeAdapter, ValidationError

from reconciler import __version__
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
from reconciler.adapters.meter import Meter
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Call
from reconciler.model.clock import Clock

Shape = TypeVar("Shape")

ATTEMPTS = 6
_FIRST_PAUSE = 0.5  # seconds; doubled each time
_LONGEST_PAUSE = 60.0
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_AGENT = f"crm-reconciler/{__version__}"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)  # they write addresses, and so people's e-mails


def bearer(token: str) -> dict[str, str]:
    """A token as most APIs want it."""
    return {"Authorization": f"Bearer {token}"}


def basic(user: str, password: str) -> dict[str, str]:
    """A user and a password (RFC 7617)."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit of the vendor's: `calls` in any `per` seconds. Paced one below it. `left` and `window`: names of the
    headers that say how many calls are left in how many milliseconds, "" where the vendor has none."""

    calls: int
    per: float
    left: str = ""
    window: str = ""

    @property
    def rate(self) -> float:
        """Calls a second."""
        return max(1, self.calls - 1) / self.per


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
    reading of a refusal; None: by its status alone."""

    name: str
    buckets: Mapping[str, Bucket]
    refused: Reads = lambda _refusal: None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request(Generic[Shape]):
    """One request. `path` begins with /, its parts are quoted by `quoted`. `endpoint`: its name in errors, without any
    value. `shape`: what is read of the answer; None: nothing. `repeat`: whether sending it twice does no harm; None: as
    the method says, so that a POST is not repeated unless it is known not to have arrived. `good`: statuses of success.
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
        return self.method in (*_READS, "PUT", "PATCH", "DELETE") if self.repeat is None else self.repeat

    @property
    def reads(self) -> bool:
        return self.method in _READS or (self.method == "POST" and self.repeat is True)


class Http:
    """One client for one vendor and account, for all doors of a run; `meter` counts what it sends."""

    def __init__(self, vendor: Vendor, url: str, auth: Mapping[str, str], opening: Opening) -> None:
        self._vendor = vendor
        self._clock = opening.clock
        self._chance = opening.chance
        self._paces = {name: Pace(bucket, opening) for name, bucket in vendor.buckets.items()}
        self._latency = 0.2
        self.meter = Meter(self._workers if opening.workers is None else lambda: opening.workers or 1)
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"User-Agent": _AGENT, "Accept": "application/json", **vendor.headers, **auth},
            timeout=_TIMEOUT,
            transport=opening.transport,
            follow_redirects=False,
        )

    def close(self) -> None:
        self.meter.close()
        self._client.close()

    def send(self, request: Request[Shape]) -> Shape:
        """The answer's shape. Raises the errors of the door, those of repeated calls with `repeated` set."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(request)
            except (RateLimited, Unavailable, Uncertain) as error:
                again = request.harmless or not isinstance(error, Uncertain)
                if attempt == ATTEMPTS or not again or error.repeated:
                    error.repeated = True
                    raise
                self._clock.sleep(self._pause(attempt, error))
        raise AssertionError("the last attempt returns or raises")

    def _once(self, request: Request[Shape]) -> Shape:
        pace = self._paces.get(request.bucket) or self._paces[""]
        pace.wait()
        self.meter.count(request.kind)
        began = self._clock.monotonic()
        content = None if request.body is None else orjson.dumps(request.body)
        headers = {"Content-Type": "application/json"} if content is not None else {}
        query = tuple((key, str(value)) for key, value in request.query)
        try:
            answer = self._client.request(
                request.method, request.path, params=query or None, content=content, headers=headers
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            raise Unavailable(f"{self._vendor.name} could not be reached") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise CrmFailed("E323", "the address is none of a web server") from None
        except (httpx.HTTPError, httpx.StreamError):
            raise self._lost(request, "the connection broke before the answer") from None
        self._latency += (self._clock.monotonic() - began - self._latency) / 8
        pace.told(answer.headers)
        return self._read(request, answer)

    def _read(self, request: Request[Shape], answer: httpx.Response) -> Shape:
        if not answer.is_success:
            raise self._refused(request, answer)
        if request.shape is None:
            return None  # type: ignore[return-value] # nothing was asked for
        try:
            body = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            raise self._lost(request, "the answer is no JSON") from None
        try:
            read: Shape = _reader(request.shape).validate_python(body)
            return read
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
            raise self._odd(request, f"`{where}` of the answer is not what it should be") from None

    def _lost(self, request: Request[Any], why: str) -> AdapterError:
        """Nobody knows whether it was done; of a read nothing needed to be."""
        detail = f"{request.endpoint or request.kind.value}: {why}"
        return Unavailable(detail) if request.reads else Uncertain(detail)

    def _odd(self, request: Request[Any], why: str) -> AdapterError:
        """A success whose answer cannot be understood: a write was probably done."""
        detail = f"{request.endpoint or request.kind.value}: {why}"
        return CrmFailed("E309", detail) if request.reads else Uncertain(detail)

    def _refused(self, request: Request[Any], answer: httpx.Response) -> AdapterError:
        endpoint = request.endpoint or request.kind.value
        try:
            body = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            body = None
        status = answer.status_code
        if status == 429:
            return RateLimited(f"{endpoint}: too many calls", after=retry_after(answer.headers, self._clock) or 0.0)
        if status >= 500:
            return self._lost(request, f"it answered with status {status}")
        told = self._vendor.refused(Refusal(status, body, request.kind, endpoint))
        if told is not None:
            return told
        if status in (401, 403):
            return AuthFailed(f"{endpoint}: status {status}")
        if status in (404, 410):
            return NotFound(f"{endpoint}: status {status}")
        return Rejected(f"{endpoint}: status {status}")

    def _pause(self, attempt: int, error: AdapterError) -> float:
        """Seconds before the next attempt: what the vendor asks for, else doubling and spread by chance."""
        asked = error.after if isinstance(error, RateLimited) else 0.0
        doubled = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
        return asked + 0.1 * self._chance() if asked else doubled * (0.5 + self._chance())

    def _workers(self) -> int:
        return math.ceil(self._paces[""].rate * self._latency) + 1


class Pace:
    """The generic cell rate algorithm without bursts, one below the vendor's limit; obeys what headers say is left."""

    def __init__(self, bucket: Bucket, opening: Opening) -> None:
        self._bucket = bucket
        self._clock: Clock = opening.clock
        self.rate = min(bucket.rate, opening.rate or math.inf)
        self._free_at = -math.inf
        self._lock = Lock()

    def wait(self) -> None:
        with self._lock:
            now = self._clock.monotonic()
            at = max(self._free_at, now)
            self._free_at = at + 1.0 / self.rate
        if at > now:
            self._clock.sleep(at - now)

    def told(self, headers: Mapping[str, str]) -> None:
        """What the answer says is left of the window: with nothing left, nothing is sent before it has passed."""
        bucket = self._bucket
        if not bucket.left or headers.get(bucket.left, "") != "0":
            return
        window = headers.get(bucket.window, "") if bucket.window else ""
        seconds = int(window) / 1000 if window.isdigit() else bucket.per
        with self._lock:
            self._free_at = max(self._free_at, self._clock.monotonic() + seconds)


def retry_after(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Seconds that `Retry-After` asks for, in either of its forms (RFC 9110, 10.2.3); None without one."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return None


def quoted(part: str) -> str:
    """A part of a path; nothing in it is a separator."""
    from urllib.parse import quote

    return quote(part, safe="")


_READERS: dict[type[Any], TypeAdapter[Any]] = {}


def _reader(shape: type[Any]) -> TypeAdapter[Any]:
    if shape not in _READERS:
        _READERS[shape] = TypeAdapter(shape)
    return _READERS[shape]
