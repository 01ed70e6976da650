"""What `doctor` found, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from reconciler import __version__
from reconciler.model.checks import Check, Verdict
from reconciler.model.problems import Problem
from reconciler.report import shapes
from reconciler.report.document import problem_rows
from reconciler.report.layout import PAGE, Page, paragraph
from reconciler.report.words import counted, some

_VERDICT, _NAME = 6, 18  # columns


def checks_text(checks: Sequence[Check], page: Page = PAGE) -> str:
    """A line for each check, its way out below, and how many there are of each kind."""
    lines: list[str] = []
    begin = _VERDICT + _NAME
    for check in checks:
        first, *more = paragraph(check.said, begin, page.width) or [""]
        lines += [f"{check.verdict.value:<{_VERDICT}}{check.name:<{_NAME}}{first[begin:]}", *more]
        lines += paragraph(f"fix: {check.fix}", begin, page.width) if check.fix else []
    count = {verdict: sum(check.verdict is verdict for check in checks) for verdict in Verdict}
    warned = some(count[Verdict.WARN], "warning") if count[Verdict.WARN] else ""
    told = [counted([(count[Verdict.OK], "ok")]), warned]
    told.append(counted([(count[Verdict.FAIL], "failed"), (count[Verdict.SKIP], "skipped")]))
    return "\n".join([*lines, "", ", ".join(filter(None, told)) + "."]) + "\n"


def doctor_document(file: str, checks: Iterable[Check], problems: Iterable[Problem] = ()) -> shapes.DoctorDocument:
    rows = [{key: value for key, value in asdict(check).items() if key != "authentication"} for check in checks]
    failed = any(row["verdict"] is Verdict.FAIL for row in rows)
    return shapes.DoctorDocument(
        tool=__version__,
        outcome="error" if not rows else "failed" if failed else "ok",
        file=file,
        checks=tuple(shapes.CheckRow(**{**row, "verdict": row["verdict"].value}) for row in rows),
        problems=problem_rows(problems),
    )
