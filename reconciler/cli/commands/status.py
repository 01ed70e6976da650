"""`reconciler status`."""

from __future__ import annotations

import click

from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

PARTS = ("all", "links", "tags", "rewrites", "fields", "runs", "snapshot")


@click.command("status")
@format_option()
@click.option(
    "--forget",
    type=click.Choice(PARTS),
    is_flag=False,
    flag_value="all",
    metavar="[PART]",
    help="Forget all, or: links, tags, rewrites, fields, runs, snapshot.",
)
@click.option("--release", is_flag=True, help="Take the lease of a shared state from an apply that is gone.")
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, format: str, forget: str | None, release: bool) -> None:
    """Show what is remembered about the file: account, links, last run.

    What is forgotten is found again by the next plan: people by their e-mail; a tag becomes ours anew, and takes
    nothing from its carriers the first time. With the runs goes what `show` shows; without the snapshot the next plan
    reads all contacts.

    Where the file names a shared state, all of that is about what every machine remembers. An apply that died holds its
    lease until it runs out; --release takes it away at once. An apply that lives after all then writes no more.

    \b
    Examples:
      reconciler status
      reconciler status --format json
      reconciler status --forget
      reconciler status --forget links
      reconciler status --release
    """
    wanted = bare_request(settings)
    if release and (forget is not None or format == "json"):
        raise Failure(problem("E904", "`--release` stands alone"))
    if release:
        who = settings.program().release(wanted)
        settings.print(f"Released. It was held by {who}.\n" if who else "Nobody holds a lease.\n")
        return
    if forget is not None:
        settings.program().forget(wanted, forget)
    if format == "json":
        from reconciler.report.document import status_document, to_json

        settings.print(to_json(status_document(settings.program().status(wanted))) + "\n")
    elif forget is not None:
        settings.print("Forgotten. What is needed is found again by the next plan.\n")
    else:
        from reconciler.report.status import status_text

        settings.print(status_text(settings.program().status(wanted), settings.page()))
