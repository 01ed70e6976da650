"""Each key that HubSpot's adapter reads is left out of the answers once: a typed error, or declared tolerance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
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

TOLERATED = {
    "next": "the last page has none",
    "paging": "the last page has none",
    "uiDomain": "the account's name, which is only shown",
    "hubspotDefined": "the document lets it be missing; the property counts as the account's own",
    "modificationMetadata": "the document lets it be missing; the property counts as writable, and HubSpot refuses",
}
"""Keys with a default whose absence changes what is read."""

GOES_ON = {
    "POST /oauth/v2/private-apps/get/access-token-info": "not every token is a private app's: scopes are then unknown",
}
"""Operations whose failure is no error of the step."""


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
        with_copy = World(_copied(file, tmp_path_factory.mktemp("step")), checker, page=1)
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

    operation: str
    step: str
    key: ReadKey
    gave: object
    before: object

    @property
    def typed_error(self) -> bool:
        return isinstance(self.gave, AdapterError) or _errors(self.gave) > 0

    @property
    def same(self) -> bool:
        return self.gave == self.before

    def __str__(self) -> str:
        return f"{self.operation}: {self.step} without {self.key}"


def _errors(gave: object) -> int:
    return sum(bool(item[1]) for item in gave if isinstance(item, tuple)) if isinstance(gave, list) else 0


def _played(account: Account, checker: Checker, operation: str, key: ReadKey, folder: Path) -> Iterator[Dropped]:
    """Every step that calls the operation, on an account of its own; those that never met the key are left out."""
    for number, (name, step) in enumerate(STEPS.items()):
        if operation in account.called[name]:
            own = folder / f"{number} {key}".replace("/", ".").replace("*", "each")
            own.mkdir()
            drop = partial(DroppingTransport, checker=checker, operation=operation, place=key.place)
            world = World(_copied(account.file, own), checker, wrap=drop, page=1)
            gave = outcome(step, world.opened(), account.ids)
            world.close()
            assert isinstance(world.transport, DroppingTransport)
            if world.transport.dropped:
                yield Dropped(operation, name, key, gave, account.gave[name])


@pytest.fixture(scope="session")
def dropped(
    account: Account, shapes: Mapping[str, set[type]], checker: Checker, tmp_path_factory: pytest.TempPathFactory
) -> Sequence[Dropped]:
    return [
        dropped
        for operation, read in sorted(shapes.items())
        for key in {str(key): key for shape in read for key in read_keys(shape)}.values()
        for dropped in _played(account, checker, operation, key, tmp_path_factory.mktemp("dropped"))
    ]


def test_a_needed_key_that_is_missing_is_a_typed_error(dropped: Sequence[Dropped]) -> None:
    needed = [d for d in dropped if d.key.needed and d.operation not in GOES_ON]
    assert len(needed) > 60
    assert [str(d) for d in needed if not d.typed_error] == []


def test_a_key_with_a_default_changes_nothing_or_is_a_known_one(dropped: Sequence[Dropped]) -> None:
    changing = {d.key.place[-1] for d in dropped if not d.key.needed and not d.typed_error and not d.same}
    assert changing == TOLERATED.keys()


def test_what_goes_on_without_an_answer_goes_on_alike(dropped: Sequence[Dropped]) -> None:
    assert {d.operation for d in dropped if d.key.needed and d.same} == GOES_ON.keys()


def test_every_needed_key_was_met(dropped: Sequence[Dropped], shapes: Mapping[str, set[type]]) -> None:
    needed = {
        (operation, str(key))
        for operation, read in shapes.items()
        for shape in read
        for key in read_keys(shape)
        if key.needed
    }
    assert needed - {(d.operation, str(d.key)) for d in dropped} == set()


def test_an_adapter_that_takes_a_missing_key_for_an_empty_one_would_be_noticed() -> None:
    silent = Dropped("GET /things", "things", ReadKey(("results",), needed=True), [], ["7"])
    assert not silent.typed_error
    assert not silent.same
