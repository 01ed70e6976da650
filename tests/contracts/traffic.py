"""Everything that HubSpot's adapter says to the emulator in the contract kit and in one call of each of its methods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest import SkipTest

from reconciler.model.capabilities import Call
from reconciler.testing.contracts import Checker, Violation
from reconciler.testing.kit import PROMISES, Promise, Subject
from tests.contracts.steps import STEPS, prepared
from tests.contracts.world import World

TAGS = ("lists", "kit_tags")


@dataclass
class Traffic:
    """`seen`: operation and status; `kinds`: the adapter's kind of call, too."""

    seen: Counter[tuple[str, int]] = field(default_factory=Counter)
    kinds: Counter[tuple[Call, str, int]] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def add(self, world: World) -> None:
        self.seen += world.checked.seen
        self.kinds += world.kinds
        self.violations += world.checked.violations


def all_traffic(checker: Checker, folders: Callable[[str], Path]) -> Traffic:
    """The whole kit, and every method of the door, with tags as lists and as options of a property."""
    traffic = Traffic()
    for tags in TAGS:
        for promise in PROMISES:
            world = World(folders("kit"), checker, tags=tags)
            _promised(world, promise)
            traffic.add(world)
        for step in STEPS.values():
            world = World(folders("step"), checker, tags=tags)
            step(world.opened(), prepared(world))
            world.close()
            traffic.add(world)
    return traffic


def _promised(world: World, promise: Promise) -> None:
    """Whether it is kept is asked elsewhere; here what is said on the way counts."""
    env = {"TOKEN": world.token}
    try:
        promise.check(
            Subject(world.opened, world.section, world.folder, (world.token,), env=env, transport=world.transport)
        )
    except (SkipTest, AssertionError):
        pass
    finally:
        world.close()
