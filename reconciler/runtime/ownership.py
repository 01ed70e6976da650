"""What a file owns is kept in its state, and read there by the other files of the same contacts.

Others are looked for beside the state folder: with `.reconciler/north` those are all folders of `.reconciler`; and,
where the file names a shared state, among all that lie in the same place. Paths are kept as seen from the state folder,
so that a checkout may move, or be another machine's. Nothing of another file's state is ever changed.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.model.desired import Desired
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Place, Problem
from reconciler.model.shared import SharedState
from reconciler.planning.ownership import Kind, Owned, Owner, Part, owned
from reconciler.planning.selection import Selection
from reconciler.runtime.database import peek
from reconciler.runtime.folder import NOT_CREATED, account_name, locate
from reconciler.runtime.request import Request
from reconciler.runtime.shared.neighbours import neighbours
from reconciler.runtime.state import SHAPE, State

_QUERIES = (
    "SELECT name, value FROM meta WHERE name LIKE 'owner.%' OR name IN ('account', 'learnt')",
    "SELECT kind, name, part, place FROM owned ORDER BY kind, name, part",
)


@dataclass(frozen=True, slots=True)
class Owners:
    """The other files, and notes about those of which it cannot be told."""

    found: tuple[Owner, ...] = ()
    notes: tuple[Problem, ...] = ()


def keep_owned(request: Request, desired: Desired, state: State) -> None:
    """From here on the file owns what it is applied with: all of it, or what --target chose besides."""
    scope = request.scope
    if not scope.everybody:
        return
    selection = Selection(scope.target, scope.exclude)
    base = request.folder.path.resolve()
    rows = [
        (entry.kind.value, entry.name, entry.part.value, _seen_from(base, entry.where))
        for entry in owned(desired)
        if selection.takes(entry.address)
    ]
    facts = {"owner.file": os.path.relpath(request.file.resolve(), base), **_contacts(desired)}
    state.own(rows, facts, scope.whole)


def other_owners(request: Request, desired: Desired, account: str) -> Owners:
    """Files whose state says that they were applied to the same contacts, and that still exist."""
    if not account:  # it does not exist yet, so nobody was applied to it
        return Owners()
    found: list[Owner] = []
    notes: list[Problem] = []
    for folder, held in _states(request, desired.state, notes):
        for name in (account_name(account), NOT_CREATED):
            try:
                found += _Look(request, folder, account).owners(held / "accounts" / name / "state.db", desired)
            except Failure as failure:
                notes += _untold(folder.name, failure.problems)
    return Owners(tuple(sorted(found, key=lambda owner: owner.file)), tuple(notes))


def _contacts(desired: Desired) -> dict[str, str]:
    """Whose contacts, beside the account."""
    return {"owner.crm": desired.crm.type, "owner.object": desired.crm.object}


def _share_contacts(desired: Desired, facts: Mapping[str, str]) -> bool:
    """Whether a file of those facts is about an object that this one is about, too."""
    theirs = facts.get("owner.object", "").split(", ")
    return facts.get("owner.crm") == desired.crm.type and not set(theirs).isdisjoint(desired.crm.objects)


def _states(request: Request, shared: SharedState | None, notes: list[Problem]) -> Iterator[tuple[Path, Path]]:
    """Each other state: its folder, and where what it holds can be read now. Of a shared state the folder is the one
    that its working copy has on a machine like this one; such a copy itself may be old, and is not looked at."""
    seen: set[str] = set()
    own = request.folder.path.resolve()
    if shared is not None:
        for name, held, problems in neighbours(request, shared):
            seen.add(name)
            notes += _untold(name, problems)
            if held is not None:
                yield own.parent / name, held
    yield from ((folder, folder) for folder in _folders_beside(own) if folder.name not in seen)


def _untold(name: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    return (problem("E540", f"{name}: {p.summary}") for p in problems)


def _folders_beside(own: Path) -> Iterator[Path]:
    own = own.resolve()
    try:
        beside = sorted(path for path in own.parent.iterdir() if path != own)
    except OSError:
        return
    yield from beside


@dataclass(frozen=True, slots=True)
class _Look:
    """A look into another state folder."""

    request: Request
    folder: Path
    account: str

    def owners(self, path: Path, desired: Desired) -> Iterable[Owner]:
        """The file of that state, if it owns anything of these contacts. Raises Failure."""
        answer = peek(path, SHAPE, _QUERIES) if _is_file(path) else None
        if answer is None:
            return ()
        facts = {str(name): str(value) for name, value in answer[0]}
        account = facts.get("account") or facts.get("learnt")
        file = Path(os.path.normpath(self.folder / facts.get("owner.file", "")))  # the folder need not be there
        same = account == self.account and _share_contacts(desired, facts)
        if not (same and answer[1] and _is_file(file)) or file.resolve() == self.request.file.resolve():
            return ()
        shown = self._shown(file)
        try:
            return (Owner(shown, tuple(map(self._owned, answer[1])), self._forgetting(file, shown)),)
        except ValueError:
            raise Failure(problem(SHAPE.damaged, str(path))) from None

    def _owned(self, row: tuple[Any, ...]) -> Owned:
        kind, name, part, place = map(str, row)
        return Owned(Kind(kind), name, Part(part), self._place(place))

    def _place(self, said: str) -> Place:
        file, _, line = said.rpartition(":")
        return Place(self._shown(self.folder / file), int(line))

    def _shown(self, file: Path) -> str:
        """As the user of this file would write it."""
        base = self.request.file.parent
        return str(base / os.path.relpath(file.resolve(), base.resolve()))

    def _forgetting(self, file: Path, shown: str) -> str:
        usual = locate(file.resolve(), None) == self.folder
        chosen = "" if usual else f"--state {shlex.quote(str(self.folder))} "
        return f"reconciler {chosen}-f {shlex.quote(shown)} status --forget fields"


def _seen_from(base: Path, where: Place) -> str:
    return f"{os.path.relpath(Path(where.file).resolve(), base)}:{where.line}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that is not ours to look into
        return False
