"""What runs wrote to one person, and why one value is as it is, as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from reconciler import __version__
from reconciler.model.history import Act, Ending, RunFacts, Write
from reconciler.model.problems import Problem
from reconciler.model.why import Decided, Since, Why, Written
from reconciler.report.document import problem_rows
from reconciler.report.history_shapes import DecidedRow, SaysRow, WhyDocument
from reconciler.report.layout import PAGE, Page, folding_table, section
from reconciler.report.shapes import WriteRow
from reconciler.report.text import command
from reconciler.report.words import file_line, listing, plain

_ACTS = {
    Act.SET: "set",
    Act.CLEAR: "cleared",
    Act.PULL: "pulled",
    Act.APPLY: "applied",
    Act.REMOVE: "removed",
    Act.CREATE: "created",
}
_CAUSES = {
    "config": "the file",
    "source": "source changed",
    "drift": "drift",
    "adopt": "taken over",
    "store": "stored id",
}
_ENDINGS = {
    Ending.UNKNOWN: "no outcome: the run ended before it was known",
    Ending.WRITTEN: "written",
    Ending.REWRITTEN: "written, stored differently",
    Ending.REFUSED: "refused",
    Ending.UNCERTAIN: "uncertain",
    Ending.LEFT: "left, not written",
    Ending.FOUND: "written, contact found instead of created",
}


def minute(at: str) -> str:
    """`2026-11-22 10:00`; seconds stand in the run's id."""
    return at[:16].replace("T", " ")


def shown_name(write: Write, facts: RunFacts) -> str:
    """The name as it may be shown: a tag that is made from a value under the name of its list."""
    if not write.tag or f"tag:{write.name}" in facts.places:
        return write.name
    prefixes = (entry.removeprefix("tags:") for entry in facts.places if entry.startswith("tags:"))
    return max((prefix for prefix in prefixes if write.name.startswith(prefix)), key=len, default="") + "*"


def writes_text(file: str, written: Sequence[Written], page: Page = PAGE) -> str:
    """What was written to one person: a block for each run, the newest first."""
    if not written:
        return plain(f"{file}   nothing is remembered of this person") + f"\n\nNext: {command('history', file, page)}\n"
    blocks = []
    for _, group in groupby(written, key=lambda one: one.run.run):
        rows = list(group)
        facts = rows[0].run
        by = f"by {facts.who}" if facts.who else ""
        head = listing([f"{facts.run}  {minute(facts.started)}  {facts.command}", by])
        blocks.append("\n".join([plain(head), *_table([_cells(row) for row in rows], page)]))
    return "\n\n".join([plain(file), *blocks]) + "\n"


def _table(rows: Sequence[Sequence[str]], page: Page) -> list[str]:
    lines = folding_table(rows, len(rows[0]) - 1, page.width, gaps=(2,) * len(rows[0])) if rows else []
    return [line for own in lines for line in own]


def _cells(row: Written) -> list[str]:
    write = row.write
    name = shown_name(write, row.run)
    what = f"tag {name}" if write.tag else name or "contact"
    return [_sign(write), what, _ACTS[write.act], listing([*_ending(write), _CAUSES.get(write.cause, ""), row.where])]


def _sign(write: Write) -> str:
    return {Act.SET: "~", Act.PULL: "~", Act.CLEAR: "-", Act.REMOVE: "-"}.get(write.act, "+")


def _ending(write: Write) -> list[str]:
    said = _ENDINGS[write.ending]
    return [f"{said} ({write.code})" if write.code else said]


def write_row(row: Written) -> WriteRow:
    write = row.write
    told = {"act": write.act.name.lower(), "ending": write.ending.name.lower(), "name": shown_name(write, row.run)}
    more = {name: getattr(write, name) for name in ("at", "tag", "cause", "code")}
    return WriteRow.model_validate({"run": row.run.run, "command": row.run.command, "where": row.where, **told, **more})


# -- why


def why_text(why: Why, page: Page = PAGE) -> str:
    """What the file says, what the plan does now, who wrote it when, and who did so since."""
    what = f"tag {why.name}" if why.tag else why.name
    who = listing([why.person or "nobody is remembered yet", f"row {why.row}" if why.row else ""])
    head = plain(f"{why.file}   {what} of {who}")
    lines = [
        *section("File", _says(why), page.width),
        *section("Now", _now(why.now), page.width),
        *section("Values", _values(why), page.width),
    ]
    history = _table([_past(one) for one in why.writes], page)
    nothing = section("History", ["no run that is remembered wrote it"], page.width)
    known = ["History", *history] if history else nothing
    ending = section("Since", _since(why), page.width) + section("Owners", map(_owned, why.owners), page.width)
    return "\n".join([head, "", *lines, *known, *ending]) + "\n"


def _says(why: Why) -> list[str]:
    if why.says is None:
        return []
    told = [f"{key} {said}" for said_of in (why.says.conversion, why.says.policy) for key, said in said_of.items()]
    return [f"{file_line(why.where)}: {why.says.filled}", listing(told)]


def _now(now: Decided | None) -> list[str]:
    if now is None:
        return ["not looked at: only what is remembered was asked"]
    cause = _CAUSES.get(now.cause, "")
    row = f"row {now.row} of the decision table: " if now.row else ""
    why = f"{row}{now.situation} -> {now.decision}" if now.situation else ""
    return [listing([now.result, cause]), why, *now.notes]


def _values(why: Why) -> list[str]:
    if not why.values_shown or why.now is None or why.tag:
        return []
    return [f"ours {_value(why.now.ours)}, theirs {_value(why.now.theirs)}"]


def _value(text: str | None) -> str:
    return "(empty)" if text is None else json.dumps(text, ensure_ascii=False)


def _past(one: Written) -> list[str]:
    write = one.write
    by = "" if one.run.command == "apply" else one.run.command
    said = listing([*_ending(write), _CAUSES.get(write.cause, ""), one.where, by])
    return [_sign(write), minute(write.at or one.run.started), f"run {one.run.run}", _ACTS[write.act], said]


def _since(why: Why) -> list[str]:
    told: Mapping[Since, str] = {
        Since.SAME: "the CRM holds what that run left",
        Since.BEFORE: "the CRM holds what was there before that run: somebody put it back, or the write never arrived",
        Since.OTHER: f"somebody else wrote it since: it is not what run {_last(why)} left there"
        + (f", as it was still at {minute(why.since_at)}" if why.since_at else ""),
    }
    return [told[why.since]] if why.since in told else []


def _last(why: Why) -> str:
    return why.writes[0].run.run if why.writes else ""


def _owned(place: str) -> str:
    return f"{place} writes it, too"


def why_document(why: Why | None, file: str, problems: Iterable[Problem] = ()) -> WhyDocument:
    """`why` None: it could not be found out."""
    rows = problem_rows(problems)
    if why is None:
        return WhyDocument(tool=__version__, outcome="error", file=file, problems=rows)
    now = why.now
    return WhyDocument(
        tool=__version__,
        outcome="told",
        file=why.file,
        name=why.name,
        tag=why.tag,
        where=file_line(why.where) or None,
        person=why.person,
        row=why.row,
        says=SaysRow(filled=why.says.filled, conversion=dict(why.says.conversion), policy=dict(why.says.policy))
        if why.says
        else None,
        now=DecidedRow(
            result=now.result,
            row=now.row,
            situation=now.situation,
            decision=now.decision,
            cause=now.cause,
            notes=now.notes,
        )
        if now
        else None,
        writes=tuple(map(write_row, why.writes)),
        since=why.since.value,
        since_at=why.since_at,
        owners=why.owners,
        problems=rows,
    )
