"""`doctor`: one check after the other, each told whatever the others say. Nothing is written to a CRM or a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from reconciler.model.capabilities import Call
from reconciler.model.checks import Check, Verdict
from reconciler.model.problems import Exit, Failure, Level, Problem
from reconciler.report.words import some
from reconciler.runtime.failures import doors_said
from reconciler.runtime.request import Request

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.adapters.source import Source
    from reconciler.model.capabilities import Capabilities
    from reconciler.model.desired import Desired
    from reconciler.runtime.gateway import Gateway

T = TypeVar("T")


@dataclass(slots=True)
class Looked:
    """What a check has to say when nothing was raised."""

    said: str
    verdict: Verdict = Verdict.OK
    fix: str = ""


@dataclass(slots=True)
class Checks:
    """The checks made so far, in order."""

    request: Request
    made: list[Check] = field(default_factory=list)

    def run(self, name: str, look: Callable[[], Looked | Check], needs: str = "") -> bool:
        """Whether it did not fail. `needs`: the check without which it is skipped."""
        self.request.progress.stage(name)
        if needs and self._lacks(needs):
            self.made.append(Check(name, Verdict.SKIP, f"needs what `{needs}` looks at"))
            return False
        check = _looked(name, look)
        self.made.append(check)
        return check.verdict is not Verdict.FAIL

    def _lacks(self, needs: str) -> bool:
        return any(c.name == needs and c.verdict in (Verdict.FAIL, Verdict.SKIP) for c in self.made)


def examine(request: Request, terminal: bool) -> tuple[Check, ...]:
    """All checks. `terminal`: whether somebody reads the output there. Raises nothing: what fails is a row."""
    from reconciler.runtime.machine import extras_check, locale_check, program_check
    from reconciler.runtime.statecheck import state_checks

    checks = Checks(request)
    checks.run("program", program_check)
    checks.run("extras", extras_check)
    checks.run("terminal", lambda: locale_check(request.env, terminal))
    _doors(checks)
    for name, look, needs in state_checks(request):
        checks.run(name, look, needs)
    return tuple(checks.made)


def _doors(checks: Checks) -> None:
    """The file, then what it names; both doors are closed again."""
    from reconciler.runtime.machine import clock_check

    found = _Found(checks.request)
    with ExitStack() as stack:
        checks.run("file", found.load)
        checks.run("source", lambda: found.open_source(stack), needs="file")
        checks.run("people", found.first_batch, needs="source")
        checks.run("CRM", lambda: found.open_crm(stack), needs="file")
        checks.run("inventory", found.inventory, needs="CRM")
        checks.run("limits", found.limits, needs="CRM")
        checks.run("abilities", found.abilities, needs="CRM")
        checks.run("clock", lambda: clock_check(checks.request.clock.now(), found.time()))


@dataclass(slots=True)
class _Found:
    """What the checks of a file leave for the later ones."""

    request: Request
    _desired: Desired | None = None
    _source: Source | None = None
    _gateway: Gateway | None = None

    @property
    def desired(self) -> Desired:
        return _there(self._desired)

    @property
    def capabilities(self) -> Capabilities:
        return _there(self._gateway).capabilities

    def load(self) -> Looked:
        from reconciler.runtime.loading import load_file

        self._desired = load_file(self.request)
        declared = f"{self.request.file} is valid: {some(len(self.desired.fields), 'field')}, "
        declared += some(len(self.desired.tags) + len(self.desired.dynamic_tags), "tag")
        if self.desired.warnings:
            said = f"{declared}; {some(len(self.desired.warnings), 'warning')}"
            return Looked(said, Verdict.WARN, "`reconciler validate` shows them")
        return Looked(declared)

    def open_source(self, stack: ExitStack) -> Looked:
        from reconciler.runtime.doors import open_source
        from reconciler.runtime.observe import checked_columns

        self._source = stack.enter_context(open_source(self.desired.source, self.request.opening(self.desired.source)))
        with doors_said(self.desired.source.where):
            columns = checked_columns(self.desired, self._source)
        return Looked(f"{self._source.label()} opens; all columns that the file names are among its {len(columns)}")

    def first_batch(self) -> Looked:
        from reconciler.config import named_columns
        from reconciler.runtime.doors import columns_of

        source = _there(self._source)
        columns = [name for name in columns_of(self.desired, source) if name in named_columns(self.desired)]
        with doors_said(self.desired.source.where):
            batches = source.read(columns)
            rows = sum(batch.num_rows for batch in _first(batches))
        if not rows:
            return Looked("the source has no people", Verdict.WARN, "look whether it is the right one")
        return Looked(f"the first {some(rows, 'row')} can be read")

    def open_crm(self, stack: ExitStack) -> Looked:
        from reconciler.runtime.doors import checked_account, open_crm

        request = self.request
        gateway = stack.enter_context(
            open_crm(self.desired.crm, request.opening(self.desired.crm), desired=self.desired)
        )
        with doors_said(self.desired.crm.where):
            account = checked_account(self.desired.crm, gateway)
        self._gateway = gateway
        if not account.id:
            return Looked(f"{self.desired.crm.type}: it does not exist yet; the first apply makes it")
        return Looked(f"{self.desired.crm.type} answers, account {account.id}")

    def inventory(self) -> Looked:
        with doors_said(self.desired.crm.where):
            found = _there(self._gateway).inventory()
        return Looked(f"{some(len(found.fields), 'field')} and {some(len(found.tags), 'tag')} can be read")

    def limits(self) -> Looked:
        has = self.capabilities
        held = "calls are held back to it" if has.paced else "what a plan's cost is reckoned with"
        batch = _there(self._gateway).batch(Call.UPDATE_CONTACTS)
        return Looked(f"{has.rate:g} calls a second, {held}; {some(batch, 'contact')} a call that updates")

    def abilities(self) -> Looked:
        """What can be told without writing."""
        has = self.capabilities
        cannot = sorted(ability.value.replace("_", " ") for ability in has.cannot if has.why_not(ability))
        if not cannot:
            return Looked("everything that a file can ask for, as far as it can be told without writing")
        fix = f"`reconciler adapters {self.desired.crm.type}` says why"
        return Looked(f"cannot: {', '.join(cannot)}; plans show what that blocks", fix=fix)

    def time(self) -> datetime | None:
        """The CRM's clock, if its adapter tells it."""
        from reconciler.adapters.crm import TellsTime

        crm = self._gateway.crm if self._gateway is not None else None
        if not isinstance(crm, TellsTime):
            return None
        with doors_said(self.desired.crm.where):
            return crm.time()


