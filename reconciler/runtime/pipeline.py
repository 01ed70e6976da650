"""The whole program as functions: load, observe, diff, and for an apply guard, ask, carry out, remember.

Everything that comes from outside is in the `Request`; nothing here asks the machine for time, randomness or variables.
What a function needs is imported when it is called: `validate` and `status` start without the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.desired import Desired
from reconciler.model.problems import Problem
from reconciler.runtime.request import Request

if TYPE_CHECKING:
    from reconciler.config.wp_fusion import Translated
    from reconciler.model.checks import Check
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
    from reconciler.model.status import KeptRun, Status
    from reconciler.model.why import Why, Written
    from reconciler.runtime.discovering import Look, Seen
    from reconciler.runtime.formatting import Formatted
    from reconciler.runtime.importing import Asked
    from reconciler.runtime.kept import Shown
    from reconciler.runtime.savedplan import SavedPlan
    from reconciler.runtime.starting import Told

__all__ = [
    "Request",
    "apply",
    "drift",
    "examine",
    "forget",
    "format_content",
    "format_files",
    "import_inventory",
    "import_wp_fusion",
    "kept_runs",
    "look_around",
    "plan",
    "release",
    "saved_plan",
    "shown",
    "start",
    "status",
    "undo",
    "validate",
    "why",
    "write_formatted",
    "write_new",
    "writes_to",
]


def validate(request: Request, offline: bool) -> tuple[Desired, tuple[Problem, ...]]:
    """The file, resolved, and what is to be said about it and the source's columns (not looked at when `offline`).

    Never touches the CRM. Raises Failure with all problems when the file is wrong.
    """
    from reconciler.config import check_columns
    from reconciler.planning.allowances import allowance_problems, judged_on, leveled
    from reconciler.runtime.doors import columns_of, open_source, source_problems, why_missing
    from reconciler.runtime.loading import load_file

    desired = load_file(request, digested=False)
    today = judged_on(request.clock.now(), request.moment)
    problems = (*desired.warnings, *leveled(allowance_problems(desired, today), desired.rules))
    if not offline:
        with open_source(desired.source, request.opening(desired.source)) as source:
            problems += source_problems(desired, source)
            problems += tuple(check_columns(desired, columns_of(desired, source), why_missing(source)))
    return desired, problems


def plan(request: Request) -> Plan:
    """What an apply would do. Writes nothing but state. Raises Failure."""
    from reconciler.runtime.approving import check_place, save
    from reconciler.runtime.disk import full_disk_said
    from reconciler.runtime.session import last_run, open_session

    check_place(request.out)
    with full_disk_said(), open_session(request) as session:
        made = session.diff(request, remember=False)
        session.state.set_last("plan", last_run(made.id, request, made, "changes" if made.pending else "none"))
        session.keep_plan(request, made)
        if request.out is not None:
            save(request, session, made, request.out)
        return made


def drift(request: Request) -> Plan:
    """The plan, where it can tell what somebody else moved since the last apply. Raises Failure."""
    from reconciler.model.messages import problem
    from reconciler.model.problems import Failure
    from reconciler.runtime.disk import full_disk_said
    from reconciler.runtime.session import open_session

    with full_disk_said(), open_session(request) as session:
        made = session.diff(request, remember=False)
        if not made.drift_since:
            raise Failure(problem("E534", str(request.file)))
        return made


def apply(request: Request, confirm: Callable[[Plan], bool], stop: Callable[[], bool]) -> Outcome:
    """Plan and, if no guard stands against it and `confirm` agrees, carry the plan out. `stop` is asked before every
    write; what is in flight ends first. Of a saved plan only what it approved is carried out. Raises Failure, also in
    the middle, where nothing may go on."""
    from reconciler.model.outcome import Outcome, Result, Written
    from reconciler.runtime.apply import Work
    from reconciler.runtime.approving import approval
    from reconciler.runtime.disk import full_disk_said
    from reconciler.runtime.refusals import refusals
    from reconciler.runtime.relinking import ANEW
    from reconciler.runtime.session import applying_alone, open_session

    with full_disk_said(), applying_alone(request), open_session(request) as session:
        approved = approval(request, session)
        request = approved.request
        made = approved.of(session.diff(request, remember=True))
        session.keep_plan(request, made)
        anew = request.relink == ANEW
        moments, source = request.clock.now, session.source
        work = Work(made, session.desired, session.inventory, request.scope, moments, source, anew)
        calls = session.gateway.calls
        if refused := refusals(made):
            return Outcome(Result.REFUSED, made, "", Written(), calls.made(), refused)
        if not made.pending:
            session.nothing_to_do(request, work)
            approved.ended(Result.NONE.value)
            return Outcome(Result.NONE, made, "", Written(), calls.made())
        session.gateway.check_rights(made.cost.endpoints)
        if not confirm(made):
            return Outcome(Result.DECLINED, made, "", Written(), calls.made())
        approved.ended("begun")
        outcome = session.carry_out(request, work, stop)
        approved.ended(outcome.result.value)
        return outcome


def status(request: Request) -> Status:
    """What is remembered about the file. Opens neither door."""
    from reconciler.config.load import refresh_of
    from reconciler.model.status import Status
    from reconciler.runtime.caches import cache_folder, next_full_read
    from reconciler.runtime.journal import Journal
    from reconciler.runtime.kept import KeptRuns
    from reconciler.runtime.keptwrites import KeptWrites
    from reconciler.runtime.lock import said
    from reconciler.runtime.shared.opening import brought_up_to_date, shared_state
    from reconciler.runtime.state import current_state

    folder = request.folder
    shared = brought_up_to_date(request, shared_state(request))
    nothing = Status(str(request.file), str(folder.path), shared=shared.said if shared else "")
    state = current_state(folder) if folder.exists() else None
    if state is None:
        return nothing
    with ExitStack() as stack:
        stack.callback(state.close)
        journal = Journal(state.path)
        stack.callback(journal.close)
        kept, caches = KeptRuns(state.path), cache_folder(state, request)
        writes = KeptWrites(state.path, state.key)
        writes.sweep(request.clock.now())
        cached = {f"caches/{kind}": size for kind, size in caches.sizes().items()}
        return replace(
            nothing,
            known=True,
            account=state.fact("account") or state.fact("learnt"),
            plan=state.last("plan"),
            apply=state.last("apply"),
            lock=said(folder.lock) or (shared.holder if shared else ""),
            unfinished=journal.unfinished(),
            open_creates=len(journal.open_creates()),
            counts=state.counts(),
            kept_plan=kept.has_plan(),
            kept_runs=len(kept.runs()),
            next_full_read=next_full_read(caches, refresh_of(request.file), request.clock.now()),
            sizes={**folder.sizes(), "shown": kept.size(), "writes": writes.size(), **cached},
        )


def forget(request: Request, what: str = "all") -> None:
    """Forget what is remembered, or one part of it (`state.FORGETTABLE`). Raises Failure E507 while an apply runs."""
    from reconciler.runtime.caches import cache_folder
    from reconciler.runtime.journal import Journal
    from reconciler.runtime.kept import KeptRuns
    from reconciler.runtime.keptwrites import KeptWrites
    from reconciler.runtime.session import applying_alone
    from reconciler.runtime.shared.opening import shared_state
    from reconciler.runtime.state import current_state

    folder = request.folder
    if not folder.exists() and shared_state(request) is None:
        return
    with applying_alone(request), ExitStack() as stack:
        state = current_state(folder)
        if state is None:
            return
        stack.callback(state.close)
        state.forget(what)
        journal = Journal(state.path)
        stack.callback(journal.close)
        if what in ("all", "links"):
            journal.forget_addresses()
        if what in ("all", "snapshot", "rewrites"):  # pairs that a rewrite settled are in the caches, too
            cache_folder(state, request).forget()
        if what in ("all", "runs"):
            KeptRuns(state.path).forget()
            KeptWrites(state.path, state.key).forget()
            journal.forget()


def release(request: Request) -> str:
    """Take the lease of a shared state from an apply that is gone: who had it; "" if nobody did. Raises Failure."""
    from reconciler.runtime.shared.opening import release

    return release(request)


def shown(request: Request, name: str) -> Shown:
    """What is kept of a plan or a run; see `runtime.showing`. Raises Failure."""
    from reconciler.runtime.showing import shown

    return shown(request, name)


def saved_plan(request: Request, path: Path) -> SavedPlan:
    """What `plan --out` wrote; see `runtime.savedplan`. Raises Failure."""
    from reconciler.runtime.savedplan import saved_plan

    return saved_plan(request, path)


def kept_runs(request: Request) -> tuple[KeptRun, ...]:
    """The runs that are remembered, the newest first. Raises Failure."""
    from reconciler.runtime.showing import kept_runs

    return kept_runs(request)


def writes_to(request: Request, person: str) -> tuple[Written, ...]:
    """What the runs that are remembered wrote to one person (their id in the source), the newest first. Raises
    Failure."""
    from reconciler.runtime.history import writes_to

    return writes_to(request, person)


def undo(
    request: Request, run: str, clear_created: bool, confirm: Callable[[Plan], bool], stop: Callable[[], bool]
) -> Outcome:
    """Put back what a run wrote, where the CRM still holds it; see `runtime.undoing`. Raises Failure."""
    from reconciler.runtime.undoing import undo

    return undo(request, run, clear_created, confirm, stop)


def why(request: Request, person: str, name: str, offline: bool) -> Why:
    """Why a field or tag (`tag:NAME`) of one person is as it is; see `runtime.why`. Raises Failure."""
    from reconciler.runtime.disk import full_disk_said
    from reconciler.runtime.why import why

    with full_disk_said():
        return why(request, person, name, offline)


def format_files(files: Sequence[Path]) -> tuple[Formatted, ...]:
    """The files in their canonical form; nothing is written. Raises Failure with all problems of all of them."""
    from reconciler.runtime.formatting import format_files

    return format_files(files)


def format_content(content: bytes, name: str) -> Formatted:
    """A text in its canonical form. Raises Failure with all its problems."""
    from reconciler.runtime.formatting import format_content

    return format_content(content, name)


def write_formatted(formatted: Formatted) -> None:
    """Put the canonical form in the file's place. Raises Failure."""
    from reconciler.runtime.formatting import write_formatted

    write_formatted(formatted)


