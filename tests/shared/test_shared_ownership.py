"""Files whose states lie in one place know of each other, on machines that know nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from processes import NOW, reconciler

from .places import KEY, World

FILE = """\
version: 1
crm: {{type: local, path: crm.db}}
source: {{type: csv, path: people.csv}}
identity: {{person: id, match: email}}
fields: {{email: {{from: email, push: on_create}}, {field}}}
contacts: {{create: true}}
state: {{{state}, key: '${{env:STATE_KEY}}'}}
"""
SHOP, NEWS = "shop.yaml", "news.yaml"


@pytest.fixture
def folder(tmp_path: Path, world: World) -> Path:
    """Two files that fill the same field; what is remembered of both lies in one place."""
    (tmp_path / "people.csv").write_text("id,email,city\n1,ada@example.org,Oulu\n")
    for name in (SHOP, NEWS):
        (tmp_path / name).write_text(FILE.format(field="city: city", state=world.yaml))
    return tmp_path


def run(folder: Path, world: World, file: str, *words: str) -> tuple[int, str]:
    """On a new machine each time."""
    shutil.rmtree(folder / ".reconciler", ignore_errors=True)
    ended = reconciler(folder, "-f", file, *words, "--now", NOW, env={**world.env, "STATE_KEY": KEY.hex()})
    return ended.code, ended.out + ended.err


def test_a_field_that_another_file_fills_is_found_on_any_machine(folder: Path, world: World) -> None:
    assert run(folder, world, SHOP, "apply", "--auto-approve", "--allow", "create=9")[0] == 0
    _, said = run(folder, world, NEWS, "plan")
    assert "R320" in said
    assert "shop.yaml:5 fills it too" in said
    assert run(folder, world, NEWS, "apply", "--auto-approve")[0] == 3
    (folder / SHOP).write_text(FILE.format(field="first_name: city", state=world.yaml))
    assert run(folder, world, SHOP, "apply", "--auto-approve")[0] == 0
    code, said = run(folder, world, NEWS, "apply", "--auto-approve")
    assert code == 0, said


def test_a_file_that_is_gone_owns_nothing(folder: Path, world: World) -> None:
    assert run(folder, world, SHOP, "apply", "--auto-approve", "--allow", "create=9")[0] == 0
    (folder / SHOP).unlink()
    assert "R320" not in run(folder, world, NEWS, "plan")[1]


def test_a_state_with_another_key_is_a_note(folder: Path, world: World) -> None:
    assert run(folder, world, SHOP, "apply", "--auto-approve", "--allow", "create=9")[0] == 0
    (folder / NEWS).write_text((folder / NEWS).read_text().replace("STATE_KEY", "OTHER_KEY"))
    ended = reconciler(folder, "-f", NEWS, "plan", env={**world.env, "OTHER_KEY": bytes(32).hex()})
    assert ended.code == 0
    assert "E540" in ended.out
    assert "shop" in ended.out
