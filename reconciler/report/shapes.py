"""The JSON of a plan, an apply and a validation, as pydantic models; `schemas/*.json` are generated from here.

Version 1 only grows: keys may be added, none changes its meaning. Nothing here has room for a value of a person.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reconciler.report.problem_shapes import ProblemRow as ProblemRow
from reconciler.report.problem_shapes import Shape as Shape
from reconciler.report.problem_shapes import ValidationDocument as ValidationDocument

PlanOutcome = Literal["none", "changes", "applied", "partial", "refused", "stale", "error"]


class InventoryCounts(Shape):
    create: int = 0
    update: int = 0
    rename: int = 0
    delete: int = 0
    blocked: int = 0
    released: int = 0
    """Declared by the last applied file, not by this one; left as they are."""


class ContactCounts(Shape):
    """The first five are a partition of the people in scope; held, conflict and blocked count contacts beside them."""

    create: int = 0
    update: int = 0
    in_sync: int = 0
    no_contact: int = 0
    """Without a contact, and creation is not allowed."""
    set_aside: int = 0
    """Ambiguous, or without a key."""
    held: int = 0
    conflict: int = 0
    blocked: int = 0
    people: int = 0
    """People in scope."""
    out_of_scope: int = 0
    contacts: int = 0
    """Contacts that the CRM holds."""
    linked: int = 0


class ValueCounts(Shape):
    set: int = 0
    clear: int = 0
    pull: int = 0
    adopt: int = 0
    """Of `set` and `clear`: values that contacts held before the field became ours, taken over."""
    rewritten: int = 0
    """In sync, though the CRM stores them differently from what was sent."""


class MembershipCounts(Shape):
    apply: int = 0
    remove: int = 0


class SourceCounts(Shape):
    rows: int = 0
    """Rows of the source that would be written."""


class Summary(Shape):
    fields: InventoryCounts = InventoryCounts()
    tags: InventoryCounts = InventoryCounts()
    contacts: ContactCounts = ContactCounts()
    values: ValueCounts = ValueCounts()
    memberships: MembershipCounts = MembershipCounts()
    source: SourceCounts = SourceCounts()


class FieldRow(Shape):
    key: str
    where: str | None
    cause: Literal["config", "source", "drift", "adopt", "store", "undo"]
    set: int
    created: int
    """Those of `set` that go to contacts that the plan creates."""
    clear: int
    pull: int
    held: int
    conflict: int
    blocked: int
    rewritten: int
    group: str = ""
    """The group of fields that the CRM shows it in, else the one that the file wants; empty where none is known."""


class TagRow(Shape):
    name: str
    where: str | None
    cause: Literal["config", "source", "drift", "adopt", "undo"]
    apply: int
    remove: int
    kept: int
    """Carried though the rule says no, and left alone because the tag becomes ours with this apply."""
    unknown: int
    """People for whom the rule gives neither yes nor no."""
    reaches: int = 0
    """People whom the plan applies the tag to, whatever the cause; of tags made from values the most of one tag."""


class DeltaRow(Shape):
    path: str
    before: Any
    after: Any


class ChangeRow(Shape):
    """One change of the inventory."""

    address: str
    kind: str
    key: str
    """The field's key or the tag's name; of a rename the old one."""
    new_key: str | None
    option: str | None
    """The stored value of an option."""
    action: Literal["create", "update", "rename", "delete", "blocked", "released"]
    where: str | None
    deltas: tuple[DeltaRow, ...]
    summary: str
    reason: str
    """Why it is blocked."""
    by_hand: str
    """What a person can do about it."""
    waiting: int
    """Values that wait for a blocked field."""
    holders: int
    """Contacts that hold a value or carry the tag that is to be removed."""
    group: str = ""
    """Of a field or an option: the field's group, as in `fields`."""


class AllowedByRow(Shape):
    """What permits more than a limit, or lets a failed check pass."""

    how: Literal["option", "file"]
    """`--allow`, or an entry under `allow`."""
    instead_of: int
    """What the limit is without it."""
    where: str | None
    """Of the entry."""
    reason: str
    until: str
    """The entry's last day, UTC."""


