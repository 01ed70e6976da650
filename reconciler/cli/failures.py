"""Everything that can go wrong becomes problems with a code: wrong usage, a failure of some room, the unexpected."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli.reports import asked_reports, view_of, with_problems, write_reports
from reconciler.cli.settings import Settings
from reconciler.model.messages import problem
from reconciler.model.problems import Exit, Failure, Problem
from reconciler.report.formats import FORMATS, drawing, drawn
from reconciler.report.words import listing

if TYPE_CHECKING:
    from pydantic import BaseModel

    from reconciler.report.shapes import PlanOutcome


def usage_problem(error: click.UsageError, command: click.Command) -> Problem:
    """Our sentence for click's error; its own text may quote what was typed. `command`: the one that was run."""
    see = f"see `{_path(command)} --help`"
    if isinstance(error, click.NoSuchOption):
        names = [name for p in command.params for name in p.opts if name.startswith("--")]
        begun = [name for name in names if name.startswith(error.option_name)]
        near = listing(f"`{p}`" for p in begun or error.possibilities or ())
        return problem("E902", f"`{error.option_name}`" + (f"; did you mean {near}?" if near else ""), fix=see)
    if isinstance(error, click.BadOptionUsage):
        flag = any(error.option_name in p.opts and getattr(p, "is_flag", False) for p in command.params)
        return problem("E903", f"`{error.option_name}` " + ("takes no value" if flag else "needs a value"), fix=see)
    if isinstance(error, click.MissingParameter):
        return problem("E904", f"`{_name(error.param)}` is missing", fix=see)
    if isinstance(error, click.BadParameter):
        return problem("E903", f"`{_name(error.param)}` takes {_takes(error.param)}", fix=see)
    return problem("E904", "more arguments were given than the command takes", fix=see)


def _path(command: click.Command) -> str:
    return "reconciler" if isinstance(command, click.Group) else f"reconciler {command.name}"


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return "an argument"
    return parameter.opts[0] if isinstance(parameter, click.Option) else (parameter.name or "").upper()


def _takes(parameter: click.Parameter | None) -> str:
    kind = parameter.type if parameter else None
    if isinstance(kind, click.Choice):
        *others, last = (str(choice) for choice in kind.choices)
        return f"{', '.join(others)} or {last}" if others else last
    if isinstance(kind, click.IntRange):
        return f"a whole number from {kind.min} on"
    return "a whole number" if isinstance(kind, click.types.IntParamType) else "another kind of value"


def unexpected(error: BaseException, verbose: int) -> Problem:
    """A mistake of ours: the kind of the error and the place in our code, never its text."""
    import traceback

    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line} in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith("click.")
    ]
    ours = [frame for frame in frames if frame.startswith("reconciler.")]
    detail = f"{type(error).__name__} at {ours[-1] if ours else 'an unknown place'}"
    return problem("E999", f"{detail}. The way there: {' > '.join(frames)}" if verbose else detail)


def asked_format(arguments: Sequence[str]) -> str:
    """The format that the command line wants, read even where the rest of it cannot be; "" for none."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    asked = [b if a == "--format" else a.partition("=")[2] for a, b in pairs if a.partition("=")[0] == "--format"]
    return asked[-1] if asked else ""


_ENDED: Mapping[Exit, PlanOutcome] = {Exit.STALE: "stale", Exit.REFUSED: "refused"}
"""How an apply ended that came to no plan, where that is not an error."""


def _plan_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:
    from reconciler.report.document import error_document

    if settings.command not in ("apply", "undo"):
        return error_document("plan", failure.problems, settings.file, now)
    return error_document("apply", failure.problems, settings.file, now, _ENDED.get(failure.exit, "error"))


def _validation_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.validation import validation_document

    return validation_document(settings.file, failure.problems)


def _status_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.document import status_document

    return status_document(None, failure.problems, settings.file)


def _discovery_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.discovery import discovery_document

    return discovery_document(None, problems=failure.problems, file=settings.file)


def _adapters_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.adapters import adapters_error

    return adapters_error(failure.problems)


def _doctor_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.checks import doctor_document

    return doctor_document(settings.file, (), failure.problems)


def _drift_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.drift import drift_document

    return drift_document(None, failure.problems, settings.file)


def _cases_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.cases import cases_document

    return cases_document(settings.file, None, failure.problems)


def _show_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:
    from reconciler.report.runs import runs_document

    listed = "--list" in settings.arguments
    return runs_document(settings.file, None, failure.problems) if listed else _plan_document(settings, failure, now)


def _runs_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.runs import runs_document

    return runs_document(settings.file, None, failure.problems)


def _why_document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:  # noqa: ARG001, as above
    from reconciler.report.history import why_document

    return why_document(None, settings.file, failure.problems)


# By command: the object that its `--format json` prints when it fails; that of `plan` for every other one.
_DOCUMENTS: Mapping[str, Callable[[Settings, Failure, datetime], BaseModel]] = {
    "validate": _validation_document,
    "drift": _drift_document,
    "status": _status_document,
    "discover": _discovery_document,
    "adapters": _adapters_document,
    "doctor": _doctor_document,
    "show": _show_document,
    "test": _cases_document,
    "history": _runs_document,
    "why": _why_document,
}


def _on_stdout(form: str, settings: Settings, document: BaseModel) -> str:
    """What a failure is on stdout in that format; "" where only stderr tells of it."""
    draws = form in FORMATS and form != "text" and drawing(form, document) is not None
    return drawn(form, document, view_of(settings)) if draws else ""


def report_failure(settings: Settings, failure: Failure, arguments: Sequence[str], now: datetime) -> None:
    """All problems as text on stderr, and on stdout in the format that was asked for. Where that is workflow commands,
    both streams are one log, and it says everything already. The reports that were asked for say why there is no more
    in them."""
    from reconciler.report.problems import problems_text

    form = asked_format(arguments)
    reports = asked_reports(settings, arguments)
    problems = [*failure.problems]
    told = False
    if reports or (form in FORMATS and form != "text"):
        document = _DOCUMENTS.get(settings.command, _plan_document)(settings, failure, now)
        missing = write_reports(settings, reports, document, view_of(settings), told=form == "github")
        problems += missing
        with contextlib.suppress(Failure):  # stdout may be what failed; stderr says so
            said = _on_stdout(form, settings, with_problems(document, missing) if missing else document)
            if said:
                settings.print(said, machine=True)
                told = form == "github"
    settings.tell_problems(problems)
    if not (told or settings.logs_json):
        settings.print(problems_text(problems, settings.page(to_stderr=True).width), to_stderr=True)
