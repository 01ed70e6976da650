"""The two places in which a shared state may lie, as tests see them: from outside, whatever the program says."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

from servers.buckets import Bucket
from servers.databases import Database

from reconciler.adapters.states.postgres import PostgresStore
from reconciler.adapters.states.s3 import S3Store, client
from reconciler.adapters.states.store import Store
from reconciler.model.problems import Place as Where
from reconciler.model.shared import PostgresPlace, S3Place, SharedState

KEY = bytes(range(32))
NAME = "north"
TABLES = ("reconciler_state", "reconciler_state_entries", "reconciler_state_blobs")


class World(Protocol):
    """An empty place. `yaml`: its keys in the section `state`. `env`: what a runner needs besides."""

    yaml: str
    env: Mapping[str, str]

    def place(self) -> PostgresPlace | S3Place: ...

    def store(self, later: float = 0) -> Store:
        """The state's store. `later`: as it will be in so many seconds, by its own clock."""
        ...

    def run_out(self) -> None:
        """Whoever has the lease has been silent for too long."""
        ...

    def at_rest(self) -> bytes:
        """Everything that lies there, names included."""
        ...

    def flip(self) -> None:
        """A byte of the last entry is another one."""
        ...

    def swap(self) -> None:
        """The first two entries that are kept change places."""
        ...

    def lose(self) -> None:
        """All of it is gone."""
        ...


@dataclass
class Postgres:
    database: Database
    env: dict[str, str] = field(init=False)
    yaml: str = "type: postgres, url: '${env:STATE_URL}'"

    def __post_init__(self) -> None:
        self.env = {"STATE_URL": self.database.url}

    def place(self) -> PostgresPlace:
        return PostgresPlace(self.database.url)

    def store(self, later: float = 0) -> Store:
        if later:
            self.database.run(f"UPDATE reconciler_state SET renewed = renewed - interval '{later} seconds'")
        return PostgresStore(self.place(), NAME)

    def run_out(self) -> None:
        self.database.run("UPDATE reconciler_state SET seconds = -60")

    def at_rest(self) -> bytes:
        rows = [row for table in TABLES for row in self.database.run(f"SELECT * FROM {table}")]
        return b"\n".join(part if isinstance(part, bytes) else str(part).encode() for row in rows for part in row)

    def flip(self) -> None:
        last = "(SELECT max(number) FROM reconciler_state_entries)"
        at = "octet_length(content) / 2"
        changed = f"set_byte(content, {at}, get_byte(content, {at}) # 1)"
        self.database.run(f"UPDATE reconciler_state_entries SET content = {changed} WHERE number = {last}")

    def swap(self) -> None:
        (a, first), (b, second) = self.database.run(
            "SELECT number, content FROM reconciler_state_entries ORDER BY number LIMIT 2"
        )
        with closing(self.database.connected()) as connection:
            for number, content in ((a, second), (b, first)):
                statement = "UPDATE reconciler_state_entries SET content = %s WHERE number = %s"
                connection.execute(statement, (content, number))

    def lose(self) -> None:
        self.database.run(f"DROP TABLE {', '.join(TABLES)}")


@dataclass
class S3:
    bucket: Bucket
    env: dict[str, str] = field(init=False)
    yaml: str = field(init=False)

    def __post_init__(self) -> None:
        self.env = dict(self.bucket.env)
        self.yaml = f"type: s3, bucket: {self.bucket.name}, prefix: team/, endpoint: '{self.bucket.endpoint}'"

    def place(self) -> S3Place:
        return S3Place(self.bucket.name, "team/", self.bucket.endpoint)

    def store(self, later: float = 0) -> Store:
        opened = client(self.place(), self.env)

        def shift(parsed: Any, **_: Any) -> None:
            headers = parsed["ResponseMetadata"]["HTTPHeaders"]
            headers["date"] = format_datetime(parsedate_to_datetime(headers["date"]) + timedelta(seconds=later))

        if later:
            opened.meta.events.register("after-call.s3.GetObject", shift)
        return S3Store(opened, self.place(), NAME)

    def run_out(self) -> None:
        for key, content in self.bucket.objects().items():
            if key.endswith("/lease"):
                self.bucket.change(key, json.dumps(json.loads(content) | {"seconds": -60}).encode())

    def at_rest(self) -> bytes:
        return b"\n".join(key.encode() + b"\n" + content for key, content in self.bucket.objects().items())

    def _chain(self) -> list[tuple[str, bytes]]:
        return sorted((key, content) for key, content in self.bucket.objects().items() if "/chain/" in key)

    def flip(self) -> None:
        key, content = self._chain()[-1]
        at = len(content) // 2
        self.bucket.change(key, content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])

    def swap(self) -> None:
        (a, first), (b, second) = self._chain()[:2]
        self.bucket.change(a, second)
        self.bucket.change(b, first)

    def lose(self) -> None:
        self.bucket.empty()


def state(world: World, key: bytes | None = None, lease: int = 60) -> SharedState:
    return SharedState(world.place(), NAME, Where("reconciler.yaml", 8), key, lease)


def chance(seed: int) -> Any:
    """Random bytes that are the same with every run of the test."""
    return random.Random(seed).randbytes


@contextmanager
def opened(world: World, later: float = 0) -> Iterator[Store]:
    with closing(world.store(later)) as store:
        yield store


def files(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
