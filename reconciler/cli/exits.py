"""Exit codes: the one table. Held, blocked, conflict and findings never change a code."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.problems import Exit

DONE = 0
ERROR = 1
CHANGES_PENDING = 2
INTERRUPTED = 130

OF_FAILURE: Mapping[Exit, int] = {
    Exit.ERROR: ERROR,
    Exit.REFUSED: 3,
    Exit.AUTHENTICATION: 4,
    Exit.STALE: 5,
    Exit.PARTIAL: 6,
    Exit.INTERRUPTED: INTERRUPTED,
}

# By the words of `model.outcome.Result`: importing it would cost every command the loading of Arrow.
OF_RESULT: Mapping[str, int] = {
    "none": DONE,
    "applied": DONE,
    "declined": ERROR,
    "refused": OF_FAILURE[Exit.REFUSED],
    "partial": OF_FAILURE[Exit.PARTIAL],
    "interrupted": INTERRUPTED,
}
