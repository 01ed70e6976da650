"""The runs that are remembered, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler import __version__
from reconciler.model.history import RunFacts
from reconciler.model.problems import Problem
from reconciler.model.status import KeptRun
from reconciler.model.why import Written
from reconciler.report import shapes
from reconciler.report.document import problem_rows
from reconciler.report.history import minute, write_row
from reconciler.report.layout import PAGE, Page, folding_table
from reconciler.report.text import command
from reconciler.report.words import listing, number, plain, some

_NOUNS = frozenset({"values", "tags_applied", "tags_removed"})
_WORDS = (
    ("created", "created"),
    ("updated", "updated"),
    ("values", "value"),
    ("tags_applied", "tag applied"),
    ("tags_removed", "tag removed"),
    ("failed", "refused"),
    ("left", "not reached"),
)


def runs_text(file: str, runs: Sequence[KeptRun], page: Page = PAGE) -> str:
    """A line for each run, the newest first."""
    if not runs:
        return plain(f"{file}   no run is remembered") + f"\n\nNext: {command('apply', file, page)}\n"
    rows = [[run.run.run, minute(run.run.at), run.run.result or "did not end", _said(run)] for run in runs]
    lines = [line for own in folding_table(rows, 3, page.width, gaps=(2, 2, 2)) for line in own]
    newest = next((run.run.run for run in runs if run.kept), "")
    following = f"\n\nNext: {command('show', file, page)} {newest}\n" if newest else "\n"
    return "\n".join([plain(file), *lines]) + following


def _said(run: KeptRun) -> str:
    counts = listing(_counted(name, word, run.counts.get(name, 0)) for name, word in _WORDS) if run.kept else "not kept"
    facts = run.facts
    told = [
        counts,
        f"{run.problems} problem{'' if run.problems == 1 else 's'}" if run.problems else "",
        f"undo of {facts.undoes}" if facts is not None and facts.undoes else "",
        f"by {facts.who}" if facts is not None and facts.who else "",
        "file changed" if run.changed else "",
        f"can be undone until {run.undo[:10]}" if run.undo else "",
    ]
    return listing(told)


def _counted(name: str, word: str, count: int) -> str:
    """`2 values`, `11 created`; nothing of what there is none of."""
    return "" if not count else some(count, word) if name in _NOUNS else f"{number(count)} {word}"


def runs_document(
    file: str,
    runs: Iterable[KeptRun] | None,
    problems: Iterable[Problem] = (),
    written: Sequence[Written] | None = None,
) -> shapes.RunsDocument:
    """`runs` None: they could not be found out. `written`: to the person who was asked for."""
    return shapes.RunsDocument(
        tool=__version__,
        outcome="error" if runs is None else "listed",
        file=file,
        runs=tuple(map(_row, runs or ())),
        writes=None if written is None else tuple(map(write_row, written)),
        problems=problem_rows(problems),
    )


def _row(run: KeptRun) -> shapes.KeptRunRow:
    counts = {name: run.counts.get(name) for name, _ in _WORDS}
    facts = run.facts or RunFacts("", "", "")
    return shapes.KeptRunRow(
        run=run.run.run,
        at=run.run.at,
        result=run.run.result,
        kept=run.kept,
        command=facts.command,
        who=facts.who,
        config=run.run.config,
        changed=run.changed,
        plan=facts.plan,
        problems=run.problems,
        undoable=bool(run.undo),
        undo_until=run.undo,
        **counts,
    )
