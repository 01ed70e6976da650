"""The `membership` example as documents: its plan, the apply that follows, and the plan after that."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from processes import NOW, reconciler

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.report.shapes import PlanDocument

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "membership"
ALLOWED = ("--allow", "create=100", "--allow", "delete=2")


@dataclass(frozen=True, slots=True)
class Membership:
    """`plan` is refused by limits; `applied` had them raised."""

    plan: PlanDocument
    applied: PlanDocument
    settled: PlanDocument


def membership(folder: Path) -> Membership:
    """Works in a copy of the example below `folder`, on what last year's file left there."""
    copy = folder / "membership"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns(".reconciler", "*.db*"))
    clock = Clock.fixed(datetime(2025, 11, 22, tzinfo=UTC))
    with closing(LocalCrm(copy / "crm.db", clock, token=lambda: "4f1c09ab")) as crm:
        crm.seed()
    _run(copy, "-f", "last-year.yaml", "apply", "--auto-approve", "--now", "2025-11-22")
    _run(copy, "-f", "last-year.yaml", "status", "--forget", "fields")
    plan = _document(copy, "plan", "--now", NOW)
    applied = _document(copy, "apply", "--auto-approve", "--now", NOW, *ALLOWED)
    return Membership(plan, applied, _document(copy, "plan", "--now", NOW))


def _document(folder: Path, *arguments: str) -> PlanDocument:
    return PlanDocument.model_validate_json(_run(folder, *arguments, "--format", "json"))


def _run(folder: Path, *arguments: str) -> str:
    ended = reconciler(folder, *arguments)
    assert ended.code == 0, ended.out + ended.err
    return ended.out
