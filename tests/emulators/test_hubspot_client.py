"""HubSpot's own Python client drives the emulator over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import hubspot
import pytest

from reconciler.emulators.hubspot import HubSpot
from reconciler.emulators.serving import Server


@pytest.fixture
def served(emulator: HubSpot) -> Iterator[str]:
    server = Server(emulator)
    thread = Thread(target=server.run)
    thread.start()
    yield server.url
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


def at(url: str, api: Any) -> Any:
    api.api_client.configuration.host = url
    return api


def test_the_official_client_makes_fields_contacts_and_lists(emulator: HubSpot, served: str) -> None:
    from hubspot.crm.contacts import (
        BatchInputSimplePublicObjectBatchInputForCreate,
        PublicObjectSearchRequest,
        SimplePublicObjectBatchInputForCreate,
    )
    from hubspot.crm.lists import ListCreateRequest
    from hubspot.crm.properties import OptionInput, PropertyCreate

    crm = hubspot.HubSpot(access_token=emulator.settings.token).crm
    option = OptionInput(label="Gold", value="gold", hidden=False)
    plan = PropertyCreate(
        name="plan", label="Plan", type="enumeration", field_type="select", group_name="contactinformation",
        options=[option],
    )  # fmt: skip
    assert at(served, crm.properties.core_api).create("contacts", plan).options[0].value == "gold"
    inputs = [
        SimplePublicObjectBatchInputForCreate(properties={"email": f"p{n}@example.org", "plan": "gold"})
        for n in range(100)
    ]
    batch = BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    created = at(served, crm.contacts.batch_api).create(batch)
    assert created.results[99].properties["plan"] == "gold"
    search = PublicObjectSearchRequest(query="p42", properties=["plan"])
    (found,) = at(served, crm.contacts.search_api).do_search(search).results
    one = ListCreateRequest(name="VIP", object_type_id="0-1", processing_type="MANUAL")
    vip = at(served, crm.lists.lists_api).create(one).list
    memberships = at(served, crm.lists.memberships_api)
    assert memberships.add(vip.list_id, [found.id, "999"]).record_ids_missing == ["999"]
    assert [member.record_id for member in memberships.get_page(vip.list_id).results] == [found.id]
