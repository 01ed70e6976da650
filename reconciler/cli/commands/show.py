"""`reconciler show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import exits
from reconciler.cli.commands.history import print_runs
from reconciler.cli.reports import deliver, exit_of, report_option, write_reports
from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Place
from reconciler.report.formats import PLAN, View, formats_of

if TYPE_CHECKING:
    from reconciler.runtime.savedplan import SavedPlan


@click.command("show")
@click.argument("name", metavar="[RUN|last|plan|FILE]", default="plan")
@click.option("--list", "listed", is_flag=True, help="List the runs instead, as `history` does.")
@format_option(*formats_of(PLAN), "jsonl")
@report_option(PLAN)
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, name: str, listed: bool, format: str) -> int:
    """Show the last plan or a run again, without touching source or CRM.

    RUN is the id of an apply, or a beginning that no other one has; `last` is the newest. The last plan and the
    outcomes of the last 20 runs are kept in the state folder, without any value; `status --forget runs` removes them.

    FILE is a plan that `reconciler plan --out` saved. As jsonl it is one line a change: addresses, actions, causes and
    digests, no values.

    \b
    Examples:
      reconciler show
      reconciler show last
      reconciler show 20261122T10
      reconciler show --list
      reconciler show plan --format json
      reconciler show reviewed.plan --format jsonl
      reconciler show last --report html=run.html
    """
    wanted = bare_request(settings)
    if _is_file(name) and not listed:
        return _saved(settings, settings.program().saved_plan(wanted, Path(name)), format)
    if format == "jsonl":
        raise Failure(problem("E904", "`--format jsonl` is for a saved plan", fix="name its file, or leave it out"))
    if listed:
        if name != "plan":
            raise Failure(problem("E904", "`--list` and a run exclude each other", fix="leave one of them out"))
        if format not in ("text", "json") or settings.reports:
            raise Failure(problem("E904", "a list of runs is text or json", fix="name a run for other formats"))
        print_runs(settings, settings.program().kept_runs(wanted), format)
        return exits.DONE
    found = settings.program().shown(wanted, name)
    view = View(settings.seen, settings.page(found.narrowed), found.settled)
    return exit_of(exits.DONE, deliver(settings, format, found.document, view))


def _is_file(name: str) -> bool:
    """Whether a saved plan is meant. Names of runs have neither dots nor slashes."""
    return name not in ("plan", "last") and (any(sign in name for sign in "./\\") or Path(name).is_file())


def _saved(settings: Settings, saved: SavedPlan, format: str) -> int:
    if saved.sealed is None:
        settings.warn([problem("E571", where=Place(str(saved.path)))])
    view = View(settings.seen, settings.page()._replace(saved=str(saved.path)))
    if format == "jsonl":
        problems = write_reports(settings, settings.reports, saved.document, view)
        for line in saved.lines():
            settings.print(line + "\n", machine=True)
        if problems:
            raise Failure(problems)
        return exits.DONE
    return exit_of(exits.DONE, deliver(settings, format, saved.document, view))
