"""Everything that can go wrong becomes problems with a code: wrong usage, a failure of some room, the unexpected."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli.settings import Settings
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Problem
from reconciler.report.words import listing

if TYPE_CHECKING:
    from pydantic import BaseModel


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
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line} in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith("click.")
    ]
    ours = [frame for frame in frames if frame.startswith("reconciler.")]
    detail = f"{type(error).__name__} at {ours[-1] if ours else 'an unknown place'}"
    return problem("E999", f"{detail}. The way there: {' > '.join(frames)}" if verbose else detail)


def asked_for_json(arguments: Sequence[str]) -> bool:
    """Whether the command line wants JSON, read even where the rest of it cannot be."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(a == "--format=json" or (a == "--format" and b == "json") for a, b in pairs)


def _document(settings: Settings, failure: Failure, now: datetime) -> BaseModel:
    from reconciler.report import document

    if settings.command == "validate":
        return document.validation_document(settings.file, failure.problems)
    if settings.command == "status":
        return document.status_document(None, failure.problems, settings.file)
    if settings.command == "discover":
        from reconciler.report.discovery import discovery_document

        return discovery_document(None, problems=failure.problems, file=settings.file)
    mode: Literal["plan", "apply"] = "apply" if settings.command == "apply" else "plan"
    return document.error_document(mode, failure.problems, settings.file, now)


def report_failure(settings: Settings, failure: Failure, arguments: Sequence[str], now: datetime) -> None:
    """All problems as text on stderr, and as one JSON object on stdout where JSON was asked for."""
    from reconciler.report.problems import problems_text

    if asked_for_json(arguments):
        from reconciler.report.document import to_json

        with contextlib.suppress(Failure):  # stdout may be what failed; stderr says so
            settings.print(to_json(_document(settings, failure, now)) + "\n")
    settings.print(problems_text(failure.problems, settings.page(to_stderr=True).width), to_stderr=True)
