"""kill -9 of an apply while several calls to a web API are on the way, each followed by the next apply; Ctrl-C and
SIGTERM there; and a server that dies and comes back meanwhile."""

from __future__ import annotations

import itertools
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from processes import NOW, Ended, reconciler, start

from reconciler.emulators.hubspot import HubSpot, Settings
from reconciler.emulators.serving import Server
from reconciler.model.clock import Clock

PEOPLE = 400
THERE = 100
LATENCY = 0.12
KILLS = 3
APPLY = ("apply", "--auto-approve", "--now", NOW, "--allow", f"create={PEOPLE}", "--allow", f"untag={PEOPLE}")
FILE = """\
version: 1
crm: {{type: hubspot, url: '{url}', token: '${{env:TOKEN}}', tier: professional, batch: 20, list_batch: 50}}
source: {{type: csv, path: people.csv, types: {{orders: integer}}}}
identity: {{person: id, match: email}}
fields:
  email: email
  firstname: name
  city: city
  club_plan: {{from: plan, type: select, options: {{a: A, b: B}}, label: Plan, group: Club}}
  club_note: {{from: note, type: text, label: Note, group: Club}}
tags:
  Customer: {{when: 'orders > 0'}}
  VIP: {{when: 'orders > 5', keep: true}}
  Welcome: {{when: 'true', push: on_create}}
dynamic_tags: [{{from: plan, prefix: "Plan: "}}]
contacts: {{create: true}}
limits: {{create: 9999, tag_people: 9999, update_percent: 100, untag_percent: 100}}
"""


def address(number: int) -> str:
    return f"person.{number}@example.org"


class World:
    """A folder, and an account behind a port in which a quarter of the people are known, with old values."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder / "here", folder / "account.db"
        self.folder.mkdir(parents=True)
        self.emulator = HubSpot(self.data, Clock.system(), Settings(burst=5_000, latency=LATENCY))
        known = [{"email": address(n), "city": "Elsewhere"} for n in range(THERE)]
        self.emulator.crm.add(known)
        self._server = Server(self.emulator)
        self._thread = Thread(target=self._server.run)
        self._thread.start()
        (self.folder / "reconciler.yaml").write_text(FILE.format(url=self._server.url))
        rows = [f"{n},{address(n)},Ada{n},City{n % 90},{'ab'[n % 2]},{n % 9},Nr. {n}\n" for n in range(PEOPLE)]
        (self.folder / "people.csv").write_text("id,email,name,city,plan,orders,note\n" + "".join(rows))

    @property
    def env(self) -> dict[str, str]:
        return {"TOKEN": self.emulator.settings.token}

    def run(self, *arguments: str) -> Ended:
        return reconciler(self.folder, *arguments, env=self.env)

    def interrupted(self, moment: float, number: int) -> tuple[int, str]:
        """The exit code and stderr of an apply that is sent a signal after so many seconds."""
        process = start(self.folder, *APPLY, env=self.env)
        time.sleep(moment)
        process.send_signal(number)
        _out, err = process.communicate(timeout=120)
        return process.returncode, err.decode()

    def state(self) -> dict[str, Any]:
        """What the account holds, ids apart: contacts, who is on which list, fields with options, groups."""
        keys = ("firstname", "city", "club_plan", "club_note")
        with closing(sqlite3.connect(self.data)) as file:
            columns = dict(file.execute("SELECT key, 'f' || id FROM fields"))
            values = ", ".join(columns[key] for key in keys)
            return {
                "contacts": sorted(file.execute(f"SELECT address, {values} FROM contacts")),
                "members": sorted(
                    file.execute(
                        "SELECT l.name, c.address FROM hubspot_members m JOIN contacts c ON c.id = m.contact"
                        " JOIN hubspot_lists l ON l.id = m.list"
                    )
                ),
                "lists": sorted(file.execute("SELECT name, deleted FROM hubspot_lists")),
                "groups": sorted(file.execute("SELECT label FROM hubspot_groups")),
                "fields": sorted(file.execute("SELECT key, label, native, grouping FROM fields")),
                "options": sorted(
                    file.execute("SELECT f.key, o.value, o.label FROM options o JOIN fields f ON f.id = o.field")
                ),
            }

    def close(self) -> None:
        self._server.stop()
        self._thread.join()
        self.emulator.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, float, dict[str, Any]]:
    """Seconds until an apply calls the account for the first time and until it ends, and what is there after it."""
    world = World(tmp_path_factory.mktemp("undisturbed"))
    begun = time.monotonic()
    ended = world.run(*APPLY)
    duration = time.monotonic() - begun
    first = world.emulator.log[0].moment - begun
    assert ended.code == 0, ended.err
    moments = [seen.moment for seen in world.emulator.log if seen.path.endswith("/batch/create")]
    assert min(b - a for a, b in itertools.pairwise(moments)) < LATENCY / 2  # several are on the way
    state = world.state()
    world.close()
    return first, duration, state


def right(world: World, expected: dict[str, Any]) -> None:
    """An apply ends what is left; nothing is lost, nothing doubled, and nothing is left after it."""
    ended = world.run(*APPLY)
    assert ended.code == 0, ended.out + ended.err
    state = world.state()
    assert len(state["contacts"]) == len({row[0] for row in state["contacts"]}) == PEOPLE
    assert not [name for name, count in Counter(state["lists"]).items() if count > 1]
    assert state == expected
    assert "Nothing to do" in world.run("plan", "--now", NOW).out


@pytest.mark.parametrize("seed", range(2))
def test_an_apply_killed_with_calls_on_the_way_is_taken_up_by_the_next_one(
    world: World, undisturbed: tuple[float, float, dict[str, Any]], seed: int
) -> None:
    first, duration, expected = undisturbed
    moments = random.Random(seed)
    codes = [world.interrupted(moments.uniform(first, duration), signal.SIGKILL)[0] for _ in range(KILLS)]
    assert set(codes) <= {0, -signal.SIGKILL}
    assert -signal.SIGKILL in codes
    right(world, expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_calls_on_the_way_end_and_the_next_apply_goes_on(
    world: World, undisturbed: tuple[float, float, dict[str, Any]], number: int
) -> None:
    first, duration, expected = undisturbed
    code, err = world.interrupted((first + duration) / 2, number)
    assert code == 130, err
    assert "Traceback" not in err
    answered = len(world.emulator.log)
    time.sleep(3 * LATENCY)
    assert len(world.emulator.log) == answered  # nothing was on the way when it ended
    right(world, expected)