class GuardRow(Shape):
    limit: str
    allowed: int
    observed: int
    tripped: bool
    subject: str
    where: str | None
    detail: str
    allowed_by: AllowedByRow | None = None
    """What permits this number; null: the file's limit, or its default."""
    ways: tuple[str, ...] = ()
    """Of one that is tripped, every way on."""


class PlanCheckRow(Shape):
    """What one of the file's checks says of the plan."""

    code: str
    level: Literal["error", "warning"]
    """`error` stops an apply."""
    message: str
    where: str | None
    passed: bool
    detail: str
    """What is denied, or why that could not be found out; such a check has not passed."""
    allowed_by: AllowedByRow | None
    """What lets it fail without stopping an apply."""
    ways: tuple[str, ...]
    """Of one that stops an apply, every way on."""


class FindingRow(Shape):
    code: str
    level: Literal["error", "warning", "off"]
    summary: str
    detail: str
    fix: str
    count: int
    where: str | None
    rows: tuple[int, ...]
    """Row numbers of the source, the first few."""


class EndpointRow(Shape):
    name: str
    calls: int
    write: bool


class CostRow(Shape):
    reads: int = 0
    writes: int = 0
    seconds: float = 0
    rate: float = 0
    """Calls a second."""
    endpoints: tuple[EndpointRow, ...] = ()


class WrittenRow(Shape):
    """What really happened; see the outcome's `result`."""

    inventory: int
    created: int
    updated: int
    values: int
    tags_applied: int
    tags_removed: int
    rewritten: int
    recovered: int
    """Went another way than planned: found instead of created."""
    failed: int
    """Refused by the CRM."""
    moved: int
    """Had changed since they were read; left alone."""
    left: int
    """Not reached."""
    pulled: int = 0
    """Values written into the source."""
    rows: int = 0
    """Rows of the source that were written."""
    moved_rows: int = 0
    """Rows of the source that had changed since they were read; left alone."""


class ApprovedRow(Shape):
    """A saved plan beside what is so now, in changes: an apply of it carries out `pending`, and nothing else."""

    id: str
    at: str
    """When the plan was saved, UTC."""
    approved: int
    pending: int
    """Approved, and still to do."""
    already: int
    """Approved, and nothing to do any more."""
    new: int
    """Not approved: came up since. Left for the next plan."""
    contacts: int
    """Contacts with such changes."""


