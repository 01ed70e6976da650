"""`reconciler doctor`."""

from __future__ import annotations

import sys

import click

from reconciler.cli import exits
from reconciler.cli.output import is_terminal
from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.problems import Exit


@click.command("doctor")
@format_option()
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, format: str) -> int:
    """Check everything that a run needs: program, file, source, CRM, state folder.

    Each check is ok, warn, fail or skip, with a sentence and a way out; all are made, whatever one of them says. The
    CRM and the source are read, never written. Exits with 1 if a check failed, with 4 if credentials were refused.

    \b
    Examples:
      reconciler doctor
      reconciler -f north.yaml doctor --format json
    """
    wanted = bare_request(settings)
    try:
        checks = settings.program().examine(wanted, is_terminal(sys.stdout))
    finally:
        wanted.progress.done()
    if format == "json":
        from reconciler.report.checks import doctor_document
        from reconciler.report.document import to_json

        settings.print(to_json(doctor_document(settings.file, checks)) + "\n")
    else:
        from reconciler.report.checks import checks_text

        settings.print(checks_text(checks, settings.page()))
    if any(check.authentication for check in checks):
        return exits.OF_FAILURE[Exit.AUTHENTICATION]
    return exits.ERROR if any(check.verdict == "fail" for check in checks) else exits.DONE
