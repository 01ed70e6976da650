"""`--report FORMAT=FILE`: further views of what a command found, each in a file; and what stdout gets of it.

Reports are written before stdout, of failures too. One that cannot be written is a problem of its own and changes
nothing about the run, except that its exit code is no success.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits
from reconciler.cli.settings import F, Settings
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Failure, Problem
from reconciler.report.formats import FORMATS, View, drawing, drawn, formats_of

if TYPE_CHECKING:
    from reconciler.report.layout import Page

GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Report:
    """One view of a document. `file`: as it was typed; empty: where GitHub Actions looks for it."""

    format: str
    file: str

    @property
    def typed(self) -> str:
        return f"{self.format}={self.file}" if self.file else self.format


def report_option(kind: str) -> Callable[[F], F]:
    """`--report`, for documents of that kind."""
    names = formats_of(kind)
    said = f"Also write this view: {', '.join(names)}. `github` alone: annotations, outputs, job summary."

    def keep(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> None:  # noqa: ARG001, click's
        settings: Settings = context.find_root().obj
        found, wrong = reports_of(value, names)
        if wrong:
            raise Failure(wrong)
        settings.reports = found

    return click.option("--report", multiple=True, metavar="FORMAT=FILE", expose_value=False, callback=keep, help=said)


def reports_of(typed: Iterable[str], names: Sequence[str]) -> tuple[tuple[Report, ...], list[Problem]]:
    """The reports that were typed, and a problem for each that is none."""
    found = []
    wrong = []
    for text in typed:
        name, _, file = text.partition("=")
        if name not in names:
            near = near_matches(name, names)
            fix = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else f"formats: {', '.join(names)}"
            wrong.append(problem("E903", f"`--report {name}`: there is no such format here", fix=fix))
        elif not file and name != GITHUB:
            wrong.append(problem("E903", f"`--report {name}` needs a file", fix=f"write --report {name}=FILE"))
        else:
            found.append(Report(name, file))
    return tuple(found), wrong


def asked_reports(settings: Settings, arguments: Sequence[str]) -> tuple[Report, ...]:
    """Those of a command line of which something else may be wrong: without what names a file twice, or one that the
    command line names for something else, too."""
    if not any(argument.startswith("--report") for argument in arguments):
        return ()
    typed: list[str] = []
    others: list[str] = [settings.file]
    for at, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--report":
            typed.append(value or next(iter(arguments[at + 1 :]), ""))
        elif arguments[at - 1 : at] != ["--report"]:
            others += [argument, value, argument[2:]]
    seen = {_real(other, settings) for other in others if other}
    found = []
    for report in reports_of(typed, tuple(FORMATS))[0]:
        path = _real(report.file, settings) if report.file else report.typed
        if path not in seen:
            found.append(report)
            seen.add(path)
    return tuple(found)


def refuse_clashes(settings: Settings) -> None:
    """Raises Failure for files that would be written twice, or that are the file to reconcile itself."""
    files = [report.file for report in settings.reports if report.file]
    paths = [_real(file, settings) for file in files]
    wrong = [
        problem("E903", f"`--report`: `{file}` is named twice", fix="give each view a file of its own")
        for at, file in enumerate(files)
        if paths[at] in paths[:at]
    ]
    if _real(settings.file, settings) in paths:
        wrong.append(problem("E903", "`--report` names the file to reconcile", fix="name another file"))
    if wrong:
        raise Failure(wrong)


def _real(file: str, settings: Settings) -> str:
    path = _path(file, settings)
    try:
        return os.path.realpath(path)
    except OSError:  # the folder in which the program was started is gone
        return os.path.normpath(path)


def view_of(settings: Settings, narrowed: bool = False, settled: bool = False, page: Page | None = None) -> View:
    return View(settings.seen, page or settings.page(narrowed), settled)


def deliver(settings: Settings, form: str, document: Any, view: View, shown: str | None = None) -> bool:
    """Writes all reports of the document, then stdout in that format: `shown`, if it is drawn already. Whether all
    could be written; stderr has the problems of those that could not."""
    problems = write_reports(settings, settings.reports, document, view, told=form == GITHUB)
    if problems and form == "json":
        document = with_problems(document, problems)
    settings.print(shown if shown is not None else drawn(form, document, view), machine=form != "text")
    if problems:
        settings.warn(problems)
    return not problems


def exit_of(code: int, delivered: bool) -> int:
    """A missing report is no success; what else went wrong says more than that."""
    return exits.ERROR if not delivered and code in (exits.DONE, exits.CHANGES_PENDING) else code


def with_problems(document: Any, problems: Iterable[Problem]) -> Any:
    """The document with further problems."""
    from reconciler.report.document import problem_rows

    return document.model_copy(update={"problems": (*document.problems, *problem_rows(problems))})


def write_reports(
    settings: Settings, reports: Iterable[Report], document: Any, view: View, told: bool = False
) -> list[Problem]:
    """Writes those that draw such a document, each whole or not at all, and gives a problem for each that could not be
    written. `told`: stdout has the annotations already."""
    wide = View(view.seen, view.page._replace(width=_file_width()), view.settled)
    problems = []
    for report in reports:
        if drawing(report.format, document) is None:
            continue
        try:
            if report.file:
                _write(_path(report.file, settings), drawn(report.format, document, wide))
            else:
                _for_github(settings, document, wide, told)
        except OSError:
            problems.append(problem("E950", f"`--report {report.typed}`"))
    return problems


def _file_width() -> int:
    from reconciler.report.layout import WIDTH

    return WIDTH


def _path(file: str, settings: Settings) -> Path:
    """Absolute: a failure is reported after the folder of `-C` was left."""
    return Path(settings.start, settings.directory or "", file)


def _write(path: Path, text: str) -> None:
    """At once, with the permissions that a new file gets; into what is no regular file (a pipe) as it comes."""
    from reconciler.runtime.disk import write_whole

    content = text.encode("utf-8", "backslashreplace")
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            path.write_bytes(content)
            return
    mask = os.umask(0)
    os.umask(mask)
    write_whole(path, content, 0o666 & ~mask)


def _for_github(settings: Settings, document: Any, view: View, told: bool) -> None:
    """Annotations on stderr, and what the step hands on, where the runner says where it wants that."""
    if not told:
        settings.print(drawn(GITHUB, document, view), to_stderr=True, machine=True)
    for name, made in _HANDED_ON.items():
        if target := settings.env.get(name):
            path = Path(settings.start, target)
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(made(document, view, path))


def _outputs(document: Any, view: View, path: Path) -> str:  # noqa: ARG001, as the other one
    from reconciler.report.github import outputs_text, step_outputs

    return outputs_text(step_outputs(document), f"reconciler-{os.urandom(16).hex()}")


def _summary(document: Any, view: View, path: Path) -> str:
    from reconciler.report.github import SUMMARY_BYTES
    from reconciler.report.markdown import Budget, markdown

    room = SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
    return markdown(document, view.seen.path(None), view.page, Budget(max(room - 1, 0), in_bytes=True)) + "\n"


_HANDED_ON: Mapping[str, Callable[[Any, View, Path], str]] = {
    "GITHUB_OUTPUT": _outputs,
    "GITHUB_STEP_SUMMARY": _summary,
}
