"""What `validate` says of a file: its document, and that as text."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler import __version__
from reconciler.model.desired import Desired
from reconciler.model.problems import Problem
from reconciler.report.layout import WIDTH
from reconciler.report.problem_shapes import ValidationDocument
from reconciler.report.problems import problems_text
from reconciler.report.remarks import problem_of, problem_rows
from reconciler.report.words import listing, plain, some


def validation_document(file: str, problems: Iterable[Problem], desired: Desired | None = None) -> ValidationDocument:
    """What `validate` found; `desired` None: the file has errors."""
    return ValidationDocument(
        tool=__version__,
        outcome="valid" if desired else "error",
        file=file,
        fields=len(desired.fields) if desired else 0,
        tags=len(desired.tags) + len(desired.dynamic_tags) if desired else 0,
        dynamic_tags=len(desired.dynamic_tags) if desired else 0,
        scores=len(desired.scores) if desired else 0,
        problems=problem_rows(problems),
    )


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
