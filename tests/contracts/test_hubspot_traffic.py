"""The contract kit on HubSpot's emulator, every message held against HubSpot's document: what was seen covers what the
adapter claims."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.adapters.hubspot.options import ADAPTER
from reconciler.model.capabilities import Ability, Call, Checked
from reconciler.testing.contracts import Checker, check_coverage
from reconciler.testing.contracts.abilities import CALLS, unseen
from reconciler.testing.contracts.claims import Claim
from tests.contracts.traffic import Traffic


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
