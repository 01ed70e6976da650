"""`reconciler plan`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import exits
from reconciler.cli.planning import Asked, planning_options, request
from reconciler.cli.settings import Settings, global_options


@click.command("plan")
@planning_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if changes are pending.")
@click.option("--timings", is_flag=True, help="Say on stderr how long each stage took.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, /, detailed_exitcode: bool, timings: bool, **options: Any) -> int:
    """Show what an apply would do. Writes nothing to the CRM.

    \b
    Examples:
      reconciler plan
      reconciler plan --person 1042 --show-values
      reconciler plan --target 'field.*' --exclude field.notes
      reconciler plan --allow update_percent=40
      reconciler plan --relink=renamed
      reconciler plan --format json --detailed-exitcode > plan.json
    """
    asked = Asked(**options)
    if timings:
        from reconciler.cli.timings import Timings

        settings.timings = Timings()
    wanted = request(settings, asked)
    try:
        plan = settings.program().plan(wanted)
    finally:
        wanted.progress.done()
    if asked.json:
        from reconciler.report.document import plan_document, to_json

        settings.print(to_json(plan_document(plan)) + "\n")
    else:
        from reconciler.report.text import plan_text

        settings.print(plan_text(plan, page=settings.page(asked.narrowed)))
    if settings.timings is not None:
        settings.print("\n" + settings.timings.text(), to_stderr=True)
    return exits.CHANGES_PENDING if detailed_exitcode and plan.pending else exits.DONE
