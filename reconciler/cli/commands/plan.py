"""`reconciler plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli import exits
from reconciler.cli.planning import Asked, planning_options, request
from reconciler.cli.reports import deliver, exit_of
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.report.formats import View


@click.command("plan")
@planning_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if changes are pending.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Save the plan, for `apply FILE`.")
@click.option("--timings", is_flag=True, help="Say on stderr how long each stage took.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, /, detailed_exitcode: bool, out: Path | None, timings: bool, **options: Any) -> int:
    """Show what an apply would do. Writes nothing to the CRM.

    --out saves it, without any value of a person: once it is reviewed, `reconciler apply FILE` does that and nothing
    else. Where another machine applies it, both need the same RECONCILER_PLAN_KEY.

    \b
    Examples:
      reconciler plan
      reconciler plan --person 1042 --show-values
      reconciler plan --target 'field.*' --exclude field.notes
      reconciler plan --allow update_percent=40
      reconciler plan --relink=renamed
      reconciler plan --format json --detailed-exitcode > plan.json
      reconciler plan --out reviewed.plan
      reconciler plan --report markdown=plan.md --report html=plan.html --report github
    """
    asked = Asked(**options)
    if out is not None and asked.persons:
        raise Failure(problem("E569", "`--out` saves a plan that names nobody; `--person` names somebody"))
    if timings:
        from reconciler.cli.timings import Timings

        settings.timings = Timings()
    wanted = request(settings, asked, out=out)
    try:
        plan = settings.program().plan(wanted)
    finally:
        wanted.progress.done()
    settings.events.planned(plan)
    from reconciler.report.document import plan_document
    from reconciler.report.text import plan_text

    page = settings.page(asked.narrowed)._replace(saved=str(out or ""))
    text = None if asked.at_once else plan_text(plan, page=page)
    delivered = deliver(settings, asked.format, plan_document(plan), View(settings.seen, page), text)
    if settings.timings is not None:
        settings.print("\n" + settings.timings.text(), to_stderr=True)
    return exit_of(exits.CHANGES_PENDING if detailed_exitcode and plan.pending else exits.DONE, delivered)
