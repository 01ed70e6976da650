"""`reconciler undo`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits
from reconciler.cli.planning import allowances
from reconciler.cli.reports import deliver, exit_of, report_option
from reconciler.cli.requests import bare_request, format_option
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.report.formats import PLAN, View, formats_of

if TYPE_CHECKING:
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
    from reconciler.report.layout import Page


@click.command("undo")
@click.argument("run", metavar="RUN")
@click.option("--clear-created", is_flag=True, help="Empty what the run filled in contacts that it created, too.")
@click.option("--allow", "allowed", multiple=True, metavar="LIMIT=N", help="Raise a limit for this run; repeatable.")
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@click.option("--max-calls", type=click.IntRange(min=1), metavar="N", help="Stop after so many calls; go on later.")
@format_option(*formats_of(PLAN))
@report_option(PLAN)
@global_options(hidden=True)
@click.pass_obj
def command(
    settings: Settings,
    run: str,
    clear_created: bool,
    allowed: Sequence[str],
    auto_approve: bool,
    max_calls: int | None,
    format: str,
) -> int:
    """Put back what a run wrote, where the CRM still holds it, after asking.

    RUN is the id of an apply, or a beginning that no other one has; `last` is the newest. The apply must have kept what
    it overwrote: `history: {undo: true}` in the file, or `apply --keep-undo`. Values that anybody touched since are
    left. Contacts, fields and tags that the run created stay. It is a plan as any other: printed, limited, asked for,
    written down; an undo can be undone, and goes on where it was stopped when it is run again.

    The file still says what it said: revert it before the next apply, which would write the same again.

    \b
    Examples:
      reconciler undo last
      reconciler undo 20261122T10 --auto-approve --format json
      reconciler undo last --allow clear=51
      reconciler undo last --clear-created
    """
    if not auto_approve and not settings.at_terminal:
        raise Failure(problem("E905"))
    allow, wrong = allowances(allowed)
    if wrong:
        raise Failure(wrong)
    wanted = bare_request(settings, allow=allow, max_calls=max_calls, command=f"undo {run}"[:64])
    shown: list[bool] = []

    def confirm(plan: Plan) -> bool:
        wanted.progress.done()
        if format == "text" or not auto_approve:
            # One document keeps stdout for itself: who is asked reads the plan on stderr.
            _show(settings, plan, to_stderr=format != "text")
        shown.append(True)
        agreed = auto_approve or _ask()
        settings.interrupts.gentle = agreed
        return agreed

    try:
        outcome = settings.program().undo(wanted, run, clear_created, confirm, settings.interrupts.stop)
    finally:
        wanted.progress.done()
    from reconciler.report.document import outcome_document

    text = _text(outcome, bool(shown), settings.page()) if format == "text" else None
    delivered = deliver(settings, format, outcome_document(outcome), View(settings.seen, settings.page()), text)
    return exit_of(exits.OF_RESULT[outcome.result], delivered)


def _show(settings: Settings, plan: Any, to_stderr: bool = False) -> None:
    from reconciler.report.text import plan_text

    settings.print(plan_text(plan, applying=True, page=settings.page(to_stderr=to_stderr)), to_stderr=to_stderr)


def _ask() -> bool:
    """Only yes is a yes; the end of the input is a no."""
    sys.stderr.write("\nUndo? yes/no: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"yes", "y"}


def _text(outcome: Outcome, shown: bool, page: Page) -> str:
    """What is not printed yet: the plan, if nobody was shown it, and what came of it."""
    from reconciler.report.outcome import outcome_text
    from reconciler.report.text import plan_text

    plan = "" if shown else plan_text(outcome.plan, applying=True, page=page)
    return f"{plan}\n{outcome_text(outcome, page)}"
