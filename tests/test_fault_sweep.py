"""Something goes wrong at every endpoint in turn: the right state in the end, nothing doubled, the designed exit."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from adapter_page import write_package
from sweep import Ticking, World

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
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeWorld]:
    packages = tmp_path_factory.mktemp("packages")
    write_package(packages)
    sys.path.insert(0, str(packages))
    importlib.invalidate_caches()
    server = importlib.import_module("acme_server")

    def make(folder: Path) -> World:
        ticking = Ticking()
        crm = LocalCrm(folder / "crm.db", ticking.clock, token=lambda: "ac3e")
        crm.add_tag("Customer")
        behind = httpx.WSGITransport(server.Acme(crm, "zq-secret"))
        section = "{type: acme, url: 'http://127.0.0.1/', token: '${env:TOKEN}'}"
        names = {"first": "first_name"}
        world = World(folder, ticking, behind, crm, section, {"TOKEN": "zq-secret"}, lambda: contents(crm), names)
        world.write()
        world.fill()
        return world

    yield make
    sys.path.remove(str(packages))
    for name in ("acme", "acme_server"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module", params=["acme"])
def make(request: pytest.FixtureRequest) -> MakeWorld:
    found: MakeWorld = request.getfixturevalue(request.param)
    return found


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
        if ended.code == 0:  # what was done without an answer was found by looking
            assert mishap is Mishap.TIMEOUT_AFTER
            assert world.state() == state, endpoint
        else:
            assert ended.code in (1, 6), endpoint
            assert ended.problems, endpoint
        assert world.apply().code == 0, endpoint
        assert world.state() == state, endpoint
        assert not world.plan().pending, endpoint