def examine(request: Request, terminal: bool) -> tuple[Check, ...]:
    """Whether everything is as a run needs it; see `runtime.doctor`. Raises nothing: what fails is a check."""
    from reconciler.runtime.doctor import examine

    return examine(request, terminal)


def look_around(request: Request, look: Look) -> Seen:
    """What the source's columns hold and which CRM fields they probably fill. Writes nothing. Raises Failure."""
    from reconciler.runtime.discovering import look_around

    return look_around(request, look)


def import_inventory(request: Request, look: Look, told: Told, folder: Path) -> str:
    """The CRM's fields and tags as the text of a file for `folder`. Writes nothing. Raises Failure."""
    from reconciler.runtime.starting import import_inventory

    return import_inventory(request, look, told, folder)


def import_wp_fusion(request: Request, asked: Asked, folder: Path) -> Translated:
    """WP Fusion's settings as the text of a file for `folder`, and what has no equivalent. Raises Failure."""
    from reconciler.runtime.importing import import_wp_fusion

    return import_wp_fusion(request, asked, folder)


def start(seen: Seen, look: Look, told: Told, folder: Path) -> str:
    """The text of a first file for `folder`. Raises Failure with everything that has to be told."""
    from reconciler.runtime.starting import start

    return start(seen, look, told, folder)


def write_new(path: Path, text: str, force: bool) -> None:
    """Write a file; over another one only with `force`. Raises Failure."""
    from reconciler.runtime.starting import write_new

    write_new(path, text, force)
