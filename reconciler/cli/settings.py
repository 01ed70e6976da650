"""What every command knows: the global options, the environment, and the program behind the command line."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.interrupts import Interrupts
from reconciler.cli.output import emit, in_ci, is_terminal, wants_colour, width_of
from reconciler.cli.progress import chosen_progress
from reconciler.model.events import Event
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Problem
from reconciler.model.progress import Progress, Silent

if TYPE_CHECKING:
    from reconciler.cli.events import Heard
    from reconciler.cli.reports import Report
    from reconciler.cli.timings import Timings
    from reconciler.report.layout import Page
    from reconciler.report.seen import Seen

DEFAULT_FILE = "reconciler.yaml"
LOG_VARIABLE = "RECONCILER_LOG_FORMAT"
F = TypeVar("F", bound=Callable[..., Any])
Options = Sequence[tuple[tuple[str, ...], Mapping[str, Any]]]
"""Options as a table: their names, and what click is told of them."""


def typed_option(arguments: Sequence[str], name: str) -> str:
    """What the command line gives to an option, read even where the rest of it cannot be; "" for nothing."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=False)
    typed = [b if a == name else a.partition("=")[2] for a, b in pairs if a.partition("=")[0] == name]
    return typed[-1] if typed else ""


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


@dataclass(slots=True, eq=False, repr=False)
class Settings:
    """`program` gives the functions of `runtime.pipeline`; they are loaded when a command needs them. `given`: some
    global option was. `start`: the folder in which the program was started; "" if it is gone. `arguments`: the whole
    command line."""

    env: Mapping[str, str]
    program: Callable[[], Any]
    interrupts: Interrupts
    command: str = ""
    file: str = DEFAULT_FILE
    directory: str | None = None
    state: str | None = None
    verbose: int = 0
    quiet: bool = False
    no_color: bool = False
    log_format: str = ""
    given: bool = False
    start: str = field(default_factory=_folder)
    arguments: Sequence[str] = ()
    timings: Timings | None = None
    reports: tuple[Report, ...] = ()
    _began: float = field(default_factory=monotonic)
    _heard: Heard | None = None
    _entered: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def ci(self) -> bool:
        return in_ci(self.env)

    @property
    def at_terminal(self) -> bool:
        """Whether somebody can be asked; never in CI."""
        return not self.ci and is_terminal(sys.stdin) and is_terminal(sys.stderr)

    def progress(self) -> Progress:
        shown: Progress = Silent()
        if sys.stderr is not None and not self.logs_json:
            bar = sys.stderr.isatty() and not (self.ci or self.verbose)
            shown = chosen_progress(sys.stderr, self.quiet, bar, bool(self.verbose))
        if self.events.listened:
            from reconciler.cli.events import Stages, Together

            shown = Together(shown, Stages(self.events))
        return shown if self.timings is None else self.timings.around(shown)

    @property
    def on_github(self) -> bool:
        """Whether a runner of GitHub Actions looks for commands in what is printed."""
        return self.env.get("GITHUB_ACTIONS") == "true"

    @property
    def logs_json(self) -> bool:
        """Whether stderr gets JSON lines. Read even where the rest of the command line cannot be."""
        typed = self.log_format or typed_option(self.arguments, "--log-format")
        return (typed or self.env.get(LOG_VARIABLE, "")) == "json"

    @property
    def events(self) -> Heard:
        """Who hears what happens; from the first time on that somebody asks. Raises Failure E903."""
        if self._heard is None:
            from reconciler.cli.events import heard_by

            self._heard = heard_by(self)
        return self._heard

    def tell_problems(self, problems: Iterable[Problem]) -> None:
        """To who listens; that is nobody where the command failed before it began."""
        if self._heard is not None or self.logs_json:
            for found in problems:
                self.events.problem(found)

    def warn(self, problems: Sequence[Problem]) -> None:
        """Problems beside a result, on stderr."""
        from reconciler.report.problems import problems_text

        self.tell_problems(problems)
        if not self.logs_json:
            self.print(problems_text(problems, self.page(to_stderr=True).width), to_stderr=True)

    def end(self, code: int, outcome: str = "") -> int:
        """The command ends with that exit code. `outcome`: "" as it was told before."""
        if self._heard is not None or (self.logs_json and self.command):
            spent = round(monotonic() - self._began, 3)
            self.events.end(outcome or self.events.outcome or ("done" if code == 0 else "error"), code, spent)
        return code

    def print(self, text: str, to_stderr: bool = False, machine: bool = False) -> None:
        """`machine`: drawn for a program, and not to be changed; no other line may be read as a command by a runner."""
        if to_stderr and self.logs_json and not machine:
            for line in filter(str.strip, text.splitlines()):
                self.events.tell(Event.TEXT, {"text": line})
            return
        stream = sys.stderr if to_stderr else sys.stdout
        if self.on_github and not machine:
            from reconciler.report.neutral import in_a_log

            text = in_a_log(text)
        emit(text, wants_colour(stream, self.env, self.no_color), to_stderr)

    def page(self, narrowed: bool = False, to_stderr: bool = False) -> Page:
        """What a report is written for. `narrowed`: options of the command decided what was planned."""
        from reconciler.report.layout import WIDTH, Page

        if not (self.directory or self.state):
            return Page(width_of(sys.stderr if to_stderr else sys.stdout, WIDTH), "", narrowed)
        import shlex

        typed = (("-C", self.directory), ("--state", self.state))
        options = " ".join(f"{name} {shlex.quote(value)}" for name, value in typed if value)
        return Page(width_of(sys.stderr if to_stderr else sys.stdout, WIDTH), options, narrowed)

    @property
    def seen(self) -> Seen:
        """How a review names the files of this run."""
        from reconciler.report.seen import Seen

        return Seen(self.start, self.directory or "", self.file)

    def enter_directory(self) -> None:
        """`-C`: paths of the command line and of the file are relative to it from here on."""
        if self.directory is None:
            return
        try:
            self._entered.enter_context(contextlib.chdir(self.directory))
        except OSError:
            raise Failure(problem("E903", "-C names no folder that can be entered")) from None

    def leave(self) -> None:
        self._entered.close()


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    settings: Settings = context.find_root().obj
    if value is None or value is False or value == 0 or parameter.name is None:
        return
    if value == "":
        raise Failure(problem("E903", f"`{parameter.opts[-1]}` is empty"))
    settings.given = True
    setattr(settings, parameter.name, settings.verbose + value if parameter.name == "verbose" else value)


