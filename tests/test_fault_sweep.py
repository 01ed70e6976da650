"""Something goes wrong at every endpoint in turn: the right state in the end, nothing doubled, the designed exit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sweep import Ended, Ticking, World

from reconciler.emulators.hubspot import SCOPES, HubSpot
from reconciler.localcrm import LocalCrm
from reconciler.testing.faults import Mishap, always, once

MakeWorld = Callable[[Path], World]
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


@pytest.fixture(scope="module")
def make() -> MakeWorld:
    def make(folder: Path) -> World:
        ticking = Ticking()
        emulator = HubSpot(folder / "hubspot.db", ticking.clock)
        emulator.crm.add_tag("Customer")
        section = "{type: hubspot, url: 'http://127.0.0.1/', token: '${env:TOKEN}'}"
        env = {"TOKEN": emulator.settings.token}
        behind = httpx.WSGITransport(emulator)
        world = World(
            folder, ticking, behind, emulator.crm, section, env, lambda: contents(emulator.crm), {"first": "firstname"}
        )
        world.emulator = emulator
        world.spare = "access-token-info"
        world.write()
        world.fill()
        return world

    return make


@pytest.fixture(scope="module")
def told(make: MakeWorld, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Any]:
    """The story without a mishap: the endpoints that it needed, and what the CRM holds afterwards."""
    world = make(tmp_path_factory.mktemp("told"))
    assert world.apply().code == 0
    endpoints = list(world.faulty.seen)
    assert not world.plan().pending
    return endpoints, world.state()


@pytest.mark.parametrize("mishap", PASSING, ids=lambda mishap: mishap.name.lower())
def test_what_goes_wrong_once_at_any_endpoint_changes_nothing_in_the_end(
    make: MakeWorld, told: tuple[list[str], Any], mishap: Mishap, tmp_path: Path
) -> None:
    endpoints, state = told
    wrong = {}
    for number, endpoint in enumerate(endpoints):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = make(folder)
        ended = world.apply(once(endpoint, mishap))
        assert world.faulty.seen[endpoint] >= 1
        if number == 0 and ended.code:  # a page instead of the first answer: the address is another server's
            assert (mishap.name[:4], ended.code, ended.problems) == ("HTML", 1, ("E323",))
            continue
        if (ended.code, world.state() == state, world.plan().pending) != (0, True, False):
            wrong[endpoint] = (ended.code, ended.problems)
    assert not wrong


def test_a_token_that_expires_at_any_endpoint_ends_with_exit_4_and_the_next_run_goes_on(
    make: MakeWorld, told: tuple[list[str], Any], tmp_path: Path
) -> None:
    endpoints, state = told
    for number, endpoint in enumerate(endpoints):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = make(folder)
        before = world.state()
        ended = world.apply(always(endpoint, Mishap.UNAUTHORIZED))
        if world.spare not in endpoint:
            assert (ended.code, ended.problems) == (4, ("E301",)), endpoint
        if number == 0:
            assert world.state() == before
        assert world.apply().code == 0, endpoint
        assert world.state() == state, endpoint
        assert not world.plan().pending, endpoint


@pytest.mark.parametrize(
    "mishap",
    [Mishap.TOO_MANY, Mishap.OVERLOADED_BEFORE, Mishap.TIMEOUT_AFTER, Mishap.UNREACHABLE],
    ids=lambda m: m.name,
)
def test_what_stays_wrong_at_any_endpoint_ends_in_good_order_and_the_next_run_goes_on(
    make: MakeWorld, told: tuple[list[str], Any], mishap: Mishap, tmp_path: Path
) -> None:
    endpoints, state = told
    for number, endpoint in enumerate(endpoints):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = make(folder)
        ended = world.apply(always(endpoint, mishap))
        if ended.code == 0:  # what was done without an answer was found, or settled in another way
            assert mishap is Mishap.TIMEOUT_AFTER or "/batch/create" in endpoint or world.spare in endpoint
            assert world.state() == state, endpoint
        else:
            assert ended.code in (1, 6), endpoint
            assert ended.problems, endpoint
        assert world.apply().code == 0, endpoint
        assert world.state() == state, endpoint
        assert not world.plan().pending, endpoint


def test_a_page_that_repeats_is_an_error_before_anything_is_written(make: MakeWorld, tmp_path: Path) -> None:
    world = make(tmp_path)
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
    make: MakeWorld, told: tuple[list[str], Any], endpoint: str, does: str, tmp_path: Path
) -> None:
    """Person 2 is a contact that is to be updated, and tagged; it goes just before that request."""
    world = make(tmp_path)
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


def test_a_used_up_daily_quota_ends_at_once_and_says_when_to_come_back(make: MakeWorld, tmp_path: Path) -> None:
    world = make(tmp_path)
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


def test_a_wrong_token_is_exit_4_before_anything_is_written(make: MakeWorld, tmp_path: Path) -> None:
    world = make(tmp_path)
    world.emulator.settings.token = "another"
    assert (refused(world).code, refused(world).problems) == (4, ("E301",))


def test_another_account_is_exit_1_before_anything_is_written(make: MakeWorld, tmp_path: Path) -> None:
    world = make(tmp_path)
    world.section = world.section.replace("}'}", "}', account: '999'}")
    world.write()
    assert (refused(world).code, refused(world).problems) == (1, ("E302",))


@pytest.mark.parametrize("told", [True, False], ids=["told", "not-told"])
@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_missing_scope_is_exit_4_that_names_it_before_anything_is_written(
    make: MakeWorld, scope: str, told: bool, tmp_path: Path
) -> None:
    """Where HubSpot does not tell a token's scopes, the ones that are not needed first are missed later."""
    world = make(tmp_path)
    world.emulator.settings.scopes.discard(scope)
    if told:
        ended = refused(world)
    else:
        ended = world.apply(always("POST /oauth/v2/private-apps/get/access-token-info", Mishap.BROKEN_BEFORE))
    assert (ended.code, ended.problems) == (4, ("E301",))
    assert scope in ended.said
