"""What is remembered about a file, as text."""

from __future__ import annotations

from reconciler.model.status import LastRun, Status
from reconciler.report.layout import PAGE, Page, section
from reconciler.report.text import command
from reconciler.report.words import counted, listing, plain, some


def status_text(status: Status, page: Page = PAGE) -> str:
    """Account, runs, counts and sizes, and what is unfinished."""
    if not status.known:
        where = status.shared or status.state
        head = plain(f"{status.file}   nothing is remembered in {where}")
        return f"{head}\n\nNext: {command('plan', status.file, page)}\n"
    lines = [
        *section("Shared", [status.shared]),
        *section("Account", [status.account or "the CRM does not exist yet"]),
        *section("Plan", [_run(status.plan) or "none yet"]),
        *section("Apply", [_run(status.apply) or "none yet"]),
        *section("Unfinished", _unfinished(status, page)),
        *section("Running", [status.lock]),
        *section("Remembers", [counted((count, word) for word, count in sorted(status.counts.items()))]),
        *section("Kept", [_kept(status, page)]),
        *section("Full read", [status.next_full_read]),
        *section("Files", [f"{name}  {size(count)}" for name, count in sorted(status.sizes.items())]),
    ]
    head = plain(f"{status.file}   {status.state}")
    return "\n".join([head, "", *lines]) + "\n"


def _run(run: LastRun) -> str:
    return listing([run.run, run.at, run.result or ("did not end" if run.run else "")])


def _kept(status: Status, page: Page) -> str:
    what = listing(["last plan" if status.kept_plan else "", some(status.kept_runs, "run") if status.kept_runs else ""])
    return f"{what}: {command('show', status.file, page)} --list" if what else ""


def _unfinished(status: Status, page: Page) -> list[str]:
    if status.unfinished is None:
        return []
    open_creates = some(status.open_creates, "create") + " without an answer" if status.open_creates else ""
    return [listing([_run(status.unfinished), open_creates]), f"To go on: {command('apply', status.file, page)}"]


def size(count: int) -> str:
    """`512 B`, `1.5 KiB`, `20 MiB`."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 9.95 else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} GiB"
