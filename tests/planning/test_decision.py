import pytest

from reconciler.model.desired import Conflict, Empty, Push
from reconciler.model.plan import Verdict
from reconciler.planning.decision import (
    ROWS,
    SITUATIONS,
    Consent,
    Ours,
    Policy,
    Relation,
    Situation,
    Theirs,
    decide,
    verdicts,
)

POLICIES = [
    Policy(push, empty, identity, blocked, pull, conflict)
    for push in Push
    for empty in Empty
    for identity in (False, True)
    for blocked in (False, True)
    for pull, conflict in ((False, Conflict.REPORT), *((True, conflict) for conflict in Conflict))
]


def situation(
    ours: Ours = Ours.VALUE,
    theirs: Theirs = Theirs.VALUE,
    relation: Relation = Relation.DIFFERENT,
    new: bool = False,
    consent: Consent = Consent.NONE,
) -> Situation:
    return Situation(ours, theirs, relation, new, consent)


def test_a_situation_is_found_under_its_number() -> None:
    assert [s.number for s in SITUATIONS] == list(range(len(SITUATIONS)))


@pytest.mark.parametrize("policy", POLICIES)
def test_bulk_and_single_record_decide_alike(policy: Policy) -> None:
    bulk = verdicts(policy)
    assert all(verdict is decide(policy, s).verdict for verdict, s in zip(bulk, SITUATIONS, strict=False))


@pytest.mark.parametrize("policy", POLICIES)
def test_bulk_has_a_verdict_for_everything_that_a_field_can_be_in(policy: Policy) -> None:
    left = SITUATIONS[len(verdicts(policy)) :]
    assert not left if policy.pull else all(s.moved or s.had_ours or s.had_theirs for s in left)


def test_every_row_decides_something() -> None:
    used = {id(decide(policy, s)) for policy in POLICIES for s in SITUATIONS}
    assert [row.situation for row in ROWS if id(row) not in used] == []


def test_nothing_is_written_from_an_unreadable_value_or_to_a_blocked_field() -> None:
    for policy in POLICIES:
        for s in SITUATIONS:
            if s.ours is Ours.UNREADABLE or policy.blocked:
                assert decide(policy, s).verdict not in (Verdict.SET, Verdict.CLEAR)


def test_the_identity_e_mail_is_never_cleared() -> None:
    for policy in POLICIES:
        if policy.identity:
            assert Verdict.CLEAR not in verdicts(policy)


def test_an_opt_out_of_theirs_is_never_taken_back() -> None:
    for policy in POLICIES:
        for s in SITUATIONS:
            if s.consent is Consent.THEIRS and s.relation is Relation.DIFFERENT and s.ours is not Ours.UNREADABLE:
                assert decide(policy, s).verdict in (Verdict.HELD, Verdict.BLOCKED, Verdict.PULL)


@pytest.mark.parametrize(
    ("policy", "facts", "expected"),
    [
        (Policy(), situation(Ours.UNREADABLE), Verdict.FINDING),
        (Policy(blocked=True), situation(), Verdict.BLOCKED),
        (Policy(), situation(relation=Relation.EQUAL), Verdict.IN_SYNC),
        (Policy(), situation(relation=Relation.REWRITTEN), Verdict.REWRITTEN),
        (Policy(Push.NEVER), situation(consent=Consent.OURS), Verdict.SET),
        (Policy(Push.ON_CREATE), situation(theirs=Theirs.EMPTY, new=True), Verdict.SET),
        (Policy(Push.IF_EMPTY), situation(theirs=Theirs.EMPTY, new=True), Verdict.SET),
        (Policy(Push.NEVER), situation(theirs=Theirs.EMPTY, new=True), Verdict.NOTHING),
        (Policy(), situation(Ours.EMPTY), Verdict.HELD),
        (Policy(empty=Empty.CLEAR), situation(Ours.EMPTY), Verdict.CLEAR),
        (Policy(Push.IF_EMPTY, Empty.CLEAR), situation(Ours.EMPTY), Verdict.HELD),
        (Policy(empty=Empty.CLEAR, identity=True), situation(Ours.EMPTY), Verdict.HELD),
        (Policy(), situation(theirs=Theirs.EMPTY), Verdict.SET),
        (Policy(Push.IF_EMPTY), situation(theirs=Theirs.EMPTY), Verdict.SET),
        (Policy(Push.ON_CREATE), situation(theirs=Theirs.EMPTY), Verdict.HELD),
        (Policy(), situation(theirs=Theirs.UNDECODABLE), Verdict.SET),
        (Policy(Push.IF_EMPTY), situation(theirs=Theirs.UNDECODABLE), Verdict.HELD),
        (Policy(), situation(), Verdict.SET),
        (Policy(Push.ON_CREATE), situation(), Verdict.HELD),
        (Policy(Push.IF_EMPTY), situation(), Verdict.HELD),
        (Policy(Push.NEVER), situation(), Verdict.NOTHING),
    ],
)
def test_the_first_matching_row_wins(policy: Policy, facts: Situation, expected: Verdict) -> None:
    assert decide(policy, facts).verdict is expected
