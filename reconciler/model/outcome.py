"""What an apply did: plain data, printed and returned as it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.plan import EndpointCost, Plan
from reconciler.model.problems import Problem


class Result(StrEnum):
    NONE = "none"
    APPLIED = "applied"
    PARTIAL = "partial"
    REFUSED = "refused"
    DECLINED = "declined"
    INTERRUPTED = "interrupted"


@dataclass(slots=True)
class Written:
    """What really happened, by kind. `failed` items were refused by the CRM or the source; `moved` had changed since
    they were read; `left` were not reached (interrupted, or out of calls); `recovered` went another way (found instead
    of created). `pulled`: values written into the source, in so many `rows`; `moved_rows` had changed since they were
    read."""

    inventory: int = 0
    created: int = 0
    updated: int = 0
    values: int = 0
    tags_applied: int = 0
    tags_removed: int = 0
    rewritten: int = 0
    recovered: int = 0
    failed: int = 0
    moved: int = 0
    left: int = 0
    pulled: int = 0
    rows: int = 0
    moved_rows: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`calls` are those really made, reads and writes; `problems` one per cause, with counts, never per contact."""

    result: Result
    plan: Plan
    run: str
    written: Written
    calls: tuple[EndpointCost, ...] = ()
    problems: tuple[Problem, ...] = ()
