"""Calls to the CRM: counted by kind, held to a pace, repeated when nothing was done. Who calls stays out of here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from reconciler.adapters.errors import RateLimited, Unavailable
from reconciler.adapters.meter import Meter
from reconciler.model.capabilities import READS, Call, Capabilities
from reconciler.model.clock import Clock
from reconciler.model.events import Event, Events, Fact, Unheard
from reconciler.model.plan import EndpointCost
from reconciler.runtime.recording import current as recorder

T = TypeVar("T")

ATTEMPTS = 6
_FIRST_PAUSE = 0.5  # seconds; doubled each time
_LONGEST_PAUSE = 60.0
_TOLD = 0.001  # seconds of waiting that are worth to be told


class Pace:
    """The generic cell rate algorithm without bursts: one call each `1 / rate` seconds, waiting before it."""

    def __init__(self, rate: float | None, clock: Clock) -> None:
        self._interval = 1.0 / rate if rate else 0.0
        self._clock = clock
        self._free_at = float("-inf")

    def wait(self) -> float:
        """Wait for a turn; how many seconds that were."""
        if not self._interval:
            return 0.0
        now = self._clock.monotonic()
        waited = max(0.0, self._free_at - now)
        if waited:
            self._clock.sleep(waited)
        self._free_at = max(self._free_at, now) + self._interval
        return waited


class Calls:
    """Makes calls. `most`: no write begins that would bring all calls above that number."""

    def __init__(
        self, capabilities: Capabilities, clock: Clock, most: int | None = None, meter: Meter | None = None
    ) -> None:
        """`meter`: of a door that counts, paces and repeats its requests itself."""
        self._endpoints = capabilities.endpoints
        self._clock = clock
        self._pace = Pace(capabilities.rate if capabilities.paced else None, clock)
        self._most = most
        self._meter = meter
        self._recorder = recorder()
        self.counts: Counter[Call] = meter.counts if meter else Counter()
        self.events: Events = Unheard()
        self._waited = 0.0

    def make(self, kind: Call, call: Callable[[], T]) -> T:
        """One call and its answer. RateLimited and Unavailable are repeated, with growing pauses, then raised. Raises
        Failure where nothing may be written any more (`runtime.recording`)."""
        for attempt in range(1, ATTEMPTS + 1):
            if kind not in READS:
                self._recorder.before_write()
            self.spend(kind)
            try:
                return call()
            except (RateLimited, Unavailable) as error:
                if attempt == ATTEMPTS or error.repeated:
                    raise
                self._repeat(kind, attempt, error)
        raise AssertionError("the last attempt returns or raises")

    def spend(self, kind: Call) -> None:
        """Count and pace a call that is made elsewhere (a page of an iterator)."""
        if self._meter is not None:
            return
        self._waited += self._pace.wait()
        self.counts[kind] += 1

    def _repeat(self, kind: Call, attempt: int, error: RateLimited | Unavailable) -> None:
        seconds = pause(attempt, error)
        facts: dict[str, Fact] = {"endpoint": self._name(kind), "attempt": attempt, "seconds": seconds}
        self.events.tell(Event.RETRY, {**facts, "code": error.code})
        self._clock.sleep(seconds)
        self._waited += seconds

    def tell(self) -> None:
        """The calls made so far, and how long they waited, to who hears it."""
        for made in self.made():
            self.events.tell(Event.CALLS, {"endpoint": made.name, "calls": made.calls, "write": made.write})
        waited = self._waited + (self._meter.waited if self._meter else 0.0)
        if waited >= _TOLD:
            self.events.tell(Event.WAITED, {"seconds": round(waited, 3)})

    def requests(self, kind: Call) -> int:
        """How many calls one of that kind is."""
        endpoint = self._endpoints.get(kind)
        return 1 + len(endpoint.also) if endpoint else 1

    def room(self, calls: int) -> bool:
        """Whether so many more calls are allowed."""
        return self._most is None or self.counts.total() + calls <= self._most

    def reads(self) -> Mapping[Call, int]:
        return {kind: count for kind, count in self.counts.items() if kind in READS}

    def made(self) -> tuple[EndpointCost, ...]:
        """The calls made so far, by the names of the adapter's price list, sorted."""
        rows: Counter[tuple[str, bool]] = Counter()
        for kind, count in self.counts.items():
            rows[self._name(kind), kind not in READS] += count
        return tuple(EndpointCost(name, count, write) for (name, write), count in sorted(rows.items()))

    def _name(self, kind: Call) -> str:
        endpoint = self._endpoints.get(kind)
        return endpoint.name if endpoint else kind.value


def pause(attempt: int, error: RateLimited | Unavailable) -> float:
    """Seconds to wait after that attempt (from 1): what the CRM asks for, else doubling; never more than a minute."""
    asked = error.after if isinstance(error, RateLimited) else 0.0
    return min(asked or _FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
