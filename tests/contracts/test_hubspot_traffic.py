"""The contract kit on HubSpot's emulator, every message held against HubSpot's document: what was seen covers what the
adapter claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from unittest import SkipTest

import pytest

from reconciler.adapters.hubspot_options import ADAPTER
from reconciler.model.capabilities import Ability, Call, Checked
from reconciler.testing.contracts import Checker, Violation, check_coverage
from reconciler.testing.contracts.abilities import CALLS, unseen
from reconciler.testing.contracts.claims import Claim
from reconciler.testing.kit import PROMISES, Promise, Subject
from tests.contracts.steps import STEPS, prepared
from tests.contracts.world import World

TAGS = ("lists", "kit_tags")


@dataclass
class Traffic:
    """`seen`: operation and status; `kinds`: the adapter's kind of call, too."""

    seen: Counter[tuple[str, int]] = field(default_factory=Counter)
    kinds: Counter[tuple[Call, str, int]] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def add(self, world: World) -> None:
        self.seen += world.checked.seen
        self.kinds += world.kinds
        self.violations += world.checked.violations


@pytest.fixture(scope="session")
def traffic(checker: Checker, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """The whole kit, and every method of the door, with tags as lists and as options of a property."""
    traffic = Traffic()
    for tags in TAGS:
        for promise in PROMISES:
            world = World(tmp_path_factory.mktemp("kit"), checker, tags=tags)
            _promised(world, promise)
            traffic.add(world)
        for step in STEPS.values():
            world = World(tmp_path_factory.mktemp("step"), checker, tags=tags)
            step(world.opened(), prepared(world))
            world.close()
            traffic.add(world)
    return traffic


def _promised(world: World, promise: Promise) -> None:
    """Whether it is kept is asked elsewhere; here what is said on the way counts."""
    env = {"TOKEN": world.token}
    try:
        promise.check(
            Subject(world.opened, world.section, world.folder, (world.token,), env=env, transport=world.transport)
        )
    except (SkipTest, AssertionError):
        pass
    finally:
        world.close()


@pytest.fixture(scope="session")
def claimed(hubspot_claims: Sequence[Claim]) -> Sequence[str]:
    return sorted({name for claim in hubspot_claims for name in claim.operations})


def test_no_message_of_the_kit_breaks_hubspots_document(traffic: Traffic) -> None:
    assert traffic.violations == []
    assert sum(traffic.seen.values()) > 1000


def test_every_request_that_the_adapter_makes_was_answered_with_success(
    traffic: Traffic, claimed: Sequence[str], checker: Checker
) -> None:
    check_coverage(claimed, traffic.seen, checker.operations.all)


def test_what_the_gate_does_not_see_it_misses(traffic: Traffic, claimed: Sequence[str], checker: Checker) -> None:
    with pytest.raises(AssertionError, match=r"never answered with success: PUT .*restore"):
        check_coverage([*claimed, "PUT /crm/v3/lists/{listId}/restore"], traffic.seen, checker.operations.all)
    with pytest.raises(AssertionError, match="nothing is claimed"):
        check_coverage([], traffic.seen, checker.operations.all)
    with pytest.raises(AssertionError, match="not in the document: GET /crm/v3/nothing"):
        check_coverage(["GET /crm/v3/nothing"], traffic.seen, checker.operations.all)


def test_the_adapter_never_makes_a_call_that_takes_people_away(traffic: Traffic, claimed: Sequence[str]) -> None:
    forbidden = {
        "POST /crm/v3/objects/contacts/gdpr-delete",
        "POST /crm/v3/objects/contacts/batch/archive",
        "DELETE /crm/v3/objects/contacts/{contactId}",
        "DELETE /crm/v3/lists/{listId}/memberships",
    }
    assert not forbidden & {*claimed, *(name for name, _status in traffic.seen)}


def test_an_ability_that_is_said_to_be_checked_by_the_document_was_seen_by_the_gate(traffic: Traffic) -> None:
    checked = ADAPTER.capabilities(None).checked
    seen = {kind for kind, _operation, status in traffic.kinds if 200 <= status < 300}
    assert any(Checked.DOCUMENT in ways for ways in checked.values())
    assert unseen(checked, Checked.DOCUMENT, seen) == {}


def test_a_claim_without_its_calls_is_noticed() -> None:
    checked = {Ability.ADD_TAG: (Checked.DOCUMENT,), Ability.DELETE_TAG: (Checked.READING,)}
    assert unseen(checked, Checked.DOCUMENT, [Call.ADD_FIELD]) == {Ability.ADD_TAG: [Call.ADD_TAG]}
    assert CALLS.keys() == set(Ability)
