"""What the plan of this moment does with one field or tag of one person, in words."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.desired import DynamicTags, Field, Tag
from reconciler.model.plan import Action, Cause, FieldCount, Plan, Verdict
from reconciler.model.why import Decided
from reconciler.planning.watching import Watch
from reconciler.tables.cells import BLANK_MARK, MARK

_RESULTS = {
    Verdict.SET: "set",
    Verdict.CLEAR: "cleared",
    Verdict.PULL: "pulled",
    Verdict.HELD: "held",
    Verdict.CONFLICT: "conflict",
    Verdict.BLOCKED: "blocked",
    Verdict.REWRITTEN: "in sync",
    Verdict.IN_SYNC: "in sync",
    Verdict.FINDING: "finding",
    Verdict.NOTHING: "nothing",
}
_COUNTED = (("set", "set"), ("clear", "cleared"), ("pull", "pulled"), ("held", "held"), ("conflict", "conflict"))


def decided_field(made: Plan, watch: Watch, entry: Field) -> Decided:
    """Of a field; what was counted is the result, the row of the table says why."""
    key = entry.key
    notes = tuple(_notes(made, key, "field"))
    if entry.origin is None:
        return Decided("nothing", decision="its values are not ours", situation="nothing fills it", notes=notes)
    if not watch.row:
        blocked = any(note.startswith(_BLOCKED) for note in notes)
        return Decided("blocked" if blocked else _apart(made), notes=notes)
    counts = [count for count in made.fields if count.key == key]
    found = next(((word, c.cause) for c in counts for name, word in _COUNTED if getattr(c, name)), None)
    if watch.decided is None:
        table = ("3", "both are equal", "in sync") if watch.ours is not None or not watch.new else ("", "", "")
        result = found[0] if found else "in sync"
    else:
        row = watch.decided
        table, result = (str(row.number), row.situation, row.result), found[0] if found else _RESULTS[row.verdict]
        if found is None and row.verdict in (Verdict.SET, Verdict.CLEAR, Verdict.PULL):
            result = "finding"
    if any(count.blocked for count in counts):
        result = "blocked"
    written = found is not None and found[0] in ("set", "cleared", "pulled")
    cause = "drift" if _drifts(counts) else found[1].value if found is not None and written else ""
    return Decided(result, *table, cause, notes, shown_text(watch.ours), shown_text(watch.theirs))


def decided_tag(made: Plan, watch: Watch, entry: Field | Tag | DynamicTags) -> Decided:
    """Of a tag."""
    notes = tuple(_notes(made, watch.tag, "tag"))
    if not watch.row:
        return Decided(_apart(made), notes=notes)
    counted = [count for count in made.tags if count.name == watch.tag]
    cause = counted[0].cause.value if counted and (counted[0].apply or counted[0].remove) else ""
    situation = f"{_WANTED[watch.wanted]}, {'carries it' if watch.carried else 'does not carry it'}"
    if any(count.apply for count in counted):
        return Decided("applied", "", situation, "the rule decides", cause, notes)
    if any(count.remove for count in counted):
        return Decided("removed", "", situation, "the rule decides", cause, notes)
    result = "in sync" if watch.wanted is watch.carried else "left"
    return Decided(result, "", situation, _left(watch, entry), "", notes)


_BLOCKED = "blocked: "
_WANTED = {True: "the file wants it", False: "the file does not want it", None: "unknown whether the file wants it"}


def _left(watch: Watch, entry: Field | Tag | DynamicTags) -> str:
    """Why nothing is done though it differs."""
    if watch.wanted is watch.carried:
        return "nothing to do"
    if isinstance(entry, Tag) and entry.when is None:
        return "who carries it is not ours"
    if watch.wanted is None:
        return "an unknown applies nothing and takes nothing away"
    if isinstance(entry, Tag) and entry.on_create:
        return "`push: on_create`: only contacts that this program creates get it"
    if isinstance(entry, Tag | DynamicTags) and entry.keep and watch.carried:
        return "`keep: true`: it is never taken away"
    if watch.carried:
        return "it was carried before the tag became ours, or nothing here takes it away"
    return "nothing here applies it"


def shown_text(cell: str | None) -> str | None:
    """A cell as it is shown at a terminal: what cannot be read is no text."""
    if cell is None or not cell.startswith(MARK):
        return cell
    return cell.removeprefix(BLANK_MARK) if cell.startswith(BLANK_MARK) else "(unreadable)"


def _drifts(counts: list[FieldCount]) -> bool:
    return any(count.cause is Cause.DRIFT for count in counts)


def _apart(made: Plan) -> str:
    """Why nobody was compared."""
    contacts = made.contacts
    words = (
        (contacts.out_of_scope, "out of scope"),
        (contacts.set_aside, "set aside"),
        (contacts.no_contact, "no contact, and none is created"),
    )
    return next((word for count, word in words if count), "in sync")


def _notes(made: Plan, name: str, kind: str) -> Iterator[str]:
    """What the plan says about the entry, or about who the person is."""
    for change in made.inventory:
        if change.kind == kind and change.key == name and change.action is Action.BLOCKED:
            yield f"{_BLOCKED}{change.reason}"
    for finding in made.findings:
        if finding.rows:
            yield f"{finding.code} {finding.detail or finding.summary}"
