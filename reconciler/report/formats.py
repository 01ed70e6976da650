"""The formats: one table, from which the commands, `--report` and the page about formats are made.

A format draws from a document alone (`report.shapes`), and a document holds what `report.redaction` lets out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.report.layout import PAGE, Page

if TYPE_CHECKING:
    from reconciler.report.seen import Seen
    from reconciler.report.shapes import DriftDocument, PlanDocument, ValidationDocument

    Told: TypeAlias = PlanDocument | DriftDocument | ValidationDocument


@dataclass(frozen=True, slots=True)
class View:
    """What a document is drawn for. `seen`: how files are named. `settled`: the plan was carried out meanwhile."""

    seen: Seen
    page: Page = PAGE
    settled: bool = False


Draw: TypeAlias = Callable[[Any, View], str]


@dataclass(frozen=True, slots=True)
class Format:
    """`suffix`: of its files. `purpose`: what it is for. `draws`: by the `format` that a document names, without its
    version; `*` stands for every document."""

    name: str
    suffix: str
    purpose: str
    draws: Mapping[str, Draw]


def _plan_text(document: PlanDocument, view: View) -> str:
    from reconciler.report.redrawn import document_text

    return document_text(document, view.page, view.settled)


def _drift_text(document: DriftDocument, view: View) -> str:
    from reconciler.report.drift import drift_text

    return drift_text(document, view.page)


def _validation_text(document: ValidationDocument, view: View) -> str:
    from reconciler.report.validation import validation_text

    return validation_text(document, view.page.width)


def _json(document: Any, view: View) -> str:  # noqa: ARG001, every format is asked alike
    from reconciler.report.document import to_json

    return to_json(document) + "\n"


def _markdown(document: Told, view: View) -> str:
    from reconciler.report.markdown import markdown

    return markdown(document, view.seen.path(None), view.page)


def _html(document: PlanDocument | DriftDocument, view: View) -> str:
    from reconciler.report.html import html_page
    from reconciler.report.neutral import html_in_a_log

    return html_in_a_log(html_page(document, view.page, view.settled))


def _sarif(document: Told, view: View) -> str:
    from reconciler.report.annotations import sarif
    from reconciler.report.document import to_json
    from reconciler.report.remarks import remarks

    return to_json(sarif(remarks(document), view.seen)) + "\n"


def _github(document: Told, view: View) -> str:
    from reconciler.report.annotations import workflow_commands
    from reconciler.report.remarks import remarks

    return workflow_commands(remarks(document), view.seen)


PLAN, DRIFT, VALIDATION = "reconciler-plan", "reconciler-drift", "reconciler-validation"

_ROWS = (
    Format(
        "text",
        ".txt",
        "people at a terminal, and logs",
        {PLAN: _plan_text, DRIFT: _drift_text, VALIDATION: _validation_text},
    ),
    Format("json", ".json", "programs; each document has a schema", {"*": _json}),
    Format(
        "markdown",
        ".md",
        "a comment of a review: always fits one",
        {PLAN: _markdown, DRIFT: _markdown, VALIDATION: _markdown},
    ),
    Format(
        "html",
        ".html",
        "an artifact to read and to keep: one file, nothing else is loaded",
        {PLAN: _html, DRIFT: _html},
    ),
    Format("sarif", ".sarif", "code scanning", {PLAN: _sarif, DRIFT: _sarif, VALIDATION: _sarif}),
    Format(
        "github",
        ".log",
        "annotations beside the lines of the file",
        {PLAN: _github, DRIFT: _github, VALIDATION: _github},
    ),
)
FORMATS: Mapping[str, Format] = {row.name: row for row in _ROWS}


def formats_of(kind: str) -> tuple[str, ...]:
    """The names of the formats that draw that kind of document: PLAN, DRIFT or VALIDATION."""
    return tuple(row.name for row in _ROWS if kind in row.draws or "*" in row.draws)


def drawing(name: str, document: Any) -> Draw | None:
    """How the format draws that document; None if it cannot."""
    draws = FORMATS[name].draws
    return draws.get(document.format.partition("/")[0], draws.get("*"))


def drawn(name: str, document: Any, view: View) -> str:
    """The document in that format, which must be one that draws it."""
    draw = drawing(name, document)
    if draw is None:
        raise ValueError(f"{name} does not draw {document.format}")
    return draw(document, view)
