"""`reconciler history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.model.status import KeptRun


@click.command("history")
@click.argument("person", metavar="[PERSON]", required=False)
@click.option("--person", "named", metavar="ID", help="The same as PERSON.")
@format_option()
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, person: str | None, named: str | None, format: str) -> None:
    """List the runs, or what they wrote to one person.

    Neither source nor CRM is touched. PERSON is the id in the source's column of `identity.person`. What was written to
    whom is remembered of the last 20 runs, as keyed digests: which field or tag, by which line of the file, why, when
    and with which outcome, never which value. `status --forget runs` removes it.

    \b
    Examples:
      reconciler history
      reconciler history 1042
      reconciler history --person 1042 --format json
    """
    if person is not None and named is not None:
        raise Failure(problem("E904", "PERSON and `--person` are the same", fix="leave one of them out"))
    wanted = bare_request(settings)
    runs = settings.program().kept_runs(wanted)
    asked = person if person is not None else named
    if asked is None:
        print_runs(settings, runs, format)
        return
    written = settings.program().writes_to(wanted, asked)
    if format == "json":
        from reconciler.report.document import to_json
        from reconciler.report.runs import runs_document

        theirs = {one.run.run for one in written}
        found = tuple(run for run in runs if run.run.run in theirs)
        settings.print(to_json(runs_document(settings.file, found, written=written)) + "\n")
    else:
        from reconciler.report.history import writes_text

        settings.print(writes_text(settings.file, written, settings.page()))


def print_runs(settings: Settings, runs: tuple[KeptRun, ...], format: str) -> None:
    """The list, for `history` and `show --list`."""
    from reconciler.report.runs import runs_document, runs_text

    if format == "json":
        from reconciler.report.document import to_json

        settings.print(to_json(runs_document(settings.file, runs)) + "\n")
    else:
        settings.print(runs_text(settings.file, runs, settings.page()))
