"""`reconciler apply`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import exits
from reconciler.cli.planning import Asked, chosen_anew, planning_options, request
from reconciler.cli.reports import deliver, exit_of
from reconciler.cli.settings import Settings, global_options
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.report.formats import View
from reconciler.report.words import listing

if TYPE_CHECKING:
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
    from reconciler.report.layout import Page


@click.command("apply")
@click.argument("saved", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@planning_options
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@click.option("--keep-undo", is_flag=True, help="Keep what is overwritten, encrypted, so that `undo` can put it back.")
@click.option("--max-calls", type=click.IntRange(min=1), metavar="N", help="Stop after so many calls; go on later.")
@global_options(hidden=True)
@click.pass_obj
def command(
    settings: Settings,
    /,
    saved: Path | None,
    auto_approve: bool,
    keep_undo: bool,
    max_calls: int | None,
    **options: Any,
) -> int:
    """Do what the plan says, after asking.

    The plan is made and printed first. Ctrl-C stops after the batch in flight; run the command again to go on.

    PLAN is a file that `reconciler plan --out` wrote. What it approved is done without asking again, and nothing else:
    what came up since is counted and left. It is good for 24 hours, for one file, one account and one apply.

    \b
    Examples:
      reconciler apply
      reconciler apply --auto-approve --format json
      reconciler apply --allow create=5000 --max-calls 200
      reconciler apply --relink
      reconciler apply --keep-undo
      reconciler apply reviewed.plan
      reconciler apply reviewed.plan --report markdown=outcome.md --report github
    """
    asked = Asked(**options)
    approved = auto_approve or saved is not None
    if not approved and not settings.at_terminal:
        raise Failure(problem("E905"))
    if saved is not None and (anew := chosen_anew(asked)):
        raise Failure(problem("E569", listing(f"`{name}`" for name in anew)))
    typed = f"apply {saved.name}"[:64] if saved is not None else "apply"
    wanted = request(settings, asked, max_calls=max_calls, saved=saved, keep_undo=keep_undo, command=typed)
    approval = _Approval(settings, wanted, asked, approved)
    try:
        outcome = settings.program().apply(wanted, approval.confirm, settings.interrupts.stop)
    finally:
        wanted.progress.done()
    if not approval.shown:
        settings.events.planned(outcome.plan)
    settings.events.ended(outcome)
    delivered = _print(settings, outcome, asked, approval.shown, str(saved or ""))
    return exit_of(exits.OF_RESULT[outcome.result], delivered)


class _Approval:
    """Shows the plan and asks; from a yes on, an interruption ends the batch in flight first."""

    def __init__(self, settings: Settings, wanted: Any, asked: Asked, auto: bool) -> None:
        self._settings = settings
        self._wanted = wanted
        self._asked = asked
        self._auto = auto
        self.shown = False

    def confirm(self, plan: Plan) -> bool:
        from reconciler.report.text import plan_text

        self._wanted.progress.done()
        self._settings.events.planned(plan)
        at_once = self._asked.at_once
        if not at_once or not self._auto:
            # One document keeps stdout for itself: who is asked reads the plan on stderr.
            page = self._settings.page(self._asked.narrowed, to_stderr=at_once)
            self._settings.print(plan_text(plan, applying=True, page=page), to_stderr=at_once)
        self.shown = True
        agreed = self._auto or _ask()
        self._settings.interrupts.gentle = agreed
        return agreed


def _ask() -> bool:
    """Only yes is a yes; the end of the input is a no."""
    sys.stderr.write("\nApply? yes/no: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"yes", "y"}


def _print(settings: Settings, outcome: Outcome, asked: Asked, shown: bool, saved: str) -> bool:
    """Whether every report could be written, too."""
    from reconciler.report.document import outcome_document

    page = settings.page(asked.narrowed)._replace(saved=saved)
    text = None if asked.at_once else _text(outcome, shown, page)
    return deliver(settings, asked.format, outcome_document(outcome), View(settings.seen, page), text)


def _text(outcome: Outcome, shown: bool, page: Page) -> str:
    """What is not printed yet: the plan, if nobody was shown it, and what came of it."""
    from reconciler.report.outcome import outcome_text
    from reconciler.report.text import plan_text

    plan = "" if shown else plan_text(outcome.plan, applying=True, page=page)
    return plan + ("\n" + outcome_text(outcome, page) if outcome.result != "none" else "")
