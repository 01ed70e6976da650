"""Each key that HubSpot's adapter reads is left out of the answers once: a typed error, or declared tolerance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from reconciler.adapters.errors import AdapterError
from reconciler.testing.contracts import Checker
from reconciler.testing.contracts.claims import Claim
from reconciler.testing.contracts.dropping import DroppingTransport, ReadKey, read_keys
from tests.contracts.steps import STEPS, Ids, outcome, prepared
from tests.contracts.world import World

TOLERATED = "a default"


@dataclass(frozen=True)
class Account:
    """A prepared one, as a file to copy; per step what it gave and which operations it called."""

    file: Path
    ids: Ids
    gave: Mapping[str, object]
    called: Mapping[str, frozenset[str]]


@pytest.fixture(scope="session")
def account(checker: Checker, tmp_path_factory: pytest.TempPathFactory) -> Account:
    world = World(tmp_path_factory.mktemp("account"), checker)
    ids = prepared(world)
    world.close()
    file = world.folder / "hubspot.db"
    gave: dict[str, object] = {}
    called: dict[str, frozenset[str]] = {}
    for name, step in STEPS.items():
        with_copy = World(_copied(file, tmp_path_factory.mktemp("step")), checker)
        gave[name] = outcome(step, with_copy.opened(), ids)
        called[name] = frozenset(operation for operation, _status in with_copy.checked.seen)
        with_copy.close()
    return Account(file, ids, gave, called)


def _copied(file: Path, folder: Path) -> Path:
    shutil.copy(file, folder / "hubspot.db")
    return folder


@pytest.fixture(scope="session")
def shapes(hubspot_claims: list[Claim]) -> Mapping[str, set[type]]:
    """Operation -> the shapes that its answers are read with."""
    found: dict[str, set[type]] = {}
    for claim in hubspot_claims:
        for operation in claim.operations:
            found.setdefault(operation, set()).update({claim.shape} if claim.shape else ())
    return found


@dataclass(frozen=True)
class Dropped:
    """What one step made of answers without a key."""

    step: str
    key: ReadKey
    gave: object
    before: object

    @property
    def typed_error(self) -> bool:
        return isinstance(self.gave, AdapterError) or _errors(self.gave) > _errors(self.before)

    @property
    def same(self) -> bool:
        return self.gave == self.before

    def __str__(self) -> str:
        return f"{self.step} without {self.key}"


def _errors(gave: object) -> int:
    return sum(bool(item[1]) for item in gave if isinstance(item, tuple)) if isinstance(gave, list) else 0


def _played(account: Account, checker: Checker, operation: str, key: ReadKey, folder: Path) -> Iterator[Dropped]:
    """Every step that calls the operation, on an account of its own; those that never met the key are left out."""
    for number, (name, step) in enumerate(STEPS.items()):
        if operation in account.called[name]:
            own = folder / f"{number} {key}".replace("/", ".").replace("*", "each")
            own.mkdir()
            drop = partial(DroppingTransport, checker=checker, operation=operation, place=key.place)
            world = World(_copied(account.file, own), checker, wrap=drop)
            gave = outcome(step, world.opened(), account.ids)
            world.close()
            assert isinstance(world.transport, DroppingTransport)
            if world.transport.dropped:
                yield Dropped(name, key, gave, account.gave[name])


def test_probe(account, shapes, checker, tmp_path):
    import time
    t=time.time(); n=0
    for op, sh in sorted(shapes.items()):
        for s in sh:
            for k in read_keys(s):
                f = tmp_path/str(n); f.mkdir(); n+=1
                for d in _played(account, checker, op, k, f):
                    print(op, d, 'NEEDED' if k.needed else 'default', 'ERR '+repr(d.gave)[:90] if d.typed_error else 'same' if d.same else 'DIFF %r -> %r' % (str(d.before)[:80], str(d.gave)[:80]))
    print(n, time.time()-t)
