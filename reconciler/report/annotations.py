"""Problems for the places where files are reviewed: workflow commands, and SARIF for code scanning.

Both name files as they are seen from the folder in which the program was started, so that a review finds the line;
`Seen` knows how. What others wrote is made harmless by `report.neutral`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from reconciler import __version__
from reconciler.model.messages import MESSAGES, Message
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.neutral import plain, workflow_data, workflow_property
from reconciler.report.problems import ordered, switch
from reconciler.report.seen import Seen as Seen
from reconciler.report.words import listing, number

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST = 10
"""Annotations of one level that GitHub shows of a step; it drops the rest without a word."""
_POSITIONS = re.compile(r"\blines? \d+|(?<=:)\d+|[\d,]{2,}")


def workflow_commands(problems: Iterable[Problem], seen: Seen, most: int = MOST) -> str:
    """One command for each problem, on a line of its own, at most `most` of each level: where there are more, the last
    one says how many. "" for none."""
    found = ordered(problems)
    lines = [line for level in Level for line in _commands([p for p in found if p.level is level], seen, most)]
    return "".join(line + "\n" for line in lines)


def _commands(problems: Sequence[Problem], seen: Seen, most: int) -> Iterator[str]:
    shown = problems if len(problems) <= most else problems[: most - 1]
    yield from (_command(p, seen) for p in shown)
    if rest := problems[len(shown) :]:
        codes = listing(f"{number(count)} {code}" for code, count in sorted(Counter(p.code for p in rest).items()))
        level = rest[0].level.value
        title = workflow_property(f"{number(len(rest))} more {level}s")
        yield f"::{level} title={title}::{workflow_data(codes)}"


def _command(problem: Problem, seen: Seen) -> str:
    where = problem.where
    properties = {"file": seen.path(where)} if where else {}
    if where and where.line:
        properties["line"] = str(where.line)
        properties |= {"col": str(where.column)} if where.column else {}
    properties["title"] = f"{problem.code} {problem.summary}"
    shown = ",".join(f"{name}={workflow_property(value)}" for name, value in properties.items())
    said = _sentence(problem.detail, problem.fix) or problem.summary
    return f"::{problem.level.value} {shown}::{workflow_data(said)}"


def _sentence(*parts: str) -> str:
    return plain(". ".join(part.rstrip(".") for part in parts if part))


def sarif(problems: Iterable[Problem], seen: Seen) -> dict[str, Any]:
    """A SARIF 2.1.0 log of one run: all of our codes as its rules, and a result for each problem."""
    found = ordered(problems)
    driver = {
        "name": "reconciler",
        "version": __version__,
        "rules": [_rule(message) for message in MESSAGES.values()],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"reconciler/{seen.uri(None)}/"},  # so that two files do not replace each other
        "columnKind": "unicodeCodePoints",
        "results": _results(found, seen),
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(message: Message) -> dict[str, Any]:
    off = message.level is Level.OFF
    rule: dict[str, Any] = {
        "id": message.code,
        "shortDescription": {"text": message.summary},
        "fullDescription": {"text": message.reason or message.summary},
        "help": {"text": f"{message.fix}\n\nLevel: {switch(message)}." if message.fix else f"{switch(message)}."},
        "defaultConfiguration": {"enabled": False} if off else {"level": message.level.value},
    }
    return {**rule, "name": message.name} if message.name else rule


def _results(problems: Sequence[Problem], seen: Seen) -> list[dict[str, Any]]:
    index = {code: at for at, code in enumerate(MESSAGES)}
    times: Counter[str] = Counter()
    results = []
    for problem in problems:
        mark = _fingerprint(problem, seen)
        times[mark] += 1
        said = f"{problem.summary}: {problem.detail}" if problem.detail else problem.summary
        results.append(
            {
                "ruleId": problem.code,
                "ruleIndex": index[problem.code],
                "level": problem.level.value,
                "message": {"text": _sentence(said, problem.fix)},
                "locations": [_location(problem.where, seen)],
                "partialFingerprints": {"problem/v1": f"{mark}:{times[mark]}"},
            }
        )
    return results


def _location(where: Place | None, seen: Seen) -> dict[str, Any]:
    """Code scanning wants a line of every result: what is about a whole file stands at its first one."""
    region = {"startLine": where.line if where and where.line else 1}
    if where and where.line and where.column:
        region["startColumn"] = where.column
    return {"physicalLocation": {"artifactLocation": {"uri": seen.uri(where)}, "region": region}}


def _fingerprint(problem: Problem, seen: Seen) -> str:
    """The same while lines move and counts change: made of the code, the file and the names in the sentence."""
    names = _POSITIONS.sub("", problem.detail)
    parts = "\0".join((problem.code, seen.uri(problem.where), names))
    return blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
