"""What `test` found out, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from reconciler import __version__
from reconciler.model.cases import CaseResult, Tested
from reconciler.model.problems import Level, Problem
from reconciler.report import shapes
from reconciler.report.document import problem_rows
from reconciler.report.layout import PAGE, Page, paragraph
from reconciler.report.problems import problems_text
from reconciler.report.words import counted, file_line, listing, some

_VERDICT = 6  # columns


def succeeded(tested: Tested) -> bool:
    """Whether every case is as it says, and nothing that the file calls an error stands."""
    return all(case.passed for case in tested.cases) and not _errors(tested.problems)


def cases_text(tested: Tested, page: Page = PAGE) -> str:
    """A line for each case, what differs below it, and how many there are of each kind."""
    lines = [line for case in tested.cases for line in _case_lines(case, page.width)]
    failed = sum(not case.passed for case in tested.cases)
    told = listing([some(len(tested.cases), "case"), counted([(len(tested.cases) - failed, "ok"), (failed, "failed")])])
    parts = ["\n".join(lines), problems_text(tested.problems, page.width).rstrip("\n"), f"{told}."]
    return "\n\n".join(part for part in parts if part) + "\n"


def _case_lines(case: CaseResult, width: int) -> list[str]:
    verdict = "ok" if case.passed else "fail"
    first, *more = paragraph(f"{case.name}   {file_line(case.where)}", _VERDICT, width, 4)
    lines = [f"{verdict:<{_VERDICT}}{first[_VERDICT:]}", *more]
    for found in case.differences:
        lines += paragraph(f"{found.what}: {found.said}   {file_line(found.where)}", _VERDICT + 2, width, 4)
    return lines


def cases_document(file: str, tested: Tested | None, problems: Iterable[Problem] = ()) -> shapes.CasesDocument:
    """The same for machines; `tested` None: nothing was played."""
    if tested is None:
        return shapes.CasesDocument(tool=__version__, outcome="error", file=file, problems=problem_rows(problems))
    return shapes.CasesDocument(
        tool=__version__,
        outcome=_outcome(tested),
        file=file,
        tests=tested.files,
        checks=tested.checks,
        cases=tuple(_case_row(case) for case in tested.cases),
        problems=problem_rows(tested.problems),
    )


def _outcome(tested: Tested) -> Literal["passed", "failed", "error"]:
    if not all(case.passed for case in tested.cases):
        return "failed"
    return "error" if _errors(tested.problems) else "passed"


def _case_row(case: CaseResult) -> shapes.CaseRow:
    rows = (shapes.DifferenceRow(what=d.what, said=d.said, where=file_line(d.where)) for d in case.differences)
    return shapes.CaseRow(name=case.name, where=file_line(case.where), passed=case.passed, differences=tuple(rows))


def _errors(problems: Iterable[Problem]) -> bool:
    return any(p.level is Level.ERROR for p in problems)
