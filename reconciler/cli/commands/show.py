"""`reconciler show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.model.status import KeptRun


@click.command("show")
@click.argument("name", metavar="[RUN|last|plan]", default="plan")
@click.option("--list", "listed", is_flag=True, help="List the runs instead, with time, result and counts.")
@format_option()
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, name: str, listed: bool, format: str) -> None:
    """Show the last plan or a run again, without touching source or CRM.

    RUN is the id of an apply, or a beginning that no other one has; `last` is the newest. The last plan and the
    outcomes of the last 20 runs are kept in the state folder, without any value; `status --forget runs` removes them.

    \b
    Examples:
      reconciler show
      reconciler show last
      reconciler show 20261122T10
      reconciler show --list
      reconciler show plan --format json
    """
    wanted = bare_request(settings)
    if listed:
        if name != "plan":
            raise Failure(problem("E904", "`--list` and a run exclude each other", fix="leave one of them out"))
        _list(settings, settings.program().kept_runs(wanted), format)
        return
    found = settings.program().shown(wanted, name)
    if format == "json":
        from reconciler.report.document import to_json

        settings.print(to_json(found.document) + "\n")
    else:
        from reconciler.report.redrawn import document_text

        settings.print(document_text(found.document, settings.page(found.narrowed), found.settled))


def _list(settings: Settings, runs: tuple[KeptRun, ...], format: str) -> None:
    from reconciler.report.runs import runs_document, runs_text

    if format == "json":
        from reconciler.report.document import to_json

        settings.print(to_json(runs_document(settings.file, runs)) + "\n")
    else:
        settings.print(runs_text(settings.file, runs, settings.page()))
