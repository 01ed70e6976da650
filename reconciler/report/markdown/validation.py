"""What `validate` found as Markdown."""

from __future__ import annotations

from functools import partial

from reconciler.report.headline import validation_headline
from reconciler.report.layout import PAGE, Page
from reconciler.report.markdown.findings import problems
from reconciler.report.markdown.fitting import BUDGET, Budget, Detail, fitted
from reconciler.report.markdown.parts import joined, mark
from reconciler.report.shapes import ValidationDocument
from reconciler.report.text import command


def validation_markdown(document: ValidationDocument, file: str, page: Page = PAGE, budget: Budget = BUDGET) -> str:
    """`file`: the file as a review names it."""
    more = command("validate", document.file, page)
    draw = partial(_drawn, document, file)
    return fitted(draw, draw, budget, more, (len(document.problems),))


def _drawn(document: ValidationDocument, file: str, detail: Detail) -> str:
    return joined(
        (
            mark(file),
            f"### reconciler validate: {detail.code(file, cell=False)}",
            f"**{validation_headline(document)}**",
            problems(document.problems, detail),
        )
    )
