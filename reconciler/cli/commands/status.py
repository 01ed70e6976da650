"""`reconciler status`."""

from __future__ import annotations

import click

from reconciler.cli.planning import bare_request
from reconciler.cli.settings import Settings, global_options


@click.command("status")
@click.option(
    "--forget",
    is_flag=False,
    flag_value="all",
    metavar="[PART]",
    help="Forget all, or: links, tags, rewrites, fields, runs.",
)
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, forget: str | None) -> None:
    """Show what is remembered about the file: account, links, last run.

    \b
    Examples:
      reconciler status
      reconciler status --forget
      reconciler status --forget links
    """
    wanted = bare_request(settings)
    if forget is not None:
        settings.program().forget(wanted, forget)
        settings.print("Forgotten. What is needed is found again by the next plan.\n")
        return
    from reconciler.report.status import status_text

    settings.print(status_text(settings.program().status(wanted)))
