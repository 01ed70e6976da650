"""kill -9 amid an apply of the program itself, and the next one on an empty disk, again and again."""

from __future__ import annotations

import random
import shutil
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from processes import NOW, reconciler, start
from servers.databases import Database

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.testing.scenarios import contacts

from .places import KEY, Postgres

PEOPLE = 8_000
KILLS = 2
APPLY = ("apply", "--auto-approve", "--now", NOW, "--allow", f"create={PEOPLE}")
FILE = """\
version: 1
crm: {{type: local, path: crm.db}}
source: {{type: csv, path: people.csv, types: {{orders: integer}}}}
identity: {{person: id, match: email}}
fields: {{email: email, city: city}}
tags: {{Customer: {{when: 'orders > 0'}}, Welcome: {{when: 'true', push: on_create}}}}
contacts: {{create: true}}
limits: {{create: 9999, tag_people: 9999}}
state: {{{state}, key: '${{env:STATE_KEY}}'}}
"""


def address(number: int) -> str:
    return f"person.{number}@example.org"


def there_now(folder: Path) -> int:
    """Contacts, while the program writes."""
    if not (folder / "crm.db").exists():
        return 0
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(datetime(2026, 1, 1, tzinfo=UTC)))) as crm:
        return sum(page.num_rows for page in crm.pages(["email"]))


def test_the_program_is_killed_and_goes_on_elsewhere(tmp_path: Path, postgres: Database) -> None:
    world = Postgres(postgres)
    env = {**world.env, "STATE_KEY": KEY.hex()}
    (tmp_path / "reconciler.yaml").write_text(FILE.format(state=world.yaml))
    rows = [f"{n},{address(n)},City{n % 90},{n % 3}\n" for n in range(PEOPLE)]
    (tmp_path / "people.csv").write_text("id,email,city,orders\n" + "".join(rows))
    moments = random.Random(3)
    amid = 0
    for _ in range(KILLS):
        before = written = there_now(tmp_path)
        process = start(tmp_path, *APPLY, env=env)
        while process.poll() is None and written == before:
            written = there_now(tmp_path)
            time.sleep(0.02)
        time.sleep(moments.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, err.decode()
        amid += PEOPLE > there_now(tmp_path) > before
        shutil.rmtree(tmp_path / ".reconciler")
        refused = reconciler(tmp_path, *APPLY, env=env)
        assert (refused.code, "E580" in refused.err) == (1, True), refused.err
        assert "Released" in reconciler(tmp_path, "status", "--release", env=env).out
    assert amid
    ended = reconciler(tmp_path, *APPLY, env=env)
    assert ended.code == 0, ended.err
    there = contacts(tmp_path)
    assert len({contact["email"] for contact in there}) == len(there) == PEOPLE
    assert all("Welcome" in contact["tags"] for contact in there)
    assert "Nothing to do" in reconciler(tmp_path, "plan", "--now", NOW, env=env).out