def _looked(name: str, look: Callable[[], Looked | Check]) -> Check:
    try:
        found = look()
    except Failure as failure:
        return _failed(name, failure)
    except Exception as error:  # a check that breaks is a check that failed; what was raised may quote data
        return Check(name, Verdict.FAIL, f"something unexpected happened ({type(error).__name__})", code="E999")
    if isinstance(found, Check):
        return found
    return Check(name, found.verdict, found.said, found.fix)


def _failed(name: str, failure: Failure) -> Check:
    errors = [p for p in failure.problems if p.level is Level.ERROR] or list(failure.problems)
    first = errors[0]
    said = _sentence(first)
    fix = first.fix
    if len(errors) > 1:
        said = f"{some(len(errors), 'error')}, the first: {said}"
        fix = "`reconciler validate` shows them all"
    authentication = failure.exit is Exit.AUTHENTICATION
    return Check(name, Verdict.FAIL, said, fix, first.code, authentication)


def _sentence(problem: Problem) -> str:
    place = f"{problem.where}: " if problem.where else ""
    return f"{place}{problem.summary}" + (f": {problem.detail}" if problem.detail else "")


def _first(batches: Iterator[T]) -> Iterator[T]:
    """At most one batch; what reads it is closed."""
    try:
        for batch in batches:
            yield batch
            break
    finally:
        close = getattr(batches, "close", None)
        if close is not None:
            close()


def _there(found: T | None) -> T:
    if found is None:
        raise AssertionError("a check ran without the one that it needs")
    return found
