"""Saving a plan, and carrying out a saved one: whether it still may be, and that it is used up once.

What was approved belongs to one file, one account, one inventory and one day. A plan that was begun goes on, with the
same file, as long as nobody else changed what it touches.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.model.approvals import Approved
from reconciler.model.messages import problem
from reconciler.model.plan import Plan
from reconciler.model.problems import Exit, Failure, Place, Problem
from reconciler.planning.allowances import Allowed, judged_on
from reconciler.planning.approvals import Intersection, approve
from reconciler.planning.guards import judged_again
from reconciler.report.document import plan_document
from reconciler.report.plan_checks import check_results
from reconciler.report.redrawn import plan_of
from reconciler.report.words import listing
from reconciler.runtime.apply import moment_text
from reconciler.runtime.request import Request
from reconciler.runtime.savedplan import LASTS, SavedPlan, plan_key, read_plan, write_plan
from reconciler.runtime.session import Session, public

_USED_UP = frozenset({"applied", "none"})
_REMEMBERED = timedelta(days=7)
"""How long it is known that a plan is used up: longer than any is good for."""


def check_place(out: Path | None) -> None:
    """Whether a plan can be saved there, before work is done for it. Raises Failure E561."""
    if out is not None and (out.is_dir() or not os.access(out.parent, os.W_OK)):
        raise Failure(problem("E561", where=Place(str(out))))


def save(request: Request, session: Session, made: Plan, out: Path) -> None:
    """Write the plan to `out`. Raises Failure E561, E570."""
    key = plan_key(request.env, session.state.key)
    approvals = approve(made, session.desired, session.inventory, key)
    write_plan(out, request, plan_document(public(made)), approvals, key)


class Approval:
    """What an apply may do of the plan that it makes: all of it, once somebody agreed."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def of(self, made: Plan) -> Plan:
        """What of the plan is approved. Raises Failure where nothing of it is any more."""
        return made

    def ended(self, result: str) -> None:
        """Remember what became of it."""


def approval(request: Request, session: Session) -> Approval:
    """Raises Failure with all that stands against the saved plan before source and contacts are read."""
    if request.saved is None:
        return Approval(request)
    key = plan_key(request.env, session.state.key)
    return _Saved(request, session, read_plan(request.saved, key), key)


class _Saved(Approval):
    """What a saved plan allows. `request`: with the options that the plan was made with."""

    def __init__(self, request: Request, session: Session, saved: SavedPlan, key: bytes) -> None:
        super().__init__(saved.replay(request))
        self._session, self._saved, self._key = session, saved, key
        self._where = Place(str(saved.path))
        self._refuse_foreign()
        if stale := list(self._stale()):
            raise Failure(stale, Exit.STALE)

    def of(self, made: Plan) -> Plan:
        """Limits and checks are those that the approved plan was held to, by what is permitted today. Raises Failure
        E564 where the CRM's inventory moved."""
        saved, session = self._saved, self._session
        intersection = Intersection(made, saved.approvals, self._key)
        if moved := intersection.moved(session.desired, session.inventory):
            raise Failure(problem("E564", listing(f"`{address}`" for address in moved), self._where), Exit.STALE)
        left = intersection.plan(session.workdir.path, Approved(saved.id, moment_text(saved.at)))
        request = self.request
        allowed = Allowed.on(judged_on(request.clock.now(), request.moment), session.desired, request.allow)
        guards = tuple(judged_again(guard, allowed) for guard in plan_of(saved.document).guards)
        reviewed = saved.document.model_copy(update={"checks": ()})
        return replace(left, guards=guards, checks=check_results(session.desired.checks, reviewed, allowed))

    def ended(self, result: str) -> None:
        at = self.request.clock.now().astimezone(UTC)
        used = {id: row for id, row in self._used().items() if at - datetime.fromisoformat(row["at"]) < _REMEMBERED}
        used[self._saved.id] = {"at": at.isoformat(), "result": result}
        self._session.state.set_facts({"saved": json.dumps(used)})

    def _used(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads(self._session.state.fact("saved") or "{}")
        return found

    @property
    def _result(self) -> str:
        """Of an earlier apply of it; "" where there was none."""
        return self._used().get(self._saved.id, {}).get("result", "")

    def _refuse_foreign(self) -> None:
        """Raises Failure E565, E567."""
        if self._saved.sealed is None:
            raise Failure(problem("E567", where=self._where), Exit.REFUSED)
        planned, here = self._saved.document.account, self._session.account.id
        made_by_it = not planned and self._result  # the first write may make the account
        if planned != here and not made_by_it:
            detail = f"planned for {planned or 'one that was not there yet'}, this is {here or 'one that is not there'}"
            raise Failure(problem("E565", detail, self._where), Exit.REFUSED)

    def _stale(self) -> Iterator[Problem]:
        if self._result in _USED_UP:
            yield problem("E568", where=self._where)
        if (age := self.request.clock.now() - self._saved.at) > LASTS:
            yield problem("E562", f"it was made {age.total_seconds() / 3600:.0f} hours ago", self._where)
        if self._saved.document.config != self._session.desired.digest:
            yield problem("E563", where=self._where)
