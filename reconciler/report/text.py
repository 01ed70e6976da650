"""A plan as text for people: one function per section, all drawn from the plan alone.

A sign never stands alone, a word beside it says the same; `cli` colours lines by their sign.
"""

from __future__ import annotations

import shlex

from reconciler.model.plan import Action, Plan
from reconciler.model.problems import Level
from reconciler.report.findings import finding_lines, limit_lines
from reconciler.report.inventory import inventory_lines
from reconciler.report.layout import section, table
from reconciler.report.people import people_lines
from reconciler.report.problems import problems_text
from reconciler.report.words import counted, duration, listing, number, some

DEFAULT_FILE = "reconciler.yaml"


def plan_text(plan: Plan, applying: bool = False) -> str:
    """The whole plan, ending in one line that says what it amounts to and, unless `applying`, what comes next."""
    parts = [
        [_header(plan)],
        [
            *inventory_lines(plan),
            *people_lines(plan),
            *finding_lines(plan.findings),
            *limit_lines(plan.guards),
            *_cost_lines(plan),
        ],
        problems_text(plan.problems).splitlines(),
        [_last_line(plan, applying)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _header(plan: Plan) -> str:
    way = "two-way" if any(f.pull for f in plan.fields) else "push only"
    read = "chosen people only" if plan.scope == "person" else f"{plan.scope} read"
    account = f", account {plan.account}" if plan.account else ""
    source = f"{plan.source_label} ({number(plan.source_rows)}) -> {plan.crm} {plan.object}{account}"
    return table([[plan.file, source, listing([read, way])]])[0].strip()


def _cost_lines(plan: Plan) -> list[str]:
    cost = plan.cost
    if not plan.pending and not cost.writes:
        return []
    pace = f"about {duration(cost.seconds)}" + (f" at {cost.rate:,g} calls a second" if cost.rate else "")
    calls = [f"reads {some(cost.reads, 'call')}", f"writes {some(cost.writes, 'call')}", pace]
    return section("Cost", [listing(calls)])


def _last_line(plan: Plan, applying: bool) -> str:
    blocked = sum(c.action is Action.BLOCKED for c in plan.inventory)
    if not plan.pending:
        return f"Nothing to do: {listing([_settled(plan), _aside(plan, blocked)])}."
    total = listing(
        some(count, noun)
        for count, noun in (
            (_pending(plan, {"field"}), "field"),
            (_pending(plan, {"option"}), "option"),
            (_pending(plan, {"tag"}), "tag"),
            (plan.people.contacts, "contact"),
            (sum(f.set + f.clear + f.pull for f in plan.fields), "value"),
            (sum(t.apply + t.remove for t in plan.tags), "tagging"),
        )
        if count
    )
    limited = any(g.tripped for g in plan.guards)
    forbidden = Level.ERROR in {*(f.level for f in plan.findings), *(p.level for p in plan.problems)}
    following = "" if applying else f"   Next: {command('apply', plan.file)}"
    refused = f"   apply is refused, see {'Limits' if limited else 'the errors above'}"
    then = refused if limited or forbidden else following
    return f"Plan: {total}." + (f" {number(blocked)} blocked." if blocked else "") + then


def _settled(plan: Plan) -> str:
    in_sync = plan.contacts.in_sync
    return f"{some(in_sync, 'person')} in sync" if in_sync else "nobody to write to"


def _aside(plan: Plan, blocked: int) -> str:
    c = plan.contacts
    people = ((c.held, "held"), (c.conflict, "conflict"), (c.blocked + blocked, "blocked"))
    findings = sum(f.level.value != "off" for f in plan.findings)
    return listing([counted(people), some(findings, "finding") if findings else ""])


def _pending(plan: Plan, kinds: set[str]) -> int:
    waiting = {Action.BLOCKED, Action.RELEASED}
    return len({(c.key, c.option) for c in plan.inventory if c.kind in kinds and c.action not in waiting})


def command(name: str, file: str) -> str:
    """The command as it has to be typed for that file."""
    return f"reconciler {name}" if file == DEFAULT_FILE else f"reconciler -f {shlex.quote(file)} {name}"
