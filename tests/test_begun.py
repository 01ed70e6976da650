"""An apply dies while it creates contacts, and then addresses change: whoever was created is found again, once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dying import apply_and_die

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure
from reconciler.runtime import pipeline
from reconciler.testing.scenarios import contacts

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
OLD, NEW = ["0"], ["1", "2", "3"]
"""Who has a contact before, and who is created by the apply that dies, two at a time."""
INSTANTS = (1, 2, 3, 4, 8, 9, 12)
"""Before, between and after the creations, the keeping of their links and the reading back."""
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, write: true}
identity: {person: id, match: email}
fields: {email: email, first_name: {from: name, push: on_create}}
tags: {Welcome: {when: 'true', push: on_create}}
contacts: {create: true, when: 'status != "gone"'}
limits: {create: 99, update_percent: 100, write_percent: 100}
"""


class World:
    """One folder; `people`: the rows of the source by id, as address and status."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, START + timedelta(hours=1)
        self.people = {id: [f"p{id}@example.org", ""] for id in OLD}

    def request(self, **more: Any) -> pipeline.Request:
        self.now += timedelta(minutes=1)
        rows = [f"{id},{mail},Person {id},{status},{after(id)}\n" for id, (mail, status) in self.people.items()]
        (self.folder / "people.csv").write_text("id,email,name,status,other\n" + "".join(rows))
        ticks = iter(range(1, 10_000))
        tokens = lambda count: next(ticks).to_bytes(4, "little").rjust(count, b"\x05")  # noqa: E731  # as short as it is
        file = self.folder / "reconciler.yaml"
        clock, allow = Clock.fixed(self.now), {"create": 9}
        return pipeline.Request(file, env={}, clock=clock, token_bytes=tokens, now=START, allow=allow, **more)

    def dies(self, instant: int, **more: Any) -> bool:
        """An apply that dies at that instant; False if it ended before."""
        with closing(LocalCrm(self.folder / "crm.db", Clock.fixed(self.now))) as crm:
            return not apply_and_die(self.request(**more), crm, instant)

    def apply(self, **more: Any) -> Outcome:
        return pipeline.apply(self.request(**more), lambda _: True, lambda: False)

    def plan(self, **more: Any) -> Plan:
        return pipeline.plan(self.request(**more))

    def contacts(self) -> dict[str, str]:
        """The name with which each was created, which nothing overwrites -> the address that it has."""
        found = contacts(self.folder)
        held = {str(contact["first_name"]): str(contact["email"]) for contact in found}
        assert len(held) == len(found), "a second contact for somebody"
        return held

    @property
    def wanted(self) -> dict[str, str]:
        return {f"Person {id}": mail for id, (mail, status) in self.people.items() if status != "gone"}


def after(id: str) -> str:
    """Another one's id for each of the new ones."""
    return NEW[NEW.index(id) - 1] if id in NEW else id


Moved = Callable[[World], None]


def new_address(world: World) -> None:
    for id in NEW:
        world.people[id][0] = f"new.{id}@example.org"


def to_somebody_new(world: World) -> None:
    new_address(world)
    world.people["9"] = ["p1@example.org", ""]


def to_who_has_a_contact(world: World) -> None:
    new_address(world)
    world.people["0"][0] = "p1@example.org"


def to_who_was_begun_too(world: World) -> None:
    world.people["1"][0] = "p2@example.org"
    world.people["2"][0] = "p3@example.org"
    world.people["3"][0] = "new@example.org"


def nothing(world: World) -> None:
    pass


CHANGES: list[Moved] = [new_address, to_somebody_new, to_who_has_a_contact, to_who_was_begun_too, nothing]
every_change = pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
every_read = pytest.mark.parametrize("refresh", ["full", "incremental"])


def killed(folder: Path) -> Iterator[tuple[World, int]]:
    """A world for each instant at which the apply dies, and how many contacts had been made of three."""
    first = World(folder / "first")
    first.folder.mkdir()
    (first.folder / "reconciler.yaml").write_text(FILE)
    first.apply()
    made = []
    for instant in INSTANTS:
        world = World(Path(shutil.copytree(first.folder, folder / str(instant))))
        world.people |= {id: [f"p{id}@example.org", ""] for id in NEW}
        assert world.dies(instant)
        made.append(len(world.contacts()) - len(OLD))
        yield world, made[-1]
    assert set(made) == {0, 2, 3}


