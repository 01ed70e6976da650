"""A plan as text for people: one function per section, all drawn from the plan alone.

A sign never stands alone, a word beside it says the same; `cli` colours lines by their sign.
"""

from __future__ import annotations

import shlex

from reconciler.model.plan import Action, Plan
from reconciler.model.problems import Level
from reconciler.report.causes import adopted
from reconciler.report.findings import check_lines, finding_lines, limit_lines
from reconciler.report.inventory import inventory_lines
from reconciler.report.layout import PAGE, Page, section, spread
from reconciler.report.people import NOT_FOUND, people_lines
from reconciler.report.problems import problems_text
from reconciler.report.redaction import redacted
from reconciler.report.words import counted, duration, listing, number, some

DEFAULT_FILE = "reconciler.yaml"


def plan_text(plan: Plan, applying: bool = False, page: Page = PAGE) -> str:
    """The whole plan, ending in one line that says what it amounts to and, unless `applying`, what comes next.
    Redacted, unless it was made for somebody at a terminal who asked for values."""
    plan = plan if plan.values_shown else redacted(plan).plan
    parts = [
        spread(_header(plan), page.width),
        [
            *inventory_lines(plan, page.width),
            *people_lines(plan, page.width),
            *finding_lines(plan.findings, page.width),
            *limit_lines(plan.guards, page.width),
            *_approved_lines(plan, page.width),
            *check_lines(plan.checks, page.width),
            *_cost_lines(plan, page.width),
        ],
        problems_text(plan.problems, page.width).splitlines(),
        spread(_last_line(plan, applying, page), page.width),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _header(plan: Plan) -> list[str]:
    if plan.undoes:
        return [plan.file, f"undo of run {plan.undoes}", f"{plan.crm} {plan.object}{_account(plan)}"]
    way = "two-way" if plan.two_way else "push only"
    read = "chosen people only" if plan.scope == "person" else f"{plan.scope} read"
    source = f"{plan.source_label} ({number(plan.source_rows)}) -> {plan.crm} {plan.object}{_account(plan)}"
    return [plan.file, source, listing([read, way, f"pulled {plan.written_how}" if plan.written_how else ""])]


def _approved_lines(plan: Plan, width: int) -> list[str]:
    """Of a saved plan: what of it is carried out, and what is not because nobody approved it."""
    if (of := plan.approved) is None:
        return []
    done = f"{number(of.already)} already so" if of.already else ""
    told = [listing([f"{number(of.pending)} of {some(of.approved, 'change')} still to do", done])]
    if of.new:
        people = f", of {some(of.contacts, 'contact')}" if of.contacts else ""
        told.append(f"{number(of.new)} new since approval{people}: left for the next plan")
    return section("Approved", told, width)


def _account(plan: Plan) -> str:
    return f", account {plan.account}" if plan.account else ""


def _cost_lines(plan: Plan, width: int) -> list[str]:
    cost = plan.cost
    if not plan.pending and not cost.writes:
        return []
    pace = f"about {duration(cost.seconds)}" + (f" at {cost.rate:,g} calls a second" if cost.rate else "")
    calls = [f"reads {some(cost.reads, 'call')}", f"writes {some(cost.writes, 'call')}", pace]
    return section("Cost", [listing(calls)], width)


def _last_line(plan: Plan, applying: bool, page: Page) -> list[str]:
    blocked = sum(c.action is Action.BLOCKED for c in plan.inventory)
    if not plan.pending:
        return [f"Nothing to do: {listing([_settled(plan), _aside(plan, blocked)])}."]
    values = "value" + (f" ({number(taken)} taken over)" if (taken := adopted(plan)) else "")
    total = listing(
        some(count, noun)
        for count, noun in (
            (_pending(plan, {"field"}), "field"),
            (_pending(plan, {"option"}), "option"),
            (_pending(plan, {"tag"}), "tag"),
            (plan.people.contacts, "contact"),
            (sum(f.set + f.clear + f.pull for f in plan.fields), values),
            (sum(t.apply + t.remove for t in plan.tags), "tagging"),
        )
        if count
    )
    said = f"Plan: {total}." + (f" {number(blocked)} blocked." if blocked else "")
    if applying:
        return [said]
    refused = obstacles(plan)
    return [said, f"apply is refused, see {refused}" if refused else f"Next: {command('apply', plan.file, page)}"]


def obstacles(plan: Plan) -> str:
    """Where the plan says what stands against an apply; "" if nothing does."""
    forbidden = Level.ERROR in {*(f.level for f in plan.findings), *(p.level for p in plan.problems)}
    stands = (
        ("Limits", any(g.tripped for g in plan.guards)),
        ("Checks", any(c.stops for c in plan.checks)),
        ("the errors above", forbidden),
    )
    return " and ".join(name for name, there in stands if there)


def _settled(plan: Plan) -> str:
    in_sync, c = plan.contacts.in_sync, plan.contacts
    if plan.scope == "person" and not (c.people or c.out_of_scope or plan.findings):
        return NOT_FOUND
    return f"{some(in_sync, 'person')} in sync" if in_sync else "nobody to write to"


def _aside(plan: Plan, blocked: int) -> str:
    c = plan.contacts
    people = ((c.held, "held"), (c.conflict, "conflict"), (c.blocked + blocked, "blocked"))
    findings = sum(f.level.value != "off" for f in plan.findings)
    return listing([counted(people), some(findings, "finding") if findings else ""])


def _pending(plan: Plan, kinds: set[str]) -> int:
    waiting = {Action.BLOCKED, Action.RELEASED}
    return len({(c.shown, c.option) for c in plan.inventory if c.kind in kinds and c.action not in waiting})


def command(name: str, file: str, page: Page = PAGE) -> str:
    """The command as it has to be typed for that file."""
    chosen = "" if file == DEFAULT_FILE else f"-f {shlex.quote(file)}"
    typed = " ".join(part for part in ("reconciler", page.options, chosen, name) if part)
    if page.saved and name == "apply":  # its options are saved with it
        return f"{typed} {shlex.quote(page.saved)}"
    return f"{typed} with the same options" if page.narrowed else typed
