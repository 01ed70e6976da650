"""`adapters`: what is installed, by whomever, and what each can do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.adapters.local.door import capabilities
from reconciler.adapters.registry import CRM, SOURCE, names
from reconciler.cli.app import run
from reconciler.model.capabilities import Ability
from tests.report.json_schema import parsed

HUB = """
from dataclasses import replace
from pydantic import BaseModel, Field, SecretStr
from reconciler.adapters.local.door import capabilities
from reconciler.model.capabilities import Ability, Checked

class Options(BaseModel):
    token: SecretStr = Field(description="of a private app")
    portal: int = Field(default=7, description="the account")

class Adapter:
    Options = Options
    def capabilities(self, options):
        assert options is None
        has = capabilities(19.0)
        why = "field types are fixed; make a new field by hand"
        return replace(has, can=has.can - {Ability.RENAME_FIELD}, cannot={Ability.RENAME_FIELD: why},
                       since_covers=frozenset({"values"}), paced=True, assigns_keys=True,
                       checked={Ability.ADD_FIELD: (Checked.READING, Checked.CLIENT)})
    def open(self, options, opening, object):
        raise AssertionError("nothing is opened")

class Silent:
    Options = Options

class Odd:
    pass

class Fails(Adapter):
    def capabilities(self, options):
        raise ValueError("canary-in-an-error")

ADAPTER, SILENT, ODD, FAILS = Adapter(), Silent(), Odd(), Fails()
"""
ENTRY_POINTS = """
[reconciler.crm]
hub = canary_hub:ADAPTER
silent = canary_hub:SILENT
odd = canary_hub:ODD
fails = canary_hub:FAILS
[reconciler.source]
gone = canary_gone:ADAPTER
exits = canary_exits:ADAPTER
"""

OWN = tuple(names(CRM))
"""Names of the adapters that come with the program, before any package is added."""

Ran = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ran(capsys: pytest.CaptureFixture[str]) -> Ran:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["adapters", *arguments], {})
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with good and bad adapters, as if it had been installed."""
    about = tmp_path / "canary_hub-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: crm-hub\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "canary_hub.py").write_text(HUB)
    (tmp_path / "canary_exits.py").write_text("raise RuntimeError('canary-in-an-error')")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("canary_hub", "canary_exits"):
        sys.modules.pop(name, None)


def test_every_adapter_and_every_ability_has_its_place(ran: Ran) -> None:
    code, out, err = ran()
    assert (code, err) == (0, "")
    words = [line.split("   ")[0].strip() for line in out.splitlines()]
    assert all(name in words for name in names(SOURCE))
    assert all(ability.value.replace("_", " ") in words for ability in Ability)
    assert out.splitlines()[0].split() == ["CRM", *names(CRM)]
    assert out.endswith(f"Next: reconciler adapters {names(CRM)[0]}\n")


def test_the_details_have_every_type_call_and_option(ran: Ran) -> None:
    code, out, err = ran("local")
    assert (code, err) == (0, "")
    assert all(call.value in out for call in capabilities(1.0).endpoints)
    assert "contacts/batch/create   100 at a time" in out
    assert "notices tags, values; not deletions" in out
    assert "path               required" in out


def test_a_name_that_is_not_installed_is_a_problem_with_near_ones(ran: Ran) -> None:
    code, out, err = ran("jsnl")
    assert (code, out) == (1, "")
    assert err.startswith("error E524")
    assert "`jsonl`" in err
    document = parsed(ran("jsnl", "--format", "json")[1])
    assert (document["outcome"], [p["code"] for p in document["problems"]]) == ("error", ["E524"])


def test_adapters_of_other_packages_are_listed_and_those_that_fail_are_a_line_each(ran: Ran, outside: None) -> None:
    code, out, err = ran()
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["CRM", *sorted({*CRM.own, "hub", "silent"})]
    renaming = next(line for line in lines if line.startswith("  rename field")).split()[2:]
    told = dict(zip(lines[0].split()[1:], renaming, strict=True))
    assert (told["hub"], told["local"], told["silent"]) == ("no", "yes", "?")
    broken = "\n".join(lines[lines.index(next(line for line in lines if line.startswith("Unusable"))) :])
    assert "odd, crm-hub 1.2: it is no adapter: its `Options` are missing" in broken
    assert "fails, crm-hub 1.2: its abilities cannot be read (ValueError)" in broken
    assert "gone, crm-hub 1.2: it cannot be imported: the module `canary_gone` is not installed" in broken
    assert "exits, crm-hub 1.2: it cannot be imported (RuntimeError)" in broken
    assert "canary-in-an-error" not in out


def test_what_a_crm_cannot_do_is_said_with_its_reason(ran: Ran, outside: None) -> None:
    out = ran("hub")[1]
    assert out.startswith("hub   CRM, from crm-hub 1.2\n")
    assert "rename field     no: field types are fixed; make a new field by hand" in out
    assert "19 calls a second, calls are held back to it" in out
    assert "notices values; not tags, deletions" in out
    assert "token    required   of a private app, a secret" in out
    assert "portal   7          the account" in out


def test_how_an_ability_was_checked_stands_beside_it_strongest_first(ran: Ran, outside: None) -> None:
    lines = ran("hub")[1].splitlines()
    assert "  add field        yes (vendor's client, own reading)" in lines
    assert "  delete field     yes" in lines
    rows = parsed(ran("hub", "--format", "json")[1])["crms"][0]["capabilities"]["abilities"]
    checked = {row["ability"]: row["checked"] for row in rows}
    assert (checked["add_field"], checked["delete_field"]) == (["vendor's client", "own reading"], [])


def test_a_crm_that_tells_nothing_before_it_is_open_says_so(ran: Ran, outside: None) -> None:
    assert "only once it is open" in ran("silent")[1]


def test_json_holds_the_same_for_one_and_for_all(ran: Ran, outside: None) -> None:
    document = parsed(ran("--format", "json")[1])
    assert document["outcome"] == "listed"
    rows = {row["name"]: row for row in document["crms"]}
    assert sorted(rows) == sorted({*CRM.own, "fails", "hub", "odd", "silent"})
    renaming = next(a for a in rows["hub"]["capabilities"]["abilities"] if a["ability"] == "rename_field")
    assert (renaming["can"], renaming["reason"][:11]) == (False, "field types")
    assert rows["silent"]["capabilities"] is None
    assert [option["secret"] for option in rows["hub"]["options"]] == [True, False]
    only = parsed(ran("hub", "--format", "json")[1])
    assert (only["crms"], only["sources"]) == ([rows["hub"]], [])
