"""What a page shows of a document, made ready: templates decide nothing but how it looks."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.report.html.checks import Checks, checks
from reconciler.report.html.inventory import Group, groups
from reconciler.report.html.limits import LimitLine, limits
from reconciler.report.html.notes import Note, notes_of_findings, notes_of_problems
from reconciler.report.html.numbers import Approvals, CostTable, People, Tile, approvals, cost_table, people, tiles
from reconciler.report.html.rows import Chart, causes, drift_charts, field_chart, tag_chart
from reconciler.report.shapes import DriftDocument, PlanDocument


@dataclass(frozen=True, slots=True)
class Section:
    """`id`: what links lead to. `count`: of what stands in it; 0: nothing is counted."""

    id: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class PlanView:
    applied: bool
    tiles: tuple[Tile, ...]
    limits: tuple[LimitLine, ...]
    checks: Checks
    problems: tuple[Note, ...]
    approvals: Approvals | None
    people: People | None
    causes: Chart
    fields: Chart
    tags: Chart
    groups: tuple[Group, ...]
    findings: tuple[Note, ...]
    cost: CostTable | None

    def sections(self) -> dict[str, Section]:
        """Those that have something in them, in the page's order."""
        stopping = sum(line.tripped for line in self.limits)
        limited = Section("limits", "Limits that stop it" if stopping else "Limits", stopping or len(self.limits))
        shown = (
            (stopping, limited),
            (self.checks.stopping, self._checked()),
            (self.errors, _problems(self.problems)),
            (self.approvals, Section("approved", "Approved", self.approvals.total if self.approvals else 0)),
            (self.people, Section("people", "People", self.people.total if self.people else 0)),
            (self.causes.lines, Section("causes", "Why", self.causes.count)),
            (self.fields.lines, Section("fields", "Values per field", self.fields.count)),
            (self.tags.lines, Section("tags", "Taggings per tag", self.tags.count)),
            (self.groups, Section("inventory", "Inventory", sum(len(group.lines) for group in self.groups))),
            (self.findings, Section("findings", "Findings", len(self.findings))),
            (self.problems, _problems(self.problems)),
            (self.checks.failed or self.checks.passed, self._checked()),
            (self.cost, Section("cost", "Cost", 0)),
            (not stopping and self.limits, limited),
        )
        sections: dict[str, Section] = {}
        for present, section in shown:
            if present:
                sections.setdefault(section.id, section)
        return sections

    def _checked(self) -> Section:
        checks = self.checks
        title = "Checks that stop it" if checks.stopping else "Checks"
        return Section("checks", title, checks.stopping or len(checks.failed) or checks.passed)

    @property
    def errors(self) -> bool:
        """They stand near the top; mere warnings stand below what they are about."""
        return any(note.level == "error" for note in self.problems)


@dataclass(frozen=True, slots=True)
class DriftView:
    problems: tuple[Note, ...]
    fields: Chart
    tags: Chart
    gone: int

    def sections(self) -> dict[str, Section]:
        shown = (
            (self.problems, _problems(self.problems)),
            (self.fields.lines, Section("fields", "Values moved per field", self.fields.count)),
            (self.tags.lines, Section("tags", "Taggings moved per tag", self.tags.count)),
            (self.gone, Section("gone", "Gone", self.gone)),
        )
        return {section.id: section for present, section in shown if present}


def plan_view(document: PlanDocument) -> PlanView:
    return PlanView(
        applied=document.mode == "apply",
        tiles=tiles(document),
        limits=limits(document),
        checks=checks(document),
        problems=notes_of_problems(document.problems),
        approvals=approvals(document),
        people=people(document),
        causes=causes(document),
        fields=field_chart(document),
        tags=tag_chart(document),
        groups=groups(document),
        findings=notes_of_findings(document.findings),
        cost=cost_table(document),
    )


def drift_view(document: DriftDocument) -> DriftView:
    fields, tags = drift_charts(document)
    return DriftView(notes_of_problems(document.problems), fields, tags, document.gone)


def _problems(notes: tuple[Note, ...]) -> Section:
    errors = sum(note.level == "error" for note in notes)
    title = "Warnings" if not errors else "Errors" if errors == len(notes) else "Errors and warnings"
    return Section("problems", title, len(notes))
