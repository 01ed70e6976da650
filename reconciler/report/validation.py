"""What `validate` says of a file without errors."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.desired import Desired
from reconciler.model.problems import Problem
from reconciler.report.layout import WIDTH
from reconciler.report.problems import problems_text
from reconciler.report.words import listing, plain, some


def validation_text(file: str, desired: Desired, problems: Sequence[Problem], width: int = WIDTH) -> str:
    """Warnings, if any, then one line with what the file declares."""
    declared = (
        (len(desired.fields), "field"),
        (len(desired.tags), "tag"),
        (len(desired.dynamic_tags), "group of dynamic tags"),
        (len(desired.scores), "score"),
    )
    said = listing(some(count, noun) for count, noun in declared if count)
    blocks = problems_text(problems, width)
    return (blocks + "\n" if blocks else "") + plain(f"{file} is valid: {said}.") + "\n"
