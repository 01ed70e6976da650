"""Something goes wrong at every endpoint in turn: the right state in the end, nothing doubled, the designed exit."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sweep import BUYER, CUSTOMER, GROUPED, NOTE, PLAN, Ended, Ticking, Told, World

from reconciler.adapters.errors import AdapterError, AuthFailed, RateLimited, Unavailable
from reconciler.adapters.hubspot import contacts as contacts_module
from reconciler.adapters.hubspot import door as door_module
from reconciler.adapters.hubspot import properties, tags
from reconciler.adapters.hubspot.door import HubSpotDoor
from reconciler.adapters.hubspot.options import ADAPTER, HubSpotOptions
from reconciler.adapters.hubspot.paths import Paths
from reconciler.adapters.opening import Opening
from reconciler.emulators.hubspot import SCOPES, HubSpot
from reconciler.localcrm import LocalCrm
from reconciler.testing.contracts import Checker, laid_over
from reconciler.testing.contracts.claims import claims
from reconciler.testing.contracts.from_client import derive
from reconciler.testing.contracts.hubspot import CLIENT, changes
from reconciler.testing.faults import Answer, Faulty, Mishap, When, always, once

PASSING = [mishap for mishap in Mishap if mishap is not Mishap.UNAUTHORIZED]


def contents(crm: LocalCrm) -> Any:
    """What the embedded CRM holds, without ids: fields, tags, and each contact with its values and tags."""
    fields = {f.key: (f.label, f.native, f.options) for f in crm.fields() if not f.standard}
    tags = {tag.key: tag.name for tag in crm.tags()}
    keys = ["email", *(f.key for f in crm.fields() if f.key != "email")]
    rows = [row for page in crm.pages(keys) for row in page.to_pylist()]
    contacts = [
        ({k: v for k, v in row.items() if not k.startswith("$")}, sorted(tags[t] for t in row["$tags"])) for row in rows
    ]
    return fields, sorted(tags.values()), sorted(contacts, key=lambda contact: contact[0]["email"])


@dataclass(frozen=True)
class Story:
    """What is applied while something goes wrong. `before`: what was applied a while ago. `always`: what goes wrong in
    each telling of the story, so that calls are made that are needed only then."""

    then: Told
    before: Told | None = None
    always: When = lambda _endpoint, _number: None
    tags: str = "lists"


MORE = PLAN.replace("label: Plan", "label: Membership").replace("}, label", ", gold: Gold}, label")
LOST = once("POST /crm/v3/objects/contacts/batch/create", Mishap.TIMEOUT_AFTER)
STORIES = {
    "new": Story(GROUPED),
    "changed": Story(
        Told(
            {"sweep_plan": MORE, "sweep_note": NOTE, "sweep_old": "{absent: true}"},
            {"Customer": CUSTOMER, "Great buyer": "{when: 'orders > 2', renamed_from: Buyer}", "Old": "{absent: true}"},
        ),
        before=Told({**GROUPED.fields, "sweep_old": "{from: note}"}, {**GROUPED.tags, "Old": "{when: 'orders > 4'}"}),
    ),
    "a creation that is not confirmed": Story(GROUPED, always=LOST),
    "a creation that is not confirmed, and may not overwrite": Story(
        Told({**GROUPED.fields, "sweep_note": NOTE.replace("text", "text, push: on_create")}, GROUPED.tags), always=LOST
    ),
    "tags in a property": Story(
        Told({"sweep_plan": MORE, "sweep_note": NOTE}, {"Customer": CUSTOMER, "Buyer": BUYER, "Great": "{}"}),
        before=GROUPED,
        tags="{property: sweep_tags}",
    ),
}
TAG_PROPERTY = {
    "name": "sweep_tags",
    "label": "Tags",
    "type": "enumeration",
    "fieldType": "checkbox",
    "groupName": "contactinformation",
    "options": [{"value": "Customer", "label": "Customer", "hidden": False, "displayOrder": 0}],
}


class Teller:
    """Tells a story again and again, each time from what it begins with. `state`: what the CRM holds when it has been
    told without a mishap; `endpoints`: the ones that were needed for that."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story = story
        self._begin = folder / "begin"
        self._begin.mkdir()
        self._passed = 0.0
        self._folders = (folder / str(number) for number in itertools.count())
        world = self._opened(self._begin)
        if story.tags == "lists":
            world.crm.add_tag("Customer")
        else:
            with httpx.Client(
                transport=world.behind, headers={"Authorization": f"Bearer {world.env['TOKEN']}"}
            ) as client:
                client.post("http://127.0.0.1/crm/v3/properties/contacts", json=TAG_PROPERTY).raise_for_status()
        world.fill()
        if story.before is not None:
            world.write(story.before)
            assert world.apply().code == 0
            world.ticking.sleep(3600)  # HubSpot's search has found everything by then
            world.plan()  # reads all, with the new fields, so that the story reads what changed since
        self._passed = world.ticking.passed
        world.emulator.close()
        world = self.world()
        assert self.apply(world).code == 0
        self.state, self.endpoints = world.state(), tuple(world.faulty.seen)
        self.calls = {f"{seen.method} {seen.path}" for seen in world.emulator.log}
        assert not world.plan().pending

    def apply(self, world: World, when: When = lambda _endpoint, _number: None) -> Ended:
        def both(endpoint: str, number: int) -> Answer | None:
            return when(endpoint, number) or self.story.always(endpoint, number)

        return world.apply(both)

    def world(self) -> World:
        folder = next(self._folders)
        shutil.copytree(self._begin, folder)
        world = self._opened(folder)
        world.write(self.story.then, bought=1 if self.story.before else 0)
        return world

    def _opened(self, folder: Path) -> World:
        ticking = Ticking()
        ticking.passed = self._passed
        emulator = HubSpot(folder / "hubspot.db", ticking.clock)
        section = f"{{type: hubspot, url: 'http://127.0.0.1/', token: '${{env:TOKEN}}', tags: {self.story.tags}}}"
        return World(
            folder,
            ticking,
            httpx.WSGITransport(emulator),
            emulator.crm,
            section,
            {"TOKEN": emulator.settings.token},
            lambda: contents(emulator.crm),
            {"first": "firstname"},
            spare="access-token-info",
            emulator=emulator,
        )


