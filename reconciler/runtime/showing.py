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
    from reconciler.runtime.state import State

PLAN, LAST = "plan", "last"


def shown(request: Request, name: str) -> Shown:
    """The plan made last (`plan`), the last run (`last`), or the run of that id or unique beginning. Raises Failure
    E530, E531."""
    with _state(request) as state:
        kept = KeptRuns(state.path) if state else None
        if name == PLAN:
            found = kept.plan() if kept else None
            if state is None or found is None:
                _nothing(request, "no plan", "run `reconciler plan`")
            return replace(found, settled=state.last("apply").at >= found.at)
        run = _found(request, name, kept.runs() if kept else ())
        return (kept.run(run) if kept else None) or _nothing(request, f"nothing of run {run}")


def kept_runs(request: Request) -> tuple[KeptRun, ...]:
    """The runs that are remembered, the newest first, with the counts of those that are kept. Raises Failure E531."""
    from reconciler.runtime.journal import Journal

    with _state(request) as state:
        if state is None:
            return ()
        kept = KeptRuns(state.path)
        known = set(kept.runs())
        journal = Journal(state.path)
        try:
            runs = journal.runs()
        finally:
            journal.close()
        return tuple(KeptRun(run, run.run in known, _counts(kept, run.run) if run.run in known else {}) for run in runs)


def _counts(kept: KeptRuns, run: str) -> dict[str, int]:
    found = kept.run(run)
    written = found.document.written if found is not None else None
    return written.model_dump() if written is not None else {}


def _found(request: Request, name: str, runs: Sequence[str]) -> str:
    if name == LAST:
        return runs[0] if runs else _nothing(request, "no run")
    found = [run for run in runs if run.startswith(name)]
    if name in found:
        return name
    if len(found) > 1:
        fix = f"write more of it: {' or '.join(f'`{run}`' for run in found[:3])}"
        raise Failure(problem("E530", f"`{name}` begins {len(found)} runs", Place(str(request.file)), fix))
    return found[0] if found else _nothing(request, f"no run `{name}`")


def _nothing(request: Request, what: str, fix: str | None = None) -> Never:
    raise Failure(problem("E530", f"{what} is kept of this file", Place(str(request.file)), fix))


@contextmanager
def _state(request: Request) -> Iterator[State | None]:
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
