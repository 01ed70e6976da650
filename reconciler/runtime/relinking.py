"""Links are made with the ids of one column of the source. When the file names another one, they mean nothing, or they
would lead people to somebody else's contacts: nothing goes on until somebody says which it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.planning.observed import Remembered
from reconciler.runtime.request import Request
from reconciler.runtime.state import State
from reconciler.tables.begun import Begun

ANEW, RENAMED = "anew", "renamed"
"""What `--relink` says: the ids are others, or only the column's name is."""


def usable(state: State, begun: Sequence[Begun], desired: Desired, request: Request) -> Remembered:
    """What the state says of the people of this file, and the journal of creations that were `begun`. Raises Failure
    E545 where they are named by another column than the links were made with, E546 where only some of them could be
    linked anew."""
    remembered = replace(state.remembered(desired.digest), begun=tuple(begun))
    before, now = state.named_by, desired.identity.person
    if request.relink and not request.scope.everybody:
        raise Failure(problem("E546", where=desired.identity.where))
    if before not in ("", now) and not request.relink:
        raise Failure(problem("E545", f"until now by `{before}`, now by `{now}`", desired.identity.where))
    return _nobody(remembered) if request.relink == ANEW else remembered


def _nobody(remembered: Remembered) -> Remembered:
    """Without all that is known of single people. A tag that some of them keep against its rule becomes ours anew, so
    that they do not lose it."""
    return replace(
        remembered,
        known=False,
        people=None,
        created=(),
        begun=(),
        moves=lambda: iter(()),
        leftover=frozenset(),
        owed={},
        kept={},
        marks=remembered.marks - frozenset(remembered.kept),
        agreed_digest="",
    )
