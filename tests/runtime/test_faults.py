"""Every call of an apply goes wrong in every way, one at a time: it ends in good order, and the next apply finishes it.

`every_fault` has them all; the tests take some of each kind, chosen once and for all by a seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.outcome import Outcome, Result
from reconciler.model.problems import Failure
from reconciler.runtime.calls import ATTEMPTS

from . import faulty_world as world
from .faulty_world import KNOWN, NEW, Seen

READS, CALLS, WRITES = 4, 36, 27  # of an undisturbed apply; the first test holds them to what is really called
ITEMS = KNOWN + NEW
TOUCHED = KNOWN + 660  # updates and taggings
EVER = range(1, 400)
REWRITES = {"city": "upper", "first_name": "truncate:8"}
PER_KIND = 3


@dataclass(frozen=True)
class Fault:
    """One way to go wrong. `ends`: how the disturbed apply may end; None: as a failure."""

    name: str
    quirks: dict[str, Any]
    ends: tuple[Result | None, ...]
    codes: frozenset[str] = frozenset()
    lost: int = 0  # contacts that somebody deleted meanwhile
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def every_fault() -> Iterator[list[Fault]]:
    """All faults, kind by kind."""
    good, partial = (Result.APPLIED,), (Result.PARTIAL,)
    calls, writes = range(1, CALLS + 1), range(1, WRITES + 1)
    yield [Fault(f"away-once-{n}", {"unavailable": [n]}, good) for n in calls]
    yield [Fault(f"busy-every-{n}", {"busy_every": n}, good) for n in calls if n > 1]
    yield [
        Fault(
            f"away-from-{n}",
            {"unavailable": list(range(n, 400))},
            (None,) if n <= READS else partial,
            frozenset({"E303" if n <= READS else "E523"}),
        )
        for n in calls
    ]
    yield [
        Fault(f"away-for-a-while-from-{n}", {"unavailable": list(range(n, n + ATTEMPTS))}, (*good, *partial, None))
        for n in calls
    ]
    yield [Fault(f"lost-answer-{n}", {"lost_answers": [n]}, good) for n in writes]
    yield [Fault(f"two-lost-answers-{n}", {"lost_answers": [n, n + 1]}, (*good, *partial)) for n in writes]
    yield [Fault(f"lost-answers-from-{n}", {"lost_answers": list(range(n, 400))}, (*good, *partial)) for n in writes]
    yield [
        Fault(f"lost-then-away-{n}", {"lost_answers": [n], "unavailable": list(range(n + READS + 1, 400))}, partial)
        for n in writes
    ]
    yield [Fault(f"refused-{n}", {"refused_items": [n]}, partial, frozenset({"E306"})) for n in range(1, ITEMS + 1)]
    yield [Fault(f"vanished-{n}", {"vanishing": [n]}, partial, frozenset({"E307"}), 1) for n in range(1, TOUCHED + 1)]


def some_faults(per_kind: int, seed: int) -> list[Fault]:
    chosen = random.Random(seed)
    return [fault for kind in every_fault() for fault in chosen.sample(kind, per_kind)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world before the apply that is disturbed."""
    folder = tmp_path_factory.mktemp("world")
    world.before(folder)
    world.changed(folder)
    return folder


@pytest.fixture(scope="module")
def calm_and_rewritten(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The same in a CRM that stores values in its own way."""
    folder = world.copied(template, tmp_path_factory.mktemp("rewritten") / "world", rewrites=REWRITES)
    outcome = world.apply(folder)
    assert outcome.result is Result.APPLIED
    assert outcome.written.rewritten > 100
    return world.seen(folder)


@pytest.fixture(scope="module")
def calm(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What an undisturbed apply makes of it."""
    folder = world.copied(template, tmp_path_factory.mktemp("calm") / "world")
    outcome = world.apply(folder)
    assert outcome.result is Result.APPLIED
    assert sum(call.calls for call in outcome.calls) == CALLS
    assert sum(call.calls for call in outcome.calls if call.write) == WRITES
    return world.seen(folder)


def disturbed(folder: Path) -> tuple[Outcome | None, frozenset[str]]:
    try:
        outcome = world.apply(folder)
    except Failure as failure:
        return None, frozenset(p.code for p in failure.problems)
    return outcome, frozenset(p.code for p in outcome.problems)


def check(fault: Fault, template: Path, folder: Path, calm: Seen, **lasting: Any) -> None:
    """Disturb, then go on without the fault. `lasting`: quirks that stay."""
    world.copied(template, folder, **fault.quirks, **lasting)
    outcome, codes = disturbed(folder)
    assert (outcome.result if outcome else None) in fault.ends
    assert codes >= fault.codes
    assert bool(codes) == (outcome is None or outcome.result is not Result.APPLIED)
    world.write_file(folder, world.AFTER, **lasting)
    again = world.apply(folder)
    assert again.result in (Result.APPLIED, Result.NONE), again.problems
    assert again.problems == ()
    found = world.seen(folder)
    assert (found.fields, found.tags) == (calm.fields, calm.tags)
    contacts, wanted = found.by_email(), calm.by_email()
    assert len(wanted) - len(contacts) == fault.lost
    assert {email: wanted[email] for email in contacts} == contacts
    assert not world.plan(folder).pending


@pytest.mark.parametrize("fault", some_faults(PER_KIND, 2026), ids=str)
def test_an_apply_that_goes_wrong_ends_in_good_order_and_the_next_one_finishes_it(
    fault: Fault, template: Path, calm: Seen, tmp_path: Path
) -> None:
    check(fault, template, tmp_path / "world", calm)


@pytest.mark.parametrize("fault", some_faults(1, 7), ids=str)
def test_it_does_so_too_in_a_crm_that_rewrites_what_it_stores(
    fault: Fault, template: Path, calm_and_rewritten: Seen, tmp_path: Path
) -> None:
    check(fault, template, tmp_path / "world", calm_and_rewritten, rewrites=REWRITES)
