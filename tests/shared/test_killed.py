"""An apply dies at any instant; a machine with an empty disk goes on: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from dying import apply_and_die
from servers.buckets import bucket

from reconciler.localcrm import Quirks
from reconciler.model.inventory import CrmField
from reconciler.model.outcome import Result
from reconciler.model.problems import Failure

from .places import S3, Postgres, World
from .runs import CANARY, Team, person

REWRITES = Quirks(rewrites={"nick": "upper"})
THERE = 2
PEOPLE = 5


def begun(folder: Path, world: World) -> Team:
    """Two contacts are there, with values that are pulled and overwritten; three people are new."""
    team = Team(folder, world)
    rows = [person(n) if n >= THERE else person(n).replace(f"{CANARY} Oulu", "") for n in range(PEOPLE)]
    team.people(*rows)
    with closing(team.crm()) as crm:
        old = [
            {"email": f"{CANARY}{n}@example.org", "city": f"{CANARY} there", "nick": "Old", "$tags": []}
            for n in range(THERE)
        ]
        crm.seed([CrmField("city", "City", "text"), CrmField("nick", "Nick", "text")], [], old)
    return team


def dies(team: Team, instant: int) -> bool:
    """Whether the apply of a machine died at that instant; nobody ever sees its disk again."""
    runner = team.fresh()
    with closing(team.crm(quirks=REWRITES)) as crm:
        ended = apply_and_die(team.request(runner), crm, instant)
    shutil.rmtree(runner)
    return not ended


def sides(team: Team) -> tuple[object, str]:
    contacts = [{k: v for k, v in row.items() if k != "$id"} for row in team.contacts()]
    return contacts, (team.folder / "people.csv").read_text()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, bucket_server: str) -> tuple[object, str]:
    """What is on both sides after an apply that was let alone."""
    team = begun(tmp_path_factory.mktemp("undisturbed"), S3(bucket(bucket_server)))
    assert not dies(team, 10_000)
    return sides(team)


def holds(team: Team, undisturbed: tuple[object, str]) -> None:
    """The next machine ends what was begun."""
    with pytest.raises(Failure, match="E580"):
        team.apply()
    team.world.run_out()
    with closing(team.crm(quirks=REWRITES)) as crm:
        assert apply_and_die(team.request(), crm, 10_000)
    contacts, people = sides(team)
    addresses = [row["email"] for row in contacts]  # type: ignore[attr-defined]  # a list
    assert len(addresses) == len(set(addresses)) == PEOPLE
    assert (contacts, people) == undisturbed
    assert not team.plan().pending


def test_every_instant(tmp_path: Path, world: World, undisturbed: tuple[object, str]) -> None:
    """Every third one on PostgreSQL, every seventh on S3."""
    instant, step = (0, 3) if isinstance(world, Postgres) else (1, 7)
    while True:
        place = tmp_path / f"at-{instant}"
        place.mkdir()
        team = begun(place, world)
        if not dies(team, instant):
            break
        holds(team, undisturbed)
        world.lose()
        instant += step
    assert instant > 20


def test_machine_after_machine_dies_and_one_ends_it(
    tmp_path: Path, world: World, undisturbed: tuple[object, str]
) -> None:
    team = begun(tmp_path, world)
    died = 0
    for instant in (9, 5, 12, 3, 8):
        if dies(team, instant):
            died += 1
            world.run_out()
    assert died >= 3
    assert team.apply().result in (Result.APPLIED, Result.NONE)
    assert len({row["email"] for row in team.contacts()}) == len(team.contacts()) == PEOPLE
    assert not team.plan().pending
