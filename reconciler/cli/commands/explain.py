"""`reconciler explain`."""

from __future__ import annotations

import click

from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure


@click.command("explain")
@click.argument("code", required=False)
@global_options(hidden=True)
@click.pass_obj
def command(settings: Settings, code: str | None) -> None:
    """Explain a code or a rule; without one, list them all.

    \b
    Examples:
      reconciler explain R204
      reconciler explain score-mapped
      reconciler explain
    """
    from reconciler.report.problems import all_codes, explain, find_message, near_codes

    if code is None:
        settings.print(all_codes())
        return
    message = find_message(code)
    if message is None:
        near = ", ".join(f"`{name}`" for name in near_codes(code))
        raise Failure(problem("E907", f"`{code}`" + (f"; did you mean {near}?" if near else "")))
    settings.print(explain(message, settings.page().width))