class PlanDocument(Shape):
    """One object for every `plan` and `apply`, errors included."""

    format: Literal["reconciler-plan/1"] = "reconciler-plan/1"
    tool: str
    mode: Literal["plan", "apply"]
    outcome: PlanOutcome
    id: str = ""
    now: str | None = None
    """The plan's clock, UTC."""
    file: str = ""
    config: str = ""
    crm: str = ""
    object: str = ""
    account: str = ""
    source: str = ""
    source_rows: int = 0
    scope: str = ""
    two_way: bool = False
    """Some field is pulled, too."""
    written_how: str = ""
    """Where the source puts pulled values and by what, where it can be written in several ways."""
    summary: Summary = Summary()
    fields: tuple[FieldRow, ...] = ()
    tags: tuple[TagRow, ...] = ()
    changes: tuple[ChangeRow, ...] = ()
    guards: tuple[GuardRow, ...] = ()
    checks: tuple[PlanCheckRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    cost: CostRow = CostRow()
    problems: tuple[ProblemRow, ...] = ()
    undoes: str = ""
    """The run whose writes it puts back; empty of a plan that the file asks for."""
    approved: ApprovedRow | None = None
    """`apply` of a saved plan: how much of what was approved there is."""
    run: str | None = None
    """`apply`: the run in the journal."""
    result: Literal["none", "applied", "partial", "refused", "declined", "interrupted"] | None = None
    """`apply`: how it ended. Interrupted is a `partial` outcome, declined a `refused` one."""
    written: WrittenRow | None = None
    calls: tuple[EndpointRow, ...] = ()
    """`apply`: the calls that were really made."""


class RunRow(Shape):
    """A run of plan or apply."""

    run: str
    at: str
    """When it began, UTC."""
    config: str
    """Digest of the file as it was."""
    result: str
    """How it ended; empty while it did not."""


class DriftField(Shape):
    """Values of one field that somebody else moved, and what the next apply does about them."""

    key: str
    where: str = ""
    moved: int = 0
    """People; the sum of what follows."""
    overwrites: int = 0
    """Set back, or cleared again."""
    clears: int = 0
    """Those of `overwrites` that are cleared again."""
    keeps: int = 0
    """Held: the file's policy leaves them to the CRM."""
    pulls: int = 0
    """Go to the source."""
    conflicts: int = 0
    """Left alone until somebody decides."""


class DriftTag(Shape):
    """Taggings of one tag that somebody else took away or gave: how many the next apply applies again or removes."""

    name: str
    where: str = ""
    applies: int = 0
    removes: int = 0


class DriftDocument(Shape):
    """One object for every `drift`."""

    format: Literal["reconciler-drift/1"] = "reconciler-drift/1"
    tool: str
    outcome: Literal["none", "drift", "error"]
    file: str
    crm: str = ""
    object: str = ""
    account: str = ""
    since: str = ""
    """The apply that this is told against: its end, UTC."""
    fields: tuple[DriftField, ...] = ()
    tags: tuple[DriftTag, ...] = ()
    gone: int = 0
    """Linked contacts that somebody deleted; only a full read of contacts notices."""
    problems: tuple[ProblemRow, ...] = ()


class StatusDocument(Shape):
    """One object for every `status`."""

    format: Literal["reconciler-status/1"] = "reconciler-status/1"
    tool: str
    outcome: Literal["known", "nothing", "error"]
    """`nothing`: nothing is remembered about the file."""
    file: str
    state: str = ""
    """The folder that remembers."""
    shared: str = ""
    """The shared state of which that folder is a copy, and its version."""
    account: str = ""
    plan: RunRow | None = None
    apply: RunRow | None = None
    unfinished: RunRow | None = None
    """An apply that did not end."""
    open_creates: int = 0
    """Creations of contacts whose answer was lost."""
    kept_plan: bool = False
    """Whether `show` can show the last plan."""
    kept_runs: int = 0
    """Runs that `show` can show."""
    running: str = ""
    """The apply that runs at this moment."""
    next_full_read: str = ""
    """When all contacts are read again: a time, `with the next plan` or `with every plan`."""
    counts: dict[str, int] = Field(default={})
    """What is remembered, by word."""
    sizes: dict[str, int] = Field(default={})
    """Bytes, by file name."""
    problems: tuple[ProblemRow, ...] = ()


class OptionRow(Shape):
    """An option of an adapter, as a file writes it beside `type`."""

    name: str
    required: bool
    default: str | int | float | bool | None
    """None: there is none, or it is made of several keys."""
    secret: bool
    """Only as `${env:NAME}` or `${file:PATH}`."""
    description: str


class AbilityRow(Shape):
    ability: str
    can: bool
    reason: str
    """Why it cannot, and what to do by hand."""
    checked: tuple[str, ...] = ()
    """How it was held against the CRM, the strongest way first; empty for a CRM of our own."""


class WireRow(Shape):
    """How values of one type travel to a CRM."""

    type: str
    native: str
    """The CRM's type of a field that is created for it."""
    accepts: tuple[str, ...]
    """The CRM's types of existing fields that can hold it."""


class CallRow(Shape):
    call: str
    endpoint: str
    batch: int
    """Items that one call takes."""
    max_bytes: int | None


class CapabilitiesRow(Shape):
    abilities: tuple[AbilityRow, ...]
    types: tuple[WireRow, ...]
    calls: tuple[CallRow, ...]
    rate: float
    """Calls a second."""
    paced: bool
    """Calls are held back to the rate; otherwise it is only the price."""
    since: tuple[str, ...]
    """What reading since a moment notices: any of values, tags, deletions."""
    match: str
    objects: tuple[str, ...]
    statuses: tuple[str, ...]
    assigns_keys: bool
    """The CRM chooses the keys of new fields."""


class WritesRow(Shape):
    can: bool
    reason: str
    """How, or why not."""


class AdapterRow(Shape):
    name: str
    package: str
    """The distribution that it comes with; empty for what comes with this program."""
    trouble: str
    """Why it cannot be used or looked at; empty if nothing is wrong."""
    options: tuple[OptionRow, ...]
    capabilities: CapabilitiesRow | None
    """None: a source, or a CRM that tells them only once it is open."""
    writes: WritesRow | None = None
    """Whether a source takes values back. None: a CRM, or a source that does not say."""


class AdaptersDocument(Shape):
    """One object for every `adapters`."""

    format: Literal["reconciler-adapters/1"] = "reconciler-adapters/1"
    tool: str
    outcome: Literal["listed", "error"]
    crms: tuple[AdapterRow, ...] = ()
    sources: tuple[AdapterRow, ...] = ()
    problems: tuple[ProblemRow, ...] = ()


class CheckRow(Shape):
    name: str
    verdict: Literal["ok", "warn", "fail", "skip"]
    """`skip`: not looked at, because what it depends on failed or is not there."""
    said: str
    fix: str
    code: str
    """Of the problem that was met; empty without one."""


class DoctorDocument(Shape):
    """One object for every `doctor`."""

    format: Literal["reconciler-doctor/1"] = "reconciler-doctor/1"
    tool: str
    outcome: Literal["ok", "failed", "error"]
    """`error`: the checks could not be begun."""
    file: str
    checks: tuple[CheckRow, ...] = ()
    problems: tuple[ProblemRow, ...] = ()


class KeptRunRow(Shape):
    """An apply that wrote something. The counts are those of its outcome; null where that is not kept any more."""

    run: str
    at: str
    """When it began, UTC."""
    result: str
    """How it ended; empty while it did not."""
    kept: bool
    """Whether `show RUN` can show it."""
    created: int | None
    updated: int | None
    values: int | None
    tags_applied: int | None
    tags_removed: int | None
    failed: int | None
    left: int | None
    command: str = ""
    """What was typed, without options; empty where that is not kept."""
    who: str = ""
    """The login of who started it."""
    config: str = ""
    """Digest of the file as it was."""
    changed: bool = False
    """The file was another one at the run before."""
    plan: str = ""
    """The plan that was carried out."""
    problems: int = 0
    undoable: bool = False
    """What it overwrote is kept, so that `undo` can put it back."""
    undo_until: str = ""
    """And until when, UTC."""


class WriteRow(Shape):
    """One value or tagging that a run wrote to a person, or tried to."""

    run: str
    at: str
    """When its outcome was known, UTC; empty where the run did not come to tell."""
    command: str
    act: Literal["set", "clear", "pull", "apply", "remove", "create"]
    name: str
    """Field key, or tag; a tag made from a value under the name of its list. Empty: the contact itself."""
    tag: bool
    where: str
    """The line of the file that asked for it, as it was at that run."""
    cause: str
    ending: Literal["unknown", "written", "rewritten", "refused", "uncertain", "left", "found"]
    """`rewritten`: the CRM stores it differently from what was sent. `left`: it had changed since the plan. `found`:
    the contact was there already. `unknown`: the run did not come to tell."""
    code: str
    """Of the error, where it was refused."""


class RunsDocument(Shape):
    """One object for every `history` and `show --list`."""

    format: Literal["reconciler-runs/1"] = "reconciler-runs/1"
    tool: str
    outcome: Literal["listed", "error"]
    file: str
    runs: tuple[KeptRunRow, ...] = ()
    """The newest first; of `history PERSON` those that wrote something to them."""
    writes: tuple[WriteRow, ...] | None = None
    """Of `history PERSON`: what was written to them, the newest run first. Null: nobody was asked for."""
    problems: tuple[ProblemRow, ...] = ()


class DifferenceRow(Shape):
    """One thing that is not as its case says."""

    what: str
    """A check's code, a key of the plan's document, or the code of why there was no plan."""
    said: str
    where: str


class CaseRow(Shape):
    name: str
    where: str
    passed: bool
    differences: tuple[DifferenceRow, ...]


class CasesDocument(Shape):
    """One object for every `test`."""

    format: Literal["reconciler-tests/1"] = "reconciler-tests/1"
    tool: str
    outcome: Literal["passed", "failed", "error"]
    """`error`: the file or its tests are wrong, or a warning that the file calls an error stands."""
    file: str
    tests: tuple[str, ...] = ()
    """The files of tests."""
    checks: int = 0
    """How many checks the file has."""
    cases: tuple[CaseRow, ...] = ()
    problems: tuple[ProblemRow, ...] = ()
