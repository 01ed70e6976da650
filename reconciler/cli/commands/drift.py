"""`reconciler drift`."""

from __future__ import annotations

import click

from reconciler.cli import exits
from reconciler.cli.reports import deliver, exit_of, report_option
from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.report.formats import DRIFT, View, formats_of


@click.command("drift")
@format_option(*formats_of(DRIFT))
@report_option(DRIFT)
@click.option("--refresh", type=click.Choice(["full", "incremental"]), help="Read all contacts, or only what changed.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, format: str, refresh: str | None) -> int:
    """Show what others moved in the CRM since the last apply, and what the next one does about it.

    Told for people whose own data are as they were then; whatever else differs is for `plan` to show. Exits with 2 if
    there is drift, with 0 if there is none. That contacts were deleted is only noticed by `--refresh full`.

    \b
    Examples:
      reconciler drift
      reconciler drift --refresh full
      reconciler drift --format json > drift.json
      reconciler drift --report markdown=drift.md --report github
    """
    from reconciler.report.drift import drift_document, drifted

    wanted = bare_request(settings, refresh=refresh)
    try:
        plan = settings.program().drift(wanted)
    finally:
        wanted.progress.done()
    settings.events.planned(plan)
    document = drift_document(plan, plan.problems)
    delivered = deliver(settings, format, document, View(settings.seen, settings.page()))
    return exit_of(exits.CHANGES_PENDING if drifted(plan) else exits.DONE, delivered)
