"""`reconciler why`."""

from __future__ import annotations

import click

from reconciler.cli.requests import bare_request, format_option, wrong_values
from reconciler.cli.settings import Settings, global_options
from reconciler.model.problems import Failure


@click.command("why")
@click.argument("person", metavar="PERSON")
@click.argument("field", metavar="FIELD")
@click.option("--offline", is_flag=True, help="Ask only what is remembered, neither source nor CRM.")
@click.option("--show-values", is_flag=True, help="Both sides' values; only at a terminal.")
@format_option()
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, person: str, field: str, offline: bool, show_values: bool, format: str) -> None:
    """Say why a field or tag of one person is as it is.

    PERSON is the id in the source's column of `identity.person`, FIELD a key under `fields`, or `tag:NAME`. Says which
    line of the file fills it, from what and how it is read; what a plan would do with it now, and by which row of the
    decision table; which runs wrote it, when, why and with which outcome; and whether somebody else wrote it since.

    \b
    Examples:
      reconciler why 1042 birthday
      reconciler why 1042 tag:VIP
      reconciler why 1042 birthday --show-values
      reconciler why 1042 birthday --offline --format json
    """
    if problems := wrong_values(settings, show_values, format):
        raise Failure(problems)
    wanted = bare_request(settings, show_values=show_values)
    try:
        found = settings.program().why(wanted, person, field, offline)
    finally:
        wanted.progress.done()
    if format == "json":
        from reconciler.report.document import to_json
        from reconciler.report.history import why_document

        settings.print(to_json(why_document(found, settings.file)) + "\n")
    else:
        from reconciler.report.history import why_text

        settings.print(why_text(found, settings.page()))
