"""`reconciler validate`."""

from __future__ import annotations

import click

from reconciler.cli.requests import FORMAT, bare_request
from reconciler.cli.settings import Settings, global_options
from reconciler.model.problems import Failure, Level


@click.command("validate")
@click.option("--format", type=FORMAT, default="text", help="What stdout gets. Default: text.")
@click.option("--offline", is_flag=True, help="Do not look at the source's columns either.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, format: str, offline: bool) -> None:
    """Check the file, the environment and the source's columns; never the CRM.

    \b
    Examples:
      reconciler validate
      reconciler validate --offline --format json
    """
    wanted = bare_request(settings)
    try:
        desired, problems = settings.program().validate(wanted, offline)
    finally:
        wanted.progress.done()
    if any(p.level is Level.ERROR for p in problems):
        raise Failure(problems)
    if format == "json":
        from reconciler.report.document import to_json, validation_document

        settings.print(to_json(validation_document(settings.file, problems, desired)) + "\n")
    else:
        from reconciler.report.validation import validation_text

        settings.print(validation_text(settings.file, desired, problems, settings.page().width))