@pytest.fixture(scope="module")
def tellers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Teller]:
    return {name: Teller(story, tmp_path_factory.mktemp("story")) for name, story in STORIES.items()}


@pytest.fixture
def new(tellers: Mapping[str, Teller]) -> Teller:
    return tellers["new"]


@pytest.fixture(params=STORIES)
def swept(request: pytest.FixtureRequest, tellers: Mapping[str, Teller]) -> tuple[Teller, list[str]]:
    """A story, and the endpoints that none before it has met."""
    names = list(STORIES)
    before = {endpoint for name in names[: names.index(request.param)] for endpoint in tellers[name].endpoints}
    teller = tellers[request.param]
    return teller, [endpoint for endpoint in teller.endpoints if endpoint not in before]


@pytest.mark.parametrize("mishap", PASSING, ids=lambda mishap: mishap.name.lower())
def test_what_goes_wrong_once_at_any_endpoint_changes_nothing_in_the_end(
    swept: tuple[Teller, list[str]], mishap: Mishap
) -> None:
    teller, endpoints = swept
    wrong = {}
    for endpoint in endpoints:
        world = teller.world()
        ended = teller.apply(world, once(endpoint, mishap))
        assert world.faulty.seen[endpoint] >= 1
        if "account-info" in endpoint and ended.code:  # a page instead of the first answer: another server's address
            assert (mishap.name[:4], ended.code, ended.problems) == ("HTML", 1, ("E323",))
            continue
        if (ended.code, world.state() == teller.state, world.plan().pending) != (0, True, False):
            wrong[endpoint] = (ended.code, ended.problems)
    assert endpoints
    assert not wrong


