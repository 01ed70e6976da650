"""HubSpot's own Python client drives the emulator over a loopback socket: that keeps the emulator honest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import hubspot
import pytest
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.lists import ListCreateRequest, ListSearchRequest
from hubspot.crm.properties import OptionInput, PropertyCreate, PropertyGroupCreate, PropertyUpdate

from reconciler.adapters.hubspot.options import ADAPTER
from reconciler.emulators.serving import Server
from reconciler.model.capabilities import Call, Checked
from reconciler.testing.contracts import Checker
from reconciler.testing.contracts.abilities import unseen
from tests.contracts.checked_app import CheckedApp
from tests.contracts.traffic import Traffic
from tests.contracts.world import World

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:hubspot", "ignore::DeprecationWarning:six")

Client = Any


@pytest.fixture
def world(checker: Checker, tmp_path: Path) -> Iterator[World]:
    """After each test: no message broke the document."""
    world = World(tmp_path, checker)
    yield world
    world.close()
    assert world.checked.violations == []


@contextmanager
def _served(world: World) -> Iterator[Client]:
    """A client that checks its own models, which it does not by default."""
    server = Server(CheckedApp(world.checked))
    thread = Thread(target=server.run)
    thread.start()
    try:
        yield hubspot.HubSpot(access_token=world.token, host=server.url, client_side_validation=True)
    finally:
        server.stop()
        thread.join()


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with _served(world) as client:
        yield client


def _error(call: Callable[[], object]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(Exception) as caught:  # noqa: PT011 # each part of the client has an ApiException of its own
        call()
    error: Any = caught.value
    return error.status, json.loads(error.body)


def _choice(value: str, label: str) -> OptionInput:
    return OptionInput(value=value, label=label, hidden=False)


def _made_level(client: Client) -> Any:
    return client.crm.properties.core_api.create(
        "contacts",
        PropertyCreate(
            name="level",
            label="Level",
            type="enumeration",
            field_type="select",
            group_name="contactinformation",
            options=[_choice("a", "A"), _choice("b", "B")],
        ),
    )


def _contact(client: Client, email: str, **more: str) -> str:
    made = client.crm.contacts.basic_api.create(
        SimplePublicObjectInputForCreate(properties={"email": email, **more}, associations=[])
    )
    return str(made.id)


def test_properties_are_made_read_changed_and_archived(client: Client) -> None:
    core = client.crm.properties.core_api
    made = _made_level(client)
    assert (made.name, made.type, [option.value for option in made.options]) == ("level", "enumeration", ["a", "b"])
    changed = core.update("contacts", "level", PropertyUpdate(label="Rank", options=[_choice("c", "C")]))
    assert (changed.label, [option.label for option in changed.options]) == ("Rank", ["C"])
    client.crm.properties.groups_api.create("contacts", PropertyGroupCreate(name="membership", label="Membership"))
    moved = core.update("contacts", "level", PropertyUpdate(group_name="membership", options=[_choice("c", "Sea")]))
    assert (moved.group_name, [option.label for option in moved.options]) == ("membership", ["Sea"])
    assert "level" in [found.name for found in core.get_all("contacts").results]
    core.archive("contacts", "level")
    assert "level" not in [found.name for found in core.get_all("contacts", archived=False).results]
    assert "level" in [found.name for found in core.get_all("contacts", archived=True).results]


def test_groups_are_made_and_listed(client: Client) -> None:
    groups = client.crm.properties.groups_api
    made = groups.create("contacts", PropertyGroupCreate(name="membership", label="Membership"))
    assert (made.name, made.label, made.archived) == ("membership", "Membership", False)
    assert {"membership", "contactinformation"} <= {group.name for group in groups.get_all("contacts").results}


def test_a_contact_is_made_found_by_e_mail_changed_and_emptied(client: Client) -> None:
    _made_level(client)
    basic = client.crm.contacts.basic_api
    id = _contact(client, "Ada@Example.org", level="a")
    found = basic.get_by_id("ada@example.org", id_property="email", properties=["email", "level", "phone"])
    assert (found.id, found.properties["email"], found.properties["level"]) == (id, "ada@example.org", "a")
    assert found.properties["phone"] is None
    basic.update(id, SimplePublicObjectInput(properties={"level": ""}))
    assert basic.get_by_id(id, properties=["level"]).properties["level"] in (None, "")


def test_contacts_are_listed_in_pages(client: Client) -> None:
    ids = [_contact(client, f"person{number}@example.org") for number in range(3)]
    page = client.crm.contacts.basic_api.get_page(limit=2, properties=["email"])
    assert [contact.id for contact in page.results] == ids[:2]
    assert [c.id for c in client.crm.contacts.get_all(limit=None, properties=["email"])] == ids


def test_batches_say_what_became_of_each_item(client: Client) -> None:
    _made_level(client)
    batch = client.crm.contacts.batch_api
    made = batch.create(
        BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                SimplePublicObjectBatchInputForCreate(
                    properties={"email": f"{name}@example.org", "level": level},
                    associations=[],
                    object_write_trace_id=name,
                )
                for name, level in (("ada", "a"), ("bob", "none"), ("cyd", "b"))
            ]
        )
    )
    assert [contact.object_write_trace_id for contact in made.results] == ["ada", "cyd"]
    assert (made.num_errors, made.errors[0].context["objectWriteTraceId"]) == (1, ["bob"])
    ada, cyd = (contact.id for contact in made.results)
    updated = batch.update(
        BatchInputSimplePublicObjectBatchInput(
            inputs=[
                SimplePublicObjectBatchInput(id=id, properties={"level": level}, object_write_trace_id=id)
                for id, level in ((ada, "b"), (cyd, ""), ("999999", "b"))
            ]
        )
    )
    assert ([contact.id for contact in updated.results], updated.num_errors) == ([ada, cyd], 1)
    read = batch.read(
        BatchReadInputSimplePublicObjectId(
            inputs=[SimplePublicObjectId(id=id) for id in (ada, cyd, "999999")],
            properties=["level"],
            properties_with_history=[],
        )
    )
    assert {contact.id: contact.properties["level"] for contact in read.results} == {ada: "b", cyd: None}
    assert read.errors[0].context["ids"] == ["999999"]


def test_an_upsert_by_e_mail_says_who_is_new(client: Client) -> None:
    ada = _contact(client, "ada@example.org")
    answer = client.crm.contacts.batch_api.upsert(
        BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                SimplePublicObjectBatchInputUpsert(
                    id=f"{name}@example.org", id_property="email", properties={"firstname": name}
                )
                for name in ("ada", "bob")
            ]
        )
    )
    assert {contact.id == ada: contact.new for contact in answer.results} == {True: False, False: True}


def test_a_search_finds_what_it_asks_for(client: Client) -> None:
    ids = [_contact(client, f"{name}@example.org", firstname=name) for name in ("ada", "bob", "cyd")]
    found = client.crm.contacts.search_api.do_search(
        PublicObjectSearchRequest(
            filter_groups=[
                FilterGroup(filters=[Filter(property_name="firstname", operator="IN", values=["ada", "cyd"])])
            ],
            sorts=["hs_object_id"],
            properties=["email"],
            limit=1,
        )
    )
    assert (found.total, [contact.id for contact in found.results]) == (2, [ids[0]])
    assert found.paging.next.after


def test_lists_are_made_filled_emptied_renamed_and_deleted(client: Client) -> None:
    lists, members = client.crm.lists.lists_api, client.crm.lists.memberships_api
    ada, bob = _contact(client, "ada@example.org"), _contact(client, "bob@example.org")
    id = lists.create(ListCreateRequest(name="Member", object_type_id="0-1", processing_type="MANUAL")).list.list_id
    added = members.add(id, [ada, bob, "999999"])
    assert (added.records_ids_added, added.record_ids_missing) == ([ada, bob], ["999999"])
    assert members.remove(id, [bob]).record_ids_removed == [bob]
    assert [member.record_id for member in members.get_page(id).results] == [ada]
    assert [member.list_id for member in members.get_lists("0-1", ada).results] == [id]
    lists.update_name(id, list_name="Patron")
    search = ListSearchRequest(query="", processing_types=["MANUAL"], count=500, offset=0, additional_properties=[])
    assert [found.name for found in lists.do_search(search).lists] == ["Patron"]
    lists.remove(id)
    assert lists.do_search(search).total == 0


def test_errors_are_read_by_the_client(client: Client, world: World) -> None:
    ada = _contact(client, "ada@example.org")
    status, body = _error(lambda: _contact(client, "ada@example.org"))
    assert (status, body["category"]) == (409, "CONFLICT")
    assert ada in body["message"]
    status, body = _error(lambda: _contact(client, "bob@example.org", no_such_property="x"))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert _error(lambda: client.crm.contacts.basic_api.get_by_id("999999"))[0] == 404
    world.emulator.settings.scopes.discard("crm.lists.write")
    search = ListCreateRequest(name="Member", object_type_id="0-1", processing_type="MANUAL")
    assert _error(lambda: client.crm.lists.lists_api.create(search))[1]["category"] == "MISSING_SCOPES"
    world.emulator.settings.burst = 0
    world.emulator.settings.retry_after = False  # the client would wait for it, and ask again
    status, body = _error(lambda: client.crm.contacts.basic_api.get_by_id(ada))
    assert (status, body["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    client.access_token = "another"
    assert _error(lambda: client.crm.contacts.basic_api.get_by_id(ada))[0] == 401


def test_an_ability_that_is_said_to_be_checked_by_the_client_was_driven_by_it(
    checker: Checker, traffic: Traffic, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each call that the adapter carries it out with was one of the client's in these tests, too."""
    driven: set[str] = set()
    for test in (
        test_properties_are_made_read_changed_and_archived,
        test_batches_say_what_became_of_each_item,
        test_lists_are_made_filled_emptied_renamed_and_deleted,
    ):
        world = World(tmp_path_factory.mktemp("client"), checker)
        with _served(world) as client:
            test(client)
        world.close()
        driven |= {_plain(operation) for operation, status in world.checked.seen if 200 <= status < 300}
    checked = ADAPTER.capabilities(None).checked
    kinds = {
        kind
        for kind in Call
        if (used := {_plain(name) for k, name, status in traffic.kinds if k is kind and 200 <= status < 300})
        and used <= driven
    }
    assert any(Checked.CLIENT in ways for ways in checked.values())
    assert unseen(checked, Checked.CLIENT, kinds) == {}


def _plain(operation: str) -> str:
    """The client puts a stroke behind one path."""
    return operation.rstrip("/")
