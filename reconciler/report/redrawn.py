"""A kept document becomes text again: it is turned back into the plan or the outcome that it was made of, and drawn by
the same functions. What no document holds (values, people) was never in the text either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa

from reconciler.model.approvals import Approved
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import (
    Action,
    Cause,
    ContactCount,
    Cost,
    Delta,
    EndpointCost,
    FieldCount,
    Finding,
    InventoryChange,
    Plan,
    TagCount,
)
from reconciler.model.problems import Level
from reconciler.report.layout import PAGE, Page
from reconciler.report.outcome import outcome_text
from reconciler.report.problems import problems_text
from reconciler.report.redaction import TOGETHER
from reconciler.report.remarks import check_of, guard_of, place, problem_of
from reconciler.report.shapes import ChangeRow, EndpointRow, PlanDocument
from reconciler.report.text import plan_text


@dataclass(slots=True)
class _Counted:
    """Changes of people of which only their number is known."""

    contacts: int
    keys: tuple[str, ...] = ()

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(())


def document_text(document: PlanDocument, page: Page = PAGE, settled: bool = False) -> str:
    """What `plan` or `apply` printed when it made this document, at another width perhaps; of an apply, all problems
    stand at the end. Of a command that came to no plan: why. `settled`: the plan was carried out meanwhile, so that an
    apply does not come next."""
    if not document.id:
        return problems_text(tuple(map(problem_of, document.problems)), page.width)
    plan = plan_of(document)
    if document.mode == "plan":
        return plan_text(plan, applying=settled, page=page)
    problems = tuple(map(problem_of, document.problems))
    if document.result is None or document.written is None:
        return plan_text(_without_problems(plan), applying=True, page=page) + "\n" + problems_text(problems, page.width)
    result = Result(document.result)
    written = Written(**document.written.model_dump())
    outcome = Outcome(result, plan, document.run or "", written, _endpoints(document.calls), problems)
    said = plan_text(_without_problems(plan), applying=True, page=page)
    return said if result is Result.NONE else f"{said}\n{outcome_text(outcome, page)}"


def plan_of(document: PlanDocument) -> Plan:
    """The plan, as far as it is drawn from."""
    contacts = ContactCount(**document.summary.contacts.model_dump())
    cost = document.cost
    return Plan(
        id=document.id,
        now=datetime.fromisoformat(document.now) if document.now else datetime.min.replace(tzinfo=UTC),
        file=document.file,
        config=document.config,
        crm=document.crm,
        object=document.object,
        account=document.account,
        source_label=document.source,
        source_rows=document.source_rows,
        scope=document.scope,
        two_way=document.two_way,
        undoes=document.undoes,
        written_how=document.written_how,
        source_writes=document.summary.source.rows,
        inventory=tuple(change for row in document.changes for change in _changes(row)),
        contacts=contacts,
        fields=tuple(FieldCount(**{**row.model_dump(), **_cause(row.where, row.cause)}) for row in document.fields),
        tags=tuple(
            TagCount(**{**row.model_dump(exclude={"reaches"}), **_cause(row.where, row.cause)}) for row in document.tags
        ),
        guards=tuple(map(guard_of, document.guards)),
        checks=tuple(map(check_of, document.checks)),
        findings=tuple(
            Finding(**{**row.model_dump(), "level": Level(row.level), "where": place(row.where)})
            for row in document.findings
        ),
        cost=Cost(cost.reads, cost.writes, cost.seconds, cost.rate, _endpoints(cost.endpoints)),
        people=_Counted(contacts.create + contacts.update),
        approved=Approved(**document.approved.model_dump()) if document.approved else None,
        problems=tuple(map(problem_of, document.problems)),
    )


def _without_problems(plan: Plan) -> Plan:
    return replace(plan, problems=())


def _changes(row: ChangeRow) -> Iterator[InventoryChange]:
    """The change; of tags made from values as many as there were, all under the name of their list."""
    together = row.address.startswith(TOGETHER)
    count = int(row.deltas[0].after) if together else 1
    for number in range(count):
        yield InventoryChange(
            address=row.address,
            kind=row.kind,
            key=f"{row.key} {number}" if together else row.key,
            action=Action(row.action),
            where=place(row.where),
            deltas=tuple(Delta(d.path, d.before, d.after) for d in row.deltas),
            summary=row.summary,
            new_key=row.new_key,
            option=row.option,
            reason=row.reason,
            by_hand=row.by_hand,
            waiting=row.waiting,
            holders=0 if number else row.holders,
            group=row.group,
            under=row.key if together else "",
        )


def _cause(where: str | None, cause: str) -> dict[str, object]:
    return {"where": place(where), "cause": Cause(cause)}


def _endpoints(rows: tuple[EndpointRow, ...]) -> tuple[EndpointCost, ...]:
    return tuple(EndpointCost(row.name, row.calls, row.write) for row in rows)
