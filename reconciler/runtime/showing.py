"""`show`: what is kept of plans and runs, found by name. Neither door is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Never

from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Place
from reconciler.model.status import KeptRun
from reconciler.runtime.kept import KeptRuns, Shown
from reconciler.runtime.request import Request

if TYPE_CHECKING:
    from reconciler.model.history import RunFacts
    from reconciler.runtime.keptwrites import KeptWrites
    from reconciler.runtime.state import State

PLAN, LAST = "plan", "last"


def shown(request: Request, name: str) -> Shown:
    """The plan made last (`plan`), the last run (`last`), or the run of that id or unique beginning. Raises Failure
    E530, E531."""
    with state_of(request) as state:
        kept = KeptRuns(state.path) if state else None
        if name == PLAN:
            found = kept.plan() if kept else None
            if state is None or found is None:
                _nothing(request, "no plan", "run `reconciler plan`")
            return replace(found, settled=state.last("apply").at >= found.at)
        run = found_run(request, name, kept.runs() if kept else ())
        return (kept.run(run) if kept else None) or _nothing(request, f"nothing of run {run}")


def kept_runs(request: Request) -> tuple[KeptRun, ...]:
    """The runs that are remembered, the newest first, with the counts of those that are kept. Raises Failure E531."""
    from reconciler.runtime.journal import Journal
    from reconciler.runtime.keptwrites import KeptWrites

    with state_of(request) as state:
        if state is None:
            return ()
        kept = KeptRuns(state.path)
        known = set(kept.runs())
        journal = Journal(state.path)
        try:
            runs = journal.runs()
        finally:
            journal.close()
        writes, now = KeptWrites(state.path, state.key), request.clock.now()
        found = []
        for run, former in zip(runs, [*runs[1:], None], strict=False):
            counts, problems = _counts(kept, run.run) if run.run in known else ({}, 0)
            facts = _facts(writes, run.run)
            until = facts.until if facts is not None and writes.befores_of(run.run, now) is not None else ""
            changed = former is not None and former.config != run.config
            found.append(KeptRun(run, run.run in known, counts, problems, changed, facts, until))
        return tuple(found)


def _facts(writes: KeptWrites, run: str) -> RunFacts | None:
    """What is known of its beginning; a damaged file tells nothing here."""
    try:
        return writes.facts(run)
    except Failure:
        return None


def _counts(kept: KeptRuns, run: str) -> tuple[dict[str, int], int]:
    """What it wrote, and how many problems its outcome has."""
    found = kept.run(run)
    written = found.document.written if found is not None else None
    return written.model_dump() if written is not None else {}, len(found.document.problems) if found else 0


def found_run(request: Request, name: str, runs: Sequence[str], code: str = "E530") -> str:
    """The run of that id, or the only one that begins so; `last` is the newest. Raises Failure."""
    if name == LAST and runs:
        return runs[0]
    found = [run for run in runs if run.startswith(name)]
    if name in found:
        return name
    if len(found) > 1:
        fix = f"write more of it: {' or '.join(f'`{run}`' for run in found[:3])}"
        raise Failure(problem(code, f"`{name}` begins {len(found)} runs", Place(str(request.file)), fix))
    return found[0] if found else _nothing(request, "no run" if name == LAST else f"no run `{name}`", code=code)


def _nothing(request: Request, what: str, fix: str | None = None, code: str = "E530") -> Never:
    raise Failure(problem(code, f"{what} is kept of this file", Place(str(request.file)), fix))


@contextmanager
def state_of(request: Request) -> Iterator[State | None]:
    from reconciler.runtime.shared.opening import brought_up_to_date, shared_state
    from reconciler.runtime.state import current_state

    brought_up_to_date(request, shared_state(request))
    folder = request.folder
    state = current_state(folder) if folder.exists() else None
    try:
        yield state
    finally:
        if state is not None:
            state.close()
