"""What a plan says it will cost is what it costs: calls counted by the emulated CRM, time by its clock."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import httpx
import pytest
from sweep import GROUPED, Ticking, World

from reconciler.emulators.hubspot import HubSpot, Seen
from reconciler.model.plan import Cost

PEOPLE = 10_000
WINDOW = 10.0  # seconds of HubSpot's limit
BURST = 190


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Everybody is in the CRM, as the file wants them; then everybody moves."""
    folder = tmp_path_factory.mktemp("cost")
    ticking = Ticking()
    emulator = HubSpot(folder / "hubspot.db", ticking.clock)
    emulator.settings.tier = "professional"
    section = "{type: hubspot, url: 'http://127.0.0.1/', token: '${env:TOKEN}', tier: professional}"
    env = {"TOKEN": emulator.settings.token}
    world = World(
        folder, ticking, httpx.WSGITransport(emulator), emulator.crm, section, env, lambda: None, {"first": "firstname"}
    )
    world.emulator = emulator
    world.limits = "{create: 99999, update_percent: 100, untag_percent: 100, tag_people: 99999}"
    world.write(people=0)
    people(folder, "Name")
    assert world.apply(allow={"create": PEOPLE}).code == 0
    assert not world.plan().pending
    return world


def people(folder: Path, name: str) -> None:
    with open(folder / "people.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "mail", "first", "plan", "note", "orders"])
        for n in range(PEOPLE):
            writer.writerow([f"p{n}", f"person.{n}@example.org", f"{name} {n}", "pro" if n % 2 else "free", "x", n % 5])


def test_ten_thousand_changed_contacts_cost_what_was_said_and_use_the_limit_to_its_edge(world: World) -> None:
    people(world.folder, "Other")
    world.emulator.log.clear()
    world.ticking.passed += 60  # what was called before is no longer in any window
    began = world.ticking.passed
    ended = world.apply()
    assert ended.code == 0
    assert ended.outcome is not None
    cost: Cost = ended.outcome.plan.cost
    log: list[Seen] = world.emulator.log
    assert {seen.status for seen in log} <= {200, 201}

    assert len(log) == cost.reads + cost.writes
    assert ended.outcome.calls == cost.endpoints
    updates = [seen for seen in log if seen.path.endswith("/contacts/batch/update")]
    assert len(updates) == cost.writes == PEOPLE // 100
    assert {seen.items for seen in updates} == {100}

    took = world.ticking.passed - began
    assert abs(took - cost.seconds) <= 0.05 * took

    moments = [seen.moment for seen in log if seen.bucket == "burst"]
    assert fullest(moments) <= BURST
    assert len(moments) / (moments[-1] - moments[0]) >= 0.98 * BURST / WINDOW


def test_the_calls_of_a_first_run_are_those_that_were_said_endpoint_by_endpoint(world: World, tmp_path: Path) -> None:
    """Fields, a new group, tags, creations, taggings and what is read back."""
    emulator = HubSpot(tmp_path / "hubspot.db", world.ticking.clock)
    first = World(
        tmp_path,
        world.ticking,
        httpx.WSGITransport(emulator),
        emulator.crm,
        world.section,
        {"TOKEN": emulator.settings.token},
        lambda: None,
        world.names,
    )
    first.write(GROUPED, people=250)
    ended = first.apply(allow={"create": 999})
    assert ended.code == 0
    assert ended.outcome is not None
    cost = ended.outcome.plan.cost
    assert ended.outcome.calls == cost.endpoints
    assert sum(row.calls for row in cost.endpoints) == len(emulator.log)
    seen = Counter(entry.path.rpartition("/crm/v3/")[2] for entry in emulator.log)
    assert seen["objects/contacts/batch/create"] == 3
    assert seen["properties/contacts/groups"] == 2  # looked at, and one made


def fullest(moments: list[float]) -> int:
    """The most requests in any window, both ends of which count."""
    most = begin = 0
    for end, moment in enumerate(moments):
        while moments[begin] <= moment - WINDOW:
            begin += 1
        most = max(most, end - begin + 1)
    return most
