"""kill -9 of an apply while several calls to a web API are on the way, each followed by the next apply; Ctrl-C and
SIGTERM there; and a server that is killed and comes back meanwhile. No value and no token is left anywhere."""

from __future__ import annotations

import itertools
import random
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from processes import NOW, Ended, start

from reconciler.emulators.hubspot import HubSpot, Settings
from reconciler.emulators.serving import Server
from reconciler.model.clock import Clock

PEOPLE = 400
THERE = 100
LATENCY = 0.12
KILLS = 3
WORD = "qzxkanari"
TOKEN = f"pat-{WORD}"
APPLY = ("apply", "--auto-approve", "--now", NOW, "--allow", f"create={PEOPLE}", "--allow", f"untag={PEOPLE}")
FILE = """\
version: 1
crm: {{type: hubspot, url: '{url}', token: '${{env:TOKEN}}', tier: professional, batch: {batch}, list_batch: 50}}
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
    return f"{WORD}.{number}@example.org"


def write(folder: Path, url: str, batch: int = 20) -> None:
    """The file and its people."""
    (folder / "reconciler.yaml").write_text(FILE.format(url=url, batch=batch))
    rows = [f"{n},{address(n)},{WORD}{n},City{n % 90},{'ab'[n % 2]},{n % 9},{WORD} {n}\n" for n in range(PEOPLE)]
    (folder / "people.csv").write_text("id,email,name,city,plan,orders,note\n" + "".join(rows))


def apply(folder: Path) -> subprocess.Popen[bytes]:
    return start(folder, *APPLY, env={"TOKEN": TOKEN})


def finished(process: subprocess.Popen[bytes]) -> Ended:
    """How it ended; nobody's value and no token is in what it said."""
    out, err = process.communicate(timeout=120)
    ended = Ended(process.returncode, out.decode(), err.decode())
    assert WORD not in ended.out + ended.err
    assert "E999" not in ended.out + ended.err
    return ended


def known(data: Path) -> HubSpot:
    """An account that knows a quarter of the people, with old values."""
    emulator = HubSpot(data, Clock.system(), Settings(TOKEN, burst=5_000, latency=LATENCY))
    emulator.crm.add([{"email": address(n), "city": "Elsewhere"} for n in range(THERE)])
    return emulator


class World:
    """A folder, and an account that listens on a port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder / "here", folder / "account.db"
        self.folder.mkdir(parents=True)
        self.emulator = known(self.data)
        self._server = Server(self.emulator)
        self._thread = Thread(target=self._server.run)
        self._thread.start()
        write(self.folder, self._server.url)

    def signalled(self, moment: float, number: int) -> Ended:
        """An apply that is sent a signal after so many seconds."""
        process = apply(self.folder)
        time.sleep(moment)
        process.send_signal(number)
        return finished(process)

    def close(self) -> None:
        self._server.stop()
        self._thread.join()
        self.emulator.close()


def state(data: Path) -> dict[str, Any]:
    """What the account holds, ids apart: contacts, who is on which list, fields with options, groups."""
    keys = ("firstname", "city", "club_plan", "club_note")
    with closing(sqlite3.connect(data)) as file:
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
    ended = finished(apply(world.folder))
    duration = time.monotonic() - begun
    first = world.emulator.log[0].moment - begun
    assert ended.code == 0, ended.err
    moments = [seen.moment for seen in world.emulator.log if seen.path.endswith("/batch/create")]
    assert min(b - a for a, b in itertools.pairwise(moments)) < LATENCY / 2  # several are on the way
    world.close()
    return first, duration, state(world.data)


def right(folder: Path, data: Path, expected: dict[str, Any]) -> None:
    """An apply ends what is left; nothing is lost, nothing doubled, nothing is left to do, and no value lies about."""
    ended = finished(apply(folder))
    assert ended.code == 0, ended.out + ended.err
    found = state(data)
    assert len(found["contacts"]) == len({row[0] for row in found["contacts"]}) == PEOPLE
    assert found == expected
    assert "Nothing to do" in finished(start(folder, "plan", "--now", NOW, env={"TOKEN": TOKEN})).out
    kept = [path for path in (folder / ".reconciler").rglob("*") if path.is_file()]
    assert not [path.name for path in kept if WORD.encode() in path.read_bytes()]


@pytest.mark.parametrize("seed", range(2))
def test_an_apply_killed_with_calls_on_the_way_is_taken_up_by_the_next_one(
    world: World, undisturbed: tuple[float, float, dict[str, Any]], seed: int
) -> None:
    first, duration, expected = undisturbed
    moments = random.Random(seed)
    codes = [world.signalled(moments.uniform(first, duration), signal.SIGKILL).code for _ in range(KILLS)]
    assert set(codes) <= {0, -signal.SIGKILL}
    assert -signal.SIGKILL in codes
    right(world.folder, world.data, expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_calls_on_the_way_end_and_the_next_apply_goes_on(
    world: World, undisturbed: tuple[float, float, dict[str, Any]], number: int
) -> None:
    first, duration, expected = undisturbed
    ended = world.signalled((first + duration) / 2, number)
    assert ended.code == 130, ended.err
    assert "Traceback" not in ended.err
    answered = len(world.emulator.log)
    time.sleep(3 * LATENCY)
    assert len(world.emulator.log) == answered  # nothing was on the way when it ended
    right(world.folder, world.data, expected)


def test_a_server_that_is_killed_and_comes_back_costs_nothing_but_time(
    tmp_path: Path, undisturbed: tuple[float, float, dict[str, Any]]
) -> None:
    folder, data = tmp_path / "here", tmp_path / "account.db"
    folder.mkdir()
    known(data).close()
    server, url = emulated(data, 0)
    write(folder, url, batch=10)
    applying = apply(folder)
    while count(data) < 2 * THERE and applying.poll() is None:
        time.sleep(0.02)
    assert applying.poll() is None
    ended_at_once(server)
    time.sleep(0.5)
    server, _url = emulated(data, int(url.rpartition(":")[2]))
    ended = finished(applying)
    assert ended.code in (0, 6), ended.out + ended.err
    right(folder, data, undisturbed[2])
    ended_at_once(server)


def emulated(data: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """The emulator as a process, and its address."""
    options = ("--data", str(data), "--port", str(port), "--token", TOKEN, "--tier", "addon")
    process = start(data.parent, "emulate", "hubspot", *options)
    assert process.stdout is not None
    return process, re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline().decode())[0]


def ended_at_once(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def count(data: Path) -> int:
    with closing(sqlite3.connect(data)) as file:
        return int(file.execute("SELECT count(*) FROM contacts").fetchone()[0])
