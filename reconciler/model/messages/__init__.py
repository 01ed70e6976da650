"""Every code the program can utter: one row each, in the file of its family. `docs/messages.md` is printed from here.

E1xx the file (`config.py`), R1xx rules about the file (`rules.py`), R2xx findings about people and values
(`findings.py`), R3xx findings about the inventory (`inventory.py`, `ownership.py`), E3xx the CRM (`crm.py`), E4xx the
source (`source.py`), E5xx state, apply and the machine (`runtime.py`, `shared.py`), E6xx the history of runs
(`history.py`), E9xx usage (`usage.py`), and of it E95x reports (`reports.py`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.model.messages.row import Message
from reconciler.model.problems import Level, Place, Problem

if TYPE_CHECKING:
    MESSAGES: dict[str, Message]

__all__ = ["MESSAGES", "Message", "problem"]


def __getattr__(name: str) -> Any:
    """`MESSAGES`, made when it is asked for: a file without a problem needs none of it."""
    if name == "MESSAGES":
        return _table()
    raise AttributeError(name)


@cache
def _table() -> dict[str, Message]:
    from reconciler.model.messages.checks import CHECKS
    from reconciler.model.messages.config import CONFIG
    from reconciler.model.messages.crm import CRM
    from reconciler.model.messages.findings import FINDINGS
    from reconciler.model.messages.history import HISTORY
    from reconciler.model.messages.inventory import INVENTORY
    from reconciler.model.messages.ownership import OWNERSHIP
    from reconciler.model.messages.reports import REPORTS
    from reconciler.model.messages.rules import RULES
    from reconciler.model.messages.runtime import RUNTIME
    from reconciler.model.messages.shared import SHARED
    from reconciler.model.messages.source import SOURCE
    from reconciler.model.messages.usage import USAGE

    rows = (
        *CONFIG,
        *RULES,
        *FINDINGS,
        *INVENTORY,
        *OWNERSHIP,
        *CHECKS,
        *CRM,
        *SOURCE,
        *RUNTIME,
        *SHARED,
        *HISTORY,
        *USAGE,
        *REPORTS,
    )
    table = {row.code: row for row in sorted(rows, key=lambda row: row.code)}
    if len(table) != len(rows):
        raise AssertionError("a message code stands twice")
    return table


def problem(
    code: str, detail: str = "", where: Place | None = None, fix: str | None = None, level: Level | None = None
) -> Problem:
    """A problem of that code: constant summary, this case's detail, the row's way out unless a better one is known."""
    row = _table()[code]
    return Problem(code, level or row.level, row.summary, detail, row.fix if fix is None else fix, where)
