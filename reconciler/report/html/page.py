"""The page is put together here, and here alone text that others wrote becomes HTML.

Templates print nothing that did not pass `plain` and the escaping; styles and script are ours, and the page's policy
allows them by their digests and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.report.html.headline import headline
from reconciler.report.html.numbers import facts
from reconciler.report.html.views import drift_view, plan_view
from reconciler.report.layout import PAGE, Page
from reconciler.report.shapes import DriftDocument, PlanDocument
from reconciler.report.words import first_up, plain

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"


def html_page(document: PlanDocument | DriftDocument, page: Page = PAGE, settled: bool = False) -> str:
    """The document as one HTML page, UTF-8; all that is in the text and more, and nothing that the document has not.
    `page`: what the command that comes next has to be typed with. `settled`: the plan was carried out meanwhile, so
    that an apply does not come next."""
    style, script = _part("style.css"), _part("script.js")
    name, view = (
        ("drift.html", drift_view(document))
        if isinstance(document, DriftDocument)
        else ("plan.html", plan_view(document))
    )
    return (
        _environment()
        .get_template(name)
        .render(
            style=style,
            script=script,
            policy=_policy(style, script),
            head=headline(document, page, settled),
            facts=facts(document),
            sections=view.sections(),
            view=view,
        )
    )


def _policy(style: str, script: str) -> str:
    allowed = (("style-src", style), ("script-src", script))
    own = "; ".join(f"{kind} 'sha256-{_digest(content)}'" for kind, content in allowed)
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _part(name: str) -> str:
    """Between the tags there is exactly this text, which is what a browser takes the digest of."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _harmless(value: object) -> object:
    """Every expression of a template passes here before it is escaped. What is ours and marked as HTML stays."""
    if hasattr(value, "__html__"):
        return value
    return plain(f"{value:,}" if isinstance(value, int) else str(value))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["first_up"] = first_up
    return environment