_OPTIONS: Options = (
    (("-f", "--file"), {"metavar": "FILE", "help": f"The file to reconcile. Default: {DEFAULT_FILE}."}),
    (("-C", "--directory"), {"metavar": "DIR", "help": "Run as if started in this folder."}),
    (("--state",), {"metavar": "DIR", "help": "Where to remember links and runs. Default: .reconciler beside FILE."}),
    (("-v", "--verbose"), {"count": True, "help": "On stderr: every stage, and the way to an unexpected error."}),
    (("-q", "--quiet"), {"is_flag": True, "help": "No progress on stderr."}),
    (
        ("--log-format",),
        {"type": click.Choice(["text", "json"]), "help": "What stderr gets: json is one object a line. Default: text."},
    ),
    (("--no-color",), {"is_flag": True, "help": "No colours; the variable NO_COLOR does the same."}),
)


def global_options(hidden: bool) -> Callable[[F], F]:
    """The options that every command takes, before its name and, hidden from its help, after it."""
    return option_table(_OPTIONS, expose_value=False, callback=_keep, hidden=hidden)


def option_table(table: Options, **alike: Any) -> Callable[[F], F]:
    """The options of a table, in its order; `alike`: what click is told of each of them."""

    def decorate(command: F) -> F:
        for names, more in reversed(table):
            command = click.option(*names, **more, **alike)(command)
        return command

    return decorate
