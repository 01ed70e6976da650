"""The contract kit on HubSpot's emulator, every message held against HubSpot's document: what was seen covers what the
adapter claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from unittest import SkipTest

import pytest

from reconciler.adapters import hubspot, hubspot_contacts, hubspot_properties, hubspot_tags
from reconciler.adapters.hubspot_options import ADAPTER
from reconciler.adapters.hubspot_paths import Paths
from reconciler.model.capabilities import Ability, Call, Checked
from reconciler.testing.contracts import Checker, Violation, check_coverage
from reconciler.testing.contracts.abilities import CALLS, unseen
from reconciler.testing.contracts.claims import claims
from reconciler.testing.kit import PROMISES, Subject
from tests.contracts.world import World

MODULES = (hubspot, hubspot_contacts, hubspot_properties, hubspot_tags)
TAGS = ("lists", "kit_tags")


@dataclass
class Traffic:
    """`seen`: operation and status; `kinds`: the adapter's kind of call, too."""

    seen: Counter[tuple[str, int]] = field(default_factory=Counter)
    kinds: Counter[tuple[Call, str, int]] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def traffic(checker: Checker, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """The whole kit, with tags as lists and as options of a property."""
    traffic = Traffic()
    for tags in TAGS:
        for promise in PROMISES:
            world = World(tmp_path_factory.mktemp("kit"), checker, tags=tags)
            env = {"TOKEN": world.token}
            subject = Subject(
                world.opened, world.section, world.folder, (world.token,), env=env, transport=world.transport
            )
            try:
                promise.check(subject)
            except SkipTest:
                pass
            except AssertionError as error:
                traffic.broken.append(f"{tags}, {promise}: {error}")
            finally:
                world.close()
            traffic.seen += world.checked.seen
            traffic.kinds += world.kinds
            traffic.violations += world.checked.violations
    return traffic


@pytest.fixture(scope="session")
def claimed(checker: Checker) -> Sequence[str]:
    found = claims(MODULES, Paths("v3"), checker.operations)
    return sorted({name for claim in found for name in claim.operations})


def test_no_message_of_the_kit_breaks_hubspots_document(traffic: Traffic) -> None:
    assert traffic.violations == []
    assert traffic.broken == []
    assert sum(traffic.seen.values()) > 1000


def test_every_request_that_the_adapter_makes_was_answered_with_success(
    traffic: Traffic, claimed: Sequence[str], checker: Checker
) -> None:
    check_coverage(claimed, traffic.seen, checker.operations.all)


def test_what_the_gate_does_not_see_it_misses(traffic: Traffic, claimed: Sequence[str], checker: Checker) -> None:
    with pytest.raises(AssertionError, match="never answered with success: PUT"):
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
