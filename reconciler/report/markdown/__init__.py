"""Markdown for a comment of a review: always within a budget of signs, whatever the plan.

A document is drawn in several levels of detail, from full to terse, and the first that fits is taken: nothing is ever
cut. What is left out is counted where it would stand, with the command that shows it.
"""

from reconciler.report.layout import PAGE, Page
from reconciler.report.markdown.drift import drift_markdown
from reconciler.report.markdown.fitting import BUDGET, Budget
from reconciler.report.markdown.plan import plan_markdown
from reconciler.report.markdown.validation import validation_markdown
from reconciler.report.shapes import DriftDocument, PlanDocument, ValidationDocument

__all__ = ["BUDGET", "Budget", "drift_markdown", "markdown", "plan_markdown", "validation_markdown"]


def markdown(
    document: PlanDocument | DriftDocument | ValidationDocument, file: str, page: Page = PAGE, budget: Budget = BUDGET
) -> str:
    """Any of these documents. `file`: the file as a review names it."""
    if isinstance(document, PlanDocument):
        return plan_markdown(document, file, page, budget)
    if isinstance(document, DriftDocument):
        return drift_markdown(document, file, page, budget)
    return validation_markdown(document, file, page, budget)
