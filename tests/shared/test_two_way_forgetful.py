"""Two ways with machines that forget: what `test_two_way` does to one folder is done here with a new disk for each run.

An apply dies anywhere, and its disk with it; what the next machine knows comes out of a database.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from servers.databases import Database
from test_two_way import EXAMPLES, FORGETTABLE, MORE, TwoWay
from test_two_way_on_hubspot import TagsAreOptions

from reconciler.runtime import pipeline

from .places import KEY, TABLES

_NUMBERS = count(1)
CALM = "calm"


class Forgetful(TwoWay):
    """`database`: where all that is remembered lies, by a name of its own for each world."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.name = f"world-{next(_NUMBERS)}"

    def request(self, folder: Path | None = None, **more: Any) -> pipeline.Request:
        """A machine that has never been here. Whoever died is taken for dead at once."""
        calm = folder is not None
        if calm:
            self._copied()
        elif not (self.folder / "reconciler.yaml").exists():
            self.write_file()
        self.database.run(*self._where("UPDATE reconciler_state SET seconds = -60 WHERE name"))
        disk = self.folder / f"disk-{next(_NUMBERS)}" / "state"
        made = super().request(folder, state_dir=disk, **more)
        return replace(made, env={**made.env, "STATE_URL": self.database.url, "STATE_KEY": KEY.hex()})

    def _where(self, statement: str) -> list[str]:
        (made,) = self.database.run("SELECT to_regclass('reconciler_state') IS NOT NULL")[0]
        return [f"{statement} = '{self.name}'"] if made else ["SELECT 1"]

    def _copied(self) -> None:
        """For an apply that is let alone, what is remembered is there twice."""
        file = self.folder / CALM / "reconciler.yaml"
        file.write_text(file.read_text().replace("type: postgres,", f"type: postgres, schema: {CALM},"))
        self.database.run(f"DROP SCHEMA IF EXISTS {CALM} CASCADE", f"CREATE SCHEMA {CALM}")
        for table in TABLES if self._where("")[0] != "SELECT 1" else ():
            self.database.run(
                f"CREATE TABLE {CALM}.{table} (LIKE {table} INCLUDING ALL)",
                f"INSERT INTO {CALM}.{table} SELECT * FROM {table}",
                f"UPDATE {CALM}.reconciler_state SET seconds = -60",
            )

    def write_file(self) -> None:
        super().write_file()
        file = self.folder / "reconciler.yaml"
        section = (
            f"state: {{type: postgres, url: '${{env:STATE_URL}}', name: {self.name}, key: '${{env:STATE_KEY}}'}}\n"
        )
        file.write_text(file.read_text(encoding="utf-8") + section, encoding="utf-8")

    @rule(what=st.sampled_from([*FORGETTABLE, "everything"]))
    def lose_what_is_shared(self, what: str) -> None:
        if what == "everything":
            for table in TABLES:
                self.database.run(*self._where(f"DELETE FROM {table} WHERE name"))
        else:
            pipeline.forget(self.request(), what)
        if what in ("everything", "all", "links"):
            self.links, self.bases, self.travelled = {}, {}, {}

    def teardown(self) -> None:
        for table in TABLES:
            self.database.run(*self._where(f"DELETE FROM {table} WHERE name"))
        shutil.rmtree(self.folder, ignore_errors=True)


class ForgetfulOnHubSpot(Forgetful, TagsAreOptions):
    """Several calls on the way at the same time, and a search that lags behind: what was created without an answer is
    known by its intent alone."""


@pytest.mark.parametrize(("world", "examples"), [(Forgetful, 5), (ForgetfulOnHubSpot, 3)])
def test_two_ways_over_machines_that_forget(postgres: Database, world: type[Forgetful], examples: int) -> None:
    there = type("World", (world,), {"database": postgres})
    run_state_machine_as_test(there, settings=settings(EXAMPLES, max_examples=examples * MORE))
