"""What is remembered about a file, for `reconciler status`: plain data, nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.history import RunFacts


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run of plan or apply: its id, when (UTC, ISO), the digest of the file, how it ended ("" while it did not)."""

    run: str = ""
    at: str = ""
    config: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run of apply that is remembered. `kept`: its outcome can be shown; `counts`: what it wrote, by the names of
    `model.outcome.Written`, empty where that is not kept. `problems`: of its outcome. `changed`: the file was another
    one at the run before. `facts`: what the history was told at its beginning, None where that is not kept. `undo`:
    until when it can be undone, UTC, ISO; "" if it cannot."""

    run: LastRun
    kept: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: int = 0
    changed: bool = False
    facts: RunFacts | None = None
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """`account` "": the CRM does not exist yet, or nothing is remembered (`known` False). `lock`: who applies now, ""
    if nobody does. `counts` and `sizes` (bytes) by word and by file name. `kept_plan` and `kept_runs`: what `show` can
    show. `next_full_read`: when all contacts are read again, in words or as a time (UTC, ISO); "": it is not known.
    `shared`: the shared state of which `state` is a copy, and its version; "" without one."""

    file: str
    state: str
    known: bool = False
    account: str = ""
    plan: LastRun = field(default_factory=LastRun)
    apply: LastRun = field(default_factory=LastRun)
    lock: str = ""
    unfinished: LastRun | None = None
    open_creates: int = 0
    kept_plan: bool = False
    kept_runs: int = 0
    next_full_read: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    shared: str = ""
