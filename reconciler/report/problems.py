"""Problems as text, every one of them: code and summary, place, what is wrong here, the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from reconciler.model.messages import MESSAGES, Message
from reconciler.model.messages.rules import ALWAYS
from reconciler.model.problems import Level, Problem
from reconciler.report.layout import WIDTH, paragraph, table
from reconciler.report.words import listing, some


def problems_text(problems: Sequence[Problem], width: int = WIDTH) -> str:
    """A block per problem and a line with their number; "" for none."""
    shown = ordered(problems)
    if not shown:
        return ""
    blocks = ["\n".join(_block(p, width)) for p in shown]
    return "\n\n".join(blocks if len(shown) == 1 else [*blocks, _tally(shown)]) + "\n"


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Those that are not off: errors first, by place."""
    shown = (p for p in problems if p.level is not Level.OFF)
    return sorted(shown, key=lambda p: (p.level.value, p.where is None, p.where or p.code, p.code))


def _block(problem: Problem, width: int) -> list[str]:
    place = f"{problem.where}: " if problem.where else ""
    lines = paragraph(f"{problem.level.value} {problem.code}  {place}{problem.summary}", 0, width, hanging=2)
    lines += paragraph(problem.detail, 2, width)
    return lines + (paragraph(f"fix: {problem.fix}", 2, width) if problem.fix else [])


def _tally(problems: Sequence[Problem]) -> str:
    errors = sum(p.level is Level.ERROR for p in problems)
    warnings = len(problems) - errors
    return listing(some(count, noun) for count, noun in ((errors, "error"), (warnings, "warning")) if count) + "."


def find_message(name: str) -> Message | None:
    """The message of that code, or of that rule's name; upper and lower case are one."""
    wanted = name.strip().casefold()
    return next((m for m in MESSAGES.values() if wanted in {m.code.casefold(), m.name.casefold() or None}), None)


def near_codes(name: str, most: int = 3) -> tuple[str, ...]:
    """Codes and rule names that were probably meant."""
    known = [*MESSAGES, *(m.name for m in MESSAGES.values() if m.name)]
    folded = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(name.casefold(), folded, n=most, cutoff=0.6)
    return tuple(folded[f] for f in found)


def explain(message: Message, width: int = 92) -> str:
    """One message in full: what it says, why it matters, what to do, how to switch it."""
    lines = [f"{message.code}  {message.summary}", ""]
    for label, text in (("why", message.reason), ("fix", message.fix), ("level", switch(message))):
        body = paragraph(text, 8, min(width, 92))
        lines += [f"  {label:<6}{body[0].strip()}", *body[1:]] if body else []
    return "\n".join(lines) + "\n"


def switch(message: Message) -> str:
    """The level of a message, and how the file can change it."""
    if not message.name:
        return message.level.value
    if message.name in ALWAYS:
        return f"{message.level.value}; the rule `{message.name}` cannot be lowered: without it what follows is unsafe"
    return f"{message.level.value}; the file can say otherwise, rules: {{{message.name}: error | warning | off}}"


def all_codes() -> str:
    """Every code on a line of its own."""
    rows = [[m.code, m.level.value, m.name, m.summary] for m in MESSAGES.values()]
    return "\n".join(table(rows)) + "\n"
