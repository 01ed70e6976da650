"""An adapter from another package: found by its entry point, and held to the same promises, the law included."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import SkipTest

import pytest

from reconciler.adapters import registry
from reconciler.adapters.crm import Batches
from reconciler.adapters.local.door import LocalDoor
from reconciler.localcrm import LocalCrm, Quirks
from reconciler.model.capabilities import Ability
from reconciler.model.clock import Clock
from reconciler.model.outcome import Result
from reconciler.runtime import pipeline
from reconciler.testing.kit import PROMISES, Fault, Promise, Subject

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))

MODULE = '''
"""A CRM that takes one contact a call, cannot rename anything, keeps dates its own way, and tidies what it stores."""
from dataclasses import replace
import pyarrow as pa
from pydantic import BaseModel
from reconciler.adapters.codecs import DATETIME_SECONDS, DATE_US, SET_SEMICOLON, wire
from reconciler.adapters.local.door import LocalDoor
from reconciler.localcrm import LocalCrm, Quirks
from reconciler.model.capabilities import Ability
from reconciler.model.clock import Clock

MISSING = frozenset({Ability.RENAME_FIELD, Ability.RENAME_TAG, Ability.SET_STATUS, Ability.TELL_MERGES})
BATCHES = {"add_contacts", "update_contacts", "load_many", "apply_tag", "remove_tag"}

class Options(BaseModel):
    model_config = {"extra": "forbid"}
    path: str
    tidies: bool = False
    forgets_tags: bool = False

class Door:
    def __init__(self, door, options):
        has = door.capabilities
        wires = {**has.wires, "date": wire(DATE_US, "text"), "datetime": wire(DATETIME_SECONDS, "integer"),
                 "multiselect": wire(SET_SEMICOLON, "text")}
        self.capabilities = replace(has, can=has.can - MISSING, cannot=dict.fromkeys(MISSING, "there is no such call"),
                                    wires=wires, holds={**has.holds, "text": "text"}, statuses=())
        self._door, self._options = door, options

    def __getattr__(self, name):
        if name in BATCHES or name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._door, name)

    def add_field(self, field):
        return self._door.add_field(replace(field, options=() if field.native == "text" else field.options))

    def all_contacts(self, fields, since=None):
        for page in self._door.all_contacts(fields, since):
            if self._options.forgets_tags:
                page = page.set_column(1, page.schema.field(1), pa.array([[]] * len(page), page.schema.field(1).type))
            yield page

class Adapter:
    Options = Options
    def open(self, options, opening, object):
        quirks = Quirks(rewrites={"*": "title", "law_number": "round:1"}) if options.tidies else Quirks()
        return Door(LocalDoor(LocalCrm(opening.base / options.path, Clock.system(), quirks=quirks)), options)

ADAPTER = Adapter()
'''
ENTRY_POINTS = """
[reconciler.crm]
outside = outside_crm:ADAPTER
[reconciler.source]
elsewhere = outside_source:ADAPTER
"""
SOURCE = """
from pydantic import BaseModel
from reconciler.adapters.csv import CsvSource

class Options(BaseModel):
    file: str

class Adapter:
    Options = Options
    def open(self, options, opening):
        return CsvSource(opening.base / options.file, ";")

ADAPTER = Adapter()
"""
LAW = PROMISES[-1]
QUIRKS = {
    None: Quirks(),
    Fault.LOST_ANSWER: Quirks(lost_answers=[1]),
    Fault.BUSY: Quirks(busy_every=2),
    Fault.DOWN: Quirks(unavailable=[1]),
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package is on the path as if it had been installed; the module of its CRM."""
    packages = tmp_path / "packages"
    about = packages / "outside_crm-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-crm\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    (packages / "outside_crm.py").write_text(MODULE)
    (packages / "outside_source.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(packages))
    yield importlib.import_module("outside_crm")
    for name in ("outside_crm", "outside_source"):
        sys.modules.pop(name, None)


def subject(module: ModuleType, folder: Path, more: str = "") -> Subject:
    """`more`: options of the adapter, as YAML in a flow mapping."""
    options = module.Options(path="crm.db")

    def opened(fault: Fault | None) -> Any:
        door = LocalDoor(LocalCrm(folder / "crm.db", CLOCK, quirks=QUIRKS[fault]))
        return module.Door(door, options)

    return Subject(opened, f"{{type: outside, path: crm.db{more}}}", folder)


def test_adapters_of_other_packages_are_found_by_their_entry_points(installed: ModuleType) -> None:
    assert registry.names(registry.CRM) == tuple(sorted({*registry.CRM.own, "outside"}))
    assert registry.find(registry.CRM, "outside") is installed.ADAPTER
    assert registry.options_models(registry.CRM)["outside"] is installed.Options
    assert "elsewhere" in registry.names(registry.SOURCE)


def test_without_the_package_there_is_no_such_adapter() -> None:
    assert "outside" not in registry.names(registry.CRM)
    with pytest.raises(KeyError):
        registry.find(registry.CRM, "outside")


@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_an_outside_crm_keeps_its_promises(promise: Promise, installed: ModuleType, tmp_path: Path) -> None:
    missing = {Batches, Ability.RENAME_FIELD, Ability.RENAME_TAG, Ability.SET_STATUS}
    if missing.intersection(promise.needs):
        with pytest.raises(SkipTest, match=r"no Batches|no such call"):
            promise.check(subject(installed, tmp_path))
    else:
        promise.check(subject(installed, tmp_path))


def test_the_law_is_the_last_promise_and_holds_whatever_the_crm_does_to_values(
    installed: ModuleType, tmp_path: Path
) -> None:
    assert LAW.sentence == "plan then apply then plan is empty"
    LAW.check(subject(installed, tmp_path, ", tidies: true"))


def test_the_law_notices_a_crm_whose_pages_forget_tags(installed: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"something is left to do: .*Law [0-9]+"):
        LAW.check(subject(installed, tmp_path, ", forgets_tags: true"))


def test_the_law_is_not_taken_for_kept_where_it_was_not_tried(installed: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SkipTest, match="no section"):
        LAW.check(replace(subject(installed, tmp_path), section=""))


def test_people_come_from_an_outside_source_and_are_written_to_an_outside_crm(
    installed: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "people.txt").write_text("id;mail;born\n1;a@example.org;2001-02-03\n")
    (tmp_path / "reconciler.yaml").write_text(
        "version: 1\ncrm: {type: outside, path: crm.db}\nsource: {type: elsewhere, file: people.txt}\n"
        "identity: {person: id, match: email}\ncontacts: {create: true}\n"
        "fields: {email: mail, born: {from: born, type: date}}\n"
    )
    request = pipeline.Request(tmp_path / "reconciler.yaml", {}, CLOCK, lambda count: b"7" * count)
    assert pipeline.apply(request, lambda _plan: True, lambda: False).result is Result.APPLIED
    with closing(LocalCrm(tmp_path / "crm.db", CLOCK)) as crm:
        (page,) = crm.pages(["email", "born"])
    assert page.to_pylist() == [{"$id": "1", "$tags": [], "email": "a@example.org", "born": "02/03/2001"}]
    assert not pipeline.plan(request).pending