def test_a_token_that_expires_at_any_endpoint_ends_with_exit_4_and_the_next_run_goes_on(
    swept: tuple[Teller, list[str]],
) -> None:
    teller, endpoints = swept
    for endpoint in endpoints:
        world = teller.world()
        before = world.state()
        ended = teller.apply(world, always(endpoint, Mishap.UNAUTHORIZED))
        if world.spare not in endpoint:
            assert (ended.code, ended.problems) == (4, ("E301",)), endpoint
        if "account-info" in endpoint:
            assert world.state() == before
        assert world.apply().code == 0, endpoint
        assert world.state() == teller.state, endpoint
        assert not world.plan().pending, endpoint


@pytest.mark.parametrize(
    "mishap",
    [Mishap.TOO_MANY, Mishap.OVERLOADED_BEFORE, Mishap.TIMEOUT_AFTER, Mishap.UNREACHABLE],
    ids=lambda m: m.name,
)
def test_what_stays_wrong_at_any_endpoint_ends_in_good_order_and_the_next_run_goes_on(
    swept: tuple[Teller, list[str]], mishap: Mishap
) -> None:
    teller, endpoints = swept
    for endpoint in endpoints:
        world = teller.world()
        ended = teller.apply(world, always(endpoint, mishap))
        if ended.code == 0:  # what was done without an answer was found, or settled in another way
            settled = ("/batch/create", "/batch/upsert", world.spare)
            assert mishap is Mishap.TIMEOUT_AFTER or any(one in endpoint for one in settled), endpoint
            assert world.state() == teller.state, endpoint
        else:
            assert ended.code in (1, 6), endpoint
            assert ended.problems, endpoint
        assert world.apply().code == 0, endpoint
        assert world.state() == teller.state, endpoint
        assert not world.plan().pending, endpoint


@contextmanager
def door(world: World, when: When) -> Iterator[HubSpotDoor]:
    """HubSpot's door, for what no run calls."""
    options = HubSpotOptions.model_validate({"token": world.env["TOKEN"]})
    opening = Opening(world.folder, world.ticking.clock, transport=Faulty(world.behind, when), workers=1)
    try:
        yield ADAPTER.open(options, opening, "contact")
    finally:
        opening.close()


MEMBERS = "GET /crm/v3/lists/{id}/memberships"


@pytest.mark.parametrize("mishap", PASSING, ids=lambda mishap: mishap.name.lower())
def test_what_goes_wrong_once_while_a_list_is_read_changes_nothing(new: Teller, mishap: Mishap) -> None:
    world = new.world()
    (tag,) = [tag.key for tag in world.crm.tags()]
    with door(world, once(MEMBERS, mishap)) as crm:
        crm.connect()
        assert sorted(crm.load_contacts(tag)) == sorted(id for n in range(3) if (id := world.crm.find(mail(n))))


@pytest.mark.parametrize(
    ("mishap", "error"),
    [(Mishap.UNAUTHORIZED, AuthFailed), (Mishap.TOO_MANY, RateLimited), (Mishap.UNREACHABLE, Unavailable)],
)
def test_what_stays_wrong_while_a_list_is_read_is_an_error(
    new: Teller, mishap: Mishap, error: type[AdapterError]
) -> None:
    world = new.world()
    (tag,) = [tag.key for tag in world.crm.tags()]
    with door(world, always(MEMBERS, mishap)) as crm, pytest.raises(error):
        list(crm.load_contacts(tag))


def test_every_request_that_the_adapter_makes_is_swept(tellers: Mapping[str, Teller]) -> None:
    """What it makes is read from its source."""
    checker = Checker(laid_over(derive(CLIENT), changes()))
    claimed = {
        name
        for claim in claims((door_module, contacts_module, properties, tags), Paths("v3"), checker.operations)
        for name in claim.operations
    }
    swept = {called for teller in tellers.values() for called in teller.calls} | {MEMBERS}
    assert len(claimed) > 20
    assert plain(claimed) == plain(swept)


def plain(calls: Iterable[str]) -> set[str]:
    """Calls with {} for each part of their path that varies; for the document that is the kind of object, too."""
    return {re.sub(r"\{\w+\}", "{}", call.replace("/properties/contacts", "/properties/{}")) for call in calls}


def mail(number: int) -> str:
    return f"person.{number}@example.org"


