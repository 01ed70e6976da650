"""`why`: what the file says of one field or tag, what this moment's plan does for one person, and who wrote it when."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.addresses import contact_address, person_digest, value_digest
from reconciler.model.desired import Desired, DynamicTags, Field, Tag
from reconciler.model.history import REACHED, Act, Write
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure, Place
from reconciler.model.why import Since, Why, Written
from reconciler.planning.ownership import Kind, Owner, owners_of
from reconciler.planning.watching import Watch
from reconciler.runtime.deciding import decided_field, decided_tag
from reconciler.runtime.history import found_writes
from reconciler.runtime.keptwrites import KeptWrites
from reconciler.runtime.loading import load_file
from reconciler.runtime.ownership import other_owners
from reconciler.runtime.request import Request
from reconciler.runtime.saying import says_of
from reconciler.runtime.session import open_session
from reconciler.runtime.showing import state_of
from reconciler.runtime.state import State

Entry = Field | Tag | DynamicTags
_TAG = "tag:"


def why(request: Request, person: str, name: str, offline: bool) -> Why:
    """Raises Failure E601 for what the file does not have, E605 for somebody who is not in the source."""
    desired = load_file(request)
    entry = entry_of(desired, name)
    tag = name.removeprefix(_TAG) if not isinstance(entry, Field) else ""
    if offline:
        return _remembered(request, desired, entry, person, tag)
    asked = replace(request, persons=frozenset({person}))
    watch = Watch("" if tag else name, tag)
    with open_session(asked) as session:
        made = session.diff(asked, remember=False, watch=watch)
        if not (made.contacts.people or made.contacts.out_of_scope):
            raise Failure(problem("E605", where=desired.identity.where))
        found = _told(session.state, entry, person, tag)
        now = decided_field(made, watch, entry) if isinstance(entry, Field) else decided_tag(made, watch, entry)
        since = _since_tag(found.writes, watch) if tag else _since(found.writes, watch, session.state.key)
        row = watch.row or _row_of(made)
        joined = says_of(desired, entry, session.source, made)
        owners = _owners(entry, tag, session.owners)
        at = made.drift_since if now.cause == "drift" else ""
    return replace(
        found,
        file=str(request.file),
        says=joined,
        now=now if request.show_values else replace(now, ours=None, theirs=None),
        row=row,
        since=since,
        since_at=at or (found.writes[0].write.at if since is Since.OTHER and found.writes else ""),
        owners=owners,
        values_shown=request.show_values,
    )


def entry_of(desired: Desired, name: str) -> Entry:
    """The entry of that name. Raises Failure E601 with near names."""
    if name in desired.fields and not name.startswith(_TAG):
        return desired.fields[name]
    tag = name.removeprefix(_TAG)
    if name.startswith(_TAG):
        if tag in desired.tags:
            return desired.tags[tag]
        made = [entry for entry in desired.dynamic_tags if entry.prefix and tag.startswith(entry.prefix)]
        if made:
            return max(made, key=lambda entry: len(entry.prefix))
    known = [*desired.fields, *(f"{_TAG}{tag}" for tag in desired.tags)]
    near = near_matches(name, known) or [one for one in known if one.removeprefix(_TAG) == name]
    fix = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else None
    # What was typed after `tag:` may be made of somebody's value.
    detail = "that tag" if name.startswith(_TAG) else f"`{name}`"
    raise Failure(problem("E601", detail, Place(desired.files[0]), fix))


def _remembered(request: Request, desired: Desired, entry: Entry, person: str, tag: str) -> Why:
    """Without asking anybody: the file and the state."""
    with state_of(request) as state:
        says = says_of(desired, entry)
        if state is None:
            return Why(str(request.file), _name(entry), bool(tag), entry.where, "", says=says)
        account = state.fact("account") or state.fact("learnt")
        found = _told(state, entry, person, tag)
        owners = _owners(entry, tag, other_owners(request, desired, account).found)
        return replace(found, file=str(request.file), says=says, owners=owners)


def _told(state: State, entry: Entry, person: str, tag: str) -> Why:
    """What is remembered: every write of it, the newest first."""
    kept, digest = KeptWrites(state.path, state.key), person_digest(state.key, person)
    name = tag or _name(entry)

    def wanted(write: Write) -> bool:
        return write.name == name and write.tag is bool(tag) and write.act is not Act.CREATE

    writes = tuple(found_writes(kept, digest, wanted))
    return Why("", _name(entry), bool(tag), entry.where, contact_address(state.key, person), writes=writes)


def _name(entry: Entry) -> str:
    if isinstance(entry, Field):
        return entry.key
    return entry.name if isinstance(entry, Tag) else entry.label


def _since(writes: tuple[Written, ...], watch: Watch, key: bytes) -> Since:
    """Whether the CRM still holds what was last written."""
    last = next((one.write for one in writes if one.write.ending in REACHED), None)
    if last is None or not watch.row or watch.new:
        return Since.NOBODY
    now = value_digest(key, watch.theirs)
    if now == last.after:
        return Since.SAME
    return Since.BEFORE if now == last.before else Since.OTHER


def _since_tag(writes: tuple[Written, ...], watch: Watch) -> Since:
    last = next((one.write for one in writes if one.write.ending in REACHED), None)
    if last is None or not watch.row or watch.new:
        return Since.NOBODY
    return Since.SAME if watch.carried is (last.act is Act.APPLY) else Since.OTHER


def _row_of(made: Plan) -> int:
    """The row of the only person, where only a finding tells it."""
    rows = {row for finding in made.findings for row in finding.rows}
    return rows.pop() if len(rows) == 1 else 0


def _owners(entry: Entry, tag: str, owners: tuple[Owner, ...]) -> tuple[str, ...]:
    kind = Kind.TAG if tag else Kind.FIELD
    return tuple(owners_of(kind, tag or _name(entry), owners))
