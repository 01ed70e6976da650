"""`reconciler validate`."""

from __future__ import annotations

import click

from reconciler.cli import exits
from reconciler.cli.reports import deliver, exit_of, report_option
from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.problems import Failure, Level
from reconciler.report.formats import VALIDATION, View, formats_of


@click.command("validate")
@format_option(*formats_of(VALIDATION))
@report_option(VALIDATION)
@click.option("--offline", is_flag=True, help="Do not look at the source's columns either.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, format: str, offline: bool) -> int:
    """Check the file, the environment and the source's columns; never the CRM.

    github prints workflow commands, which a review shows beside the line, and nothing for a good file; sarif is for
    code scanning. Both name files as seen from the folder in which the command was started.

    \b
    Examples:
      reconciler validate
      reconciler validate --offline --format json
      reconciler validate --offline --format github
      reconciler validate --offline --format sarif > reconciler.sarif
      reconciler validate --offline --report github
    """
    wanted = bare_request(settings)
    try:
        desired, problems = settings.program().validate(wanted, offline)
    finally:
        wanted.progress.done()
    if any(p.level is Level.ERROR for p in problems):
        raise Failure(problems)
    from reconciler.report.validation import validation_document

    document = validation_document(settings.file, problems, desired)
    return exit_of(exits.DONE, deliver(settings, format, document, View(settings.seen, settings.page())))