def test_a_page_that_repeats_is_an_error_before_anything_is_written(new: Teller) -> None:
    world = new.world()
    world.fill_more(250)
    before = world.state()
    name = "GET /crm/v3/objects/contacts"
    first: list[httpx.Response] = []

    def repeated(request: httpx.Request, behind: httpx.BaseTransport) -> httpx.Response:
        if not first:
            answer = behind.handle_request(request)
            answer.read()
            first.append(answer)
        return httpx.Response(
            200, content=first[0].content, headers={"Content-Type": "application/json"}, request=request
        )

    ended = world.apply(lambda endpoint, _count: repeated if endpoint == name else None)
    assert (ended.code, ended.problems) == (1, ("E327",))
    assert world.state() == before
    assert world.faulty.seen[name] < 5


@pytest.mark.parametrize("does", ["deleted", "merged"])
@pytest.mark.parametrize("endpoint", ["batch/update", "memberships/add", "memberships/remove", "batch/read"])
def test_a_contact_that_goes_between_reading_and_writing_changes_nobody_else(
    new: Teller, endpoint: str, does: str
) -> None:
    """Person 2 is a contact that is to be updated, and tagged; it goes just before that request."""
    world = new.world()
    gone: list[str] = []

    def goes(request: httpx.Request, behind: httpx.BaseTransport) -> httpx.Response:
        id = world.crm.find("person.2@example.org")
        other = world.crm.find("person.1@example.org")
        assert id is not None
        assert other is not None
        gone.append(id)
        if does == "deleted":
            world.crm.delete_contact(id)
        else:
            world.crm.merge(other, id)
        return behind.handle_request(request)

    ended = world.apply(lambda name, _count: goes if name.endswith(endpoint) and not gone else None)
    assert gone
    assert ended.code in (0, 6)
    again = world.apply()
    assert again.code == 0, again
    assert not world.plan().pending
    people = [contact for contact, _ in world.state()[2]]
    addresses = [contact["email"] for contact in people]
    assert len(addresses) == len(set(addresses))
    everybody = [f"person.{n}@example.org" for n in range(6)]
    assert addresses in (everybody, [address for address in everybody if "2" not in address])
    named = {contact["email"]: contact["firstname"] for contact in people}
    assert named == {address: f"Name {address[7]}" for address in addresses}


def test_a_used_up_daily_quota_ends_at_once_and_says_when_to_come_back(new: Teller) -> None:
    world = new.world()
    world.emulator.settings.daily = 4
    before = world.state()
    ended = world.apply()
    assert (ended.code, ended.problems) == (1, ("E324",))
    assert world.state() == before
    assert world.ticking.passed < 60
    world.emulator.settings.daily = 12  # enough to begin writing
    ended = world.apply()
    assert ended.code in (1, 6)
    world.emulator.settings.daily = None
    assert world.apply().code == 0
    assert not world.plan().pending


def refused(world: World) -> Ended:
    """An apply that is refused before it changed anything."""
    before = world.state()
    ended = world.apply()
    assert world.state() == before
    assert ended.code in (1, 4)
    return ended


def test_a_wrong_token_is_exit_4_before_anything_is_written(new: Teller) -> None:
    world = new.world()
    world.emulator.settings.token = "another"
    assert (refused(world).code, refused(world).problems) == (4, ("E301",))


def test_another_account_is_exit_1_before_anything_is_written(new: Teller) -> None:
    world = new.world()
    world.section = world.section.replace("token:", "account: '999', token:")
    world.write()
    assert (refused(world).code, refused(world).problems) == (1, ("E302",))


@pytest.mark.parametrize("told", [True, False], ids=["told", "not-told"])
@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_missing_scope_is_exit_4_that_names_it_before_anything_is_written(
    new: Teller, scope: str, told: bool
) -> None:
    """Where HubSpot does not tell a token's scopes, the ones that are not needed first are missed later."""
    world = new.world()
    world.emulator.settings.scopes.discard(scope)
    if told:
        ended = refused(world)
    else:
        ended = world.apply(always("POST /oauth/v2/private-apps/get/access-token-info", Mishap.BROKEN_BEFORE))
    assert (ended.code, ended.problems) == (4, ("E301",))
    assert scope in ended.said
