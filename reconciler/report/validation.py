"""What `validate` says of a file, as text."""

from __future__ import annotations

from reconciler.report.layout import WIDTH
from reconciler.report.problems import problems_text
from reconciler.report.remarks import problem_of
from reconciler.report.shapes import ValidationDocument
from reconciler.report.words import listing, plain, some


def validation_text(document: ValidationDocument, width: int = WIDTH) -> str:
    """Problems, if any, then, of a file without errors, one line with what it declares."""
    blocks = problems_text(tuple(map(problem_of, document.problems)), width)
    if document.outcome == "error":
        return blocks
    declared = (
        (document.fields, "field"),
        (document.tags - document.dynamic_tags, "tag"),
        (document.dynamic_tags, "group of dynamic tags"),
        (document.scores, "score"),
    )
    said = listing(some(count, noun) for count, noun in declared if count)
    return (blocks + "\n" if blocks else "") + plain(f"{document.file} is valid: {said}.") + "\n"
