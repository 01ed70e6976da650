"""Markdown for a comment of a review: always within a budget of signs, whatever the plan.

A document is drawn in several levels of detail, from full to terse, and the first that fits is taken: nothing is ever
cut. What is left out is counted where it would stand, with the command that shows it.
"""

from reconciler.report.markdown.drift import drift_markdown
from reconciler.report.markdown.fitting import BUDGET, Budget
from reconciler.report.markdown.plan import plan_markdown
from reconciler.report.markdown.validation import validation_markdown

__all__ = ["BUDGET", "Budget", "drift_markdown", "plan_markdown", "validation_markdown"]
