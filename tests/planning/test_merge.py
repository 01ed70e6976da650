"""The three-way merge of one value, over every combination of what was agreed on, both sides and the policy."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import pytest

from reconciler.model.desired import Conflict, Empty, Push
from reconciler.model.plan import Verdict
from reconciler.planning.combinations import combinations
from reconciler.planning.decision import Moved, Ours, Policy, Relation, Situation, Theirs, decide

UNREADABLE = "\x00"
TEXTS = (None, "a", "b", "c")
POLICIES = [
    Policy(push, empty, identity=identity, pull=pull, conflict=conflict)
    for push, empty, identity, pull, conflict in product(Push, Empty, (False, True), (False, True), Conflict)
]
BOTH_WAYS = [p for p in POLICIES if p.pull and p.push is Push.ALWAYS]
WRITTEN = (Verdict.SET, Verdict.CLEAR, Verdict.PULL)


class World(NamedTuple):
    """One value: what was agreed on (sent, stored), None for never; what both sides hold."""

    agreed: tuple[str | None, str | None] | None
    ours: str | None
    theirs: str | None


def worlds() -> Iterator[World]:
    sides = (*TEXTS, UNREADABLE)
    for agreed in (None, *product(TEXTS[:3], (*TEXTS[:3], UNREADABLE))):
        for ours, theirs in product(sides, sides):
            if ours != UNREADABLE or ours != theirs:
                yield World(agreed, ours, theirs)


def situation(world: World, pull: bool) -> Situation:
    agreed, ours, theirs = world
    relation = Relation.EQUAL if ours == theirs else Relation.DIFFERENT
    moved, had = Moved.UNKNOWN, (False, False)
    if agreed is not None and pull:
        changed = (ours != agreed[0], theirs != agreed[1])
        if changed == (False, False) and ours != theirs:
            relation = Relation.REWRITTEN
        moved = {(True, False): Moved.OURS, (False, True): Moved.THEIRS, (True, True): Moved.BOTH}.get(changed, moved)
        had = (agreed[0] is not None, agreed[1] is not None)
    return Situation(
        Ours(_state(ours)), Theirs(_state(theirs)), relation, moved=moved, had_ours=had[0], had_theirs=had[1]
    )


def _state(text: str | None) -> int:
    return 1 if text is None else 2 if text == UNREADABLE else 0


def verdict(policy: Policy, world: World) -> Verdict:
    return decide(policy, situation(world, policy.pull)).verdict


def applied(policy: Policy, world: World, stores: Callable[[str | None], str | None]) -> World:
    """After one apply. `stores`: what the CRM makes of what it is sent."""
    _, ours, theirs = world
    done = verdict(policy, world)
    if done in (Verdict.SET, Verdict.CLEAR):
        return World((ours, stores(ours)), ours, stores(ours))
    if done is Verdict.PULL:
        return World((theirs, theirs), theirs, theirs)
    return World((ours, theirs), ours, theirs) if done is Verdict.IN_SYNC else world


CRMS: dict[str, Callable[[str | None], str | None]] = {
    "stores what it is sent": lambda text: text,
    "rewrites": lambda text: "b" if text == "a" else text,
    "stores nothing": lambda text: None,
    "stores what nobody can read": lambda text: None if text is None else UNREADABLE,
    "keeps a value that was cleared": lambda text: text or "c",
}


@pytest.mark.parametrize("stores", CRMS.values(), ids=CRMS)
def test_every_case_settles_after_one_apply(stores: Callable[[str | None], str | None]) -> None:
    for policy, world in product(POLICIES, worlds()):
        if policy.pull:
            after = applied(policy, world, stores)
            assert verdict(policy, after) not in WRITTEN, (policy, world, after)


def test_sides_swapped_and_conflict_turned_around_give_the_mirrored_result() -> None:
    mirrored = {Conflict.SOURCE: Conflict.CRM, Conflict.CRM: Conflict.SOURCE, Conflict.REPORT: Conflict.REPORT}
    for policy, world in product(BOTH_WAYS, worlds()):
        if UNREADABLE in (world.ours, world.theirs, *(world.agreed or ())):
            continue
        swapped = World(world.agreed and (world.agreed[1], world.agreed[0]), world.theirs, world.ours)
        other = Policy(policy.push, policy.empty, policy.identity, pull=True, conflict=mirrored[policy.conflict])
        assert _direction(verdict(policy, world)) == -_direction(verdict(other, swapped)), (policy, world)


def _direction(verdict: Verdict) -> int:
    return 1 if verdict in (Verdict.SET, Verdict.CLEAR) else -1 if verdict is Verdict.PULL else 0


def test_without_memory_no_value_is_lost_unless_the_file_says_who_wins() -> None:
    for policy, world in product(BOTH_WAYS, worlds()):
        if world.agreed is None and policy.conflict is Conflict.REPORT:
            after = applied(policy, world, lambda text: text)
            assert {world.ours, world.theirs} - {None} <= {after.ours, after.theirs}, (policy, world)


def test_a_side_that_did_not_move_never_wins_over_the_one_that_did() -> None:
    for policy, world in product(BOTH_WAYS, worlds()):
        if world.agreed is None:
            continue
        moved = situation(world, pull=True).moved
        if moved is Moved.OURS:
            assert verdict(policy, world) is not Verdict.PULL or world.ours is None, (policy, world)
        if moved is Moved.THEIRS:
            assert verdict(policy, world) not in (Verdict.SET, Verdict.CLEAR) or world.theirs is None, (policy, world)


def test_a_value_that_cannot_be_read_goes_nowhere() -> None:
    for policy, world in product(POLICIES, worlds()):
        if world.ours == UNREADABLE:
            assert verdict(policy, world) not in WRITTEN
        if world.theirs == UNREADABLE:
            assert verdict(policy, world) is not Verdict.PULL


def test_who_does_not_pull_never_writes_into_the_source() -> None:
    for policy, world in product(POLICIES, worlds()):
        if not policy.pull:
            assert verdict(policy, world) not in (Verdict.PULL, Verdict.CONFLICT)


def test_an_emptied_value_travels_only_where_the_file_says_so() -> None:
    for policy, world in product(POLICIES, worlds()):
        if policy.empty is Empty.SKIP or policy.identity:
            assert verdict(policy, world) is not Verdict.CLEAR
            assert verdict(policy, world) is not Verdict.PULL or world.theirs is not None


def test_the_printed_table_has_every_combination_and_no_other() -> None:
    printed = {c.situation for c in combinations()}
    assert {situation(world, pull=True) for world in worlds()} == printed