@every_change
@every_read
def test_who_was_created_by_an_apply_that_died_is_found_under_a_new_address(
    tmp_path: Path, change: Moved, refresh: str
) -> None:
    for world, _ in killed(tmp_path):
        change(world)
        outcome = world.apply(refresh=refresh)
        assert outcome.result.value in ("applied", "none"), outcome.problems
        assert world.contacts() == world.wanted
        for again in ("full", "incremental"):
            assert not world.plan(refresh=again).pending


@every_read
def test_the_link_is_kept(tmp_path: Path, refresh: str) -> None:
    """Once an apply went on, a second new address is no other thing than that of anybody else."""
    for world, _ in killed(tmp_path):
        new_address(world)
        world.apply(refresh=refresh)
        for id in NEW:
            world.people[id][0] = f"newer.{id}@example.org"
        world.apply(refresh=refresh)
        assert world.contacts() == world.wanted


def test_an_apply_that_dies_again_and_again_makes_nobody_twice(tmp_path: Path) -> None:
    for world, _ in killed(tmp_path):
        for instant in (3, 5, 2, 6, 4, 7):
            for id in NEW:
                world.people[id][0] = f"new.{instant}.{id}@example.org"
            world.dies(instant)
            world.contacts()
        world.apply()
        assert world.contacts() == world.wanted


def test_who_left_meanwhile_and_comes_back_with_a_new_address_is_the_same_person(tmp_path: Path) -> None:
    for world, made in killed(tmp_path):
        for id in NEW:
            world.people[id][1] = "gone"
        world.apply()
        assert len(world.contacts()) == len(OLD) + made
        for id in NEW:
            world.people[id] = [f"new.{id}@example.org", ""]
        world.apply()
        assert world.contacts() == world.wanted


def test_one_person_alone_is_found_under_a_new_address(tmp_path: Path) -> None:
    for world, made in killed(tmp_path):
        new_address(world)
        world.apply(persons=frozenset({"1"}))
        assert world.contacts()["Person 1"] == "new.1@example.org"
        assert len(world.contacts()) == len(OLD) + max(made, 1)
        world.apply()
        assert world.contacts() == world.wanted


def test_two_who_swapped_their_addresses_are_told_and_stay_who_they_are(tmp_path: Path) -> None:
    for world, made in killed(tmp_path):
        first, second = (world.people[id] for id in NEW[:2])
        first[0], second[0] = second[0], first[0]
        world.apply()
        if made:  # nobody can be the first of a circle: as it is with any two whose contacts are known
            assert world.contacts() == {f"Person {id}": f"p{id}@example.org" for id in (*OLD, *NEW)}
        else:
            assert world.contacts() == world.wanted
        assert not world.plan(refresh="full").pending


def test_links_that_are_forgotten_are_forgotten_with_what_was_begun(tmp_path: Path) -> None:
    for world, _ in killed(tmp_path):
        new_address(world)
        pipeline.forget(world.request(), "links")
        assert world.plan().contacts.create == len(NEW)


def test_ids_that_mean_others_now_lead_nobody_to_what_was_begun(tmp_path: Path) -> None:
    """Each of the new ids was somebody else's before; the apply that says so dies, too, each time later."""
    for instant, (world, _) in enumerate(killed(tmp_path)):
        (world.folder / "reconciler.yaml").write_text(FILE.replace("person: id", "person: other"))
        if world.dies(instant % 7 + 1, relink="anew"):
            try:
                world.apply()
            except Failure:  # it died before it could say so
                world.apply(relink="anew")
        assert world.contacts() == world.wanted


def test_an_address_that_was_begun_is_in_no_file_of_the_state(tmp_path: Path) -> None:
    for world, made in killed(tmp_path):
        del made
        for file in (world.folder / ".reconciler").rglob("*"):
            assert not file.is_file() or b"example.org" not in file.read_bytes(), file
