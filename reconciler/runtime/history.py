"""The history of one person: what the runs that are remembered wrote to them. Neither door is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.model.addresses import person_digest
from reconciler.model.history import Act, RunFacts, Write
from reconciler.model.why import Written
from reconciler.runtime.keptwrites import KeptWrites
from reconciler.runtime.request import Request
from reconciler.runtime.showing import state_of


def writes_to(request: Request, person: str) -> tuple[Written, ...]:
    """The newest run first; within a run in its order."""
    with state_of(request) as state:
        if state is None:
            return ()
        kept = KeptWrites(state.path, state.key)
        return tuple(found_writes(kept, person_digest(state.key, person), lambda _write: True))


def found_writes(kept: KeptWrites, digest: bytes, wanted: Callable[[Write], bool]) -> Iterator[Written]:
    """Of one person, those that are wanted; the newest run first. A run whose file is damaged ends it with Failure."""
    for run in kept.runs():
        facts = kept.facts(run)
        if facts is not None:
            for write in kept.of_person(run, digest):
                if wanted(write):
                    yield Written(facts, write, place_of(write, facts))


def place_of(write: Write, facts: RunFacts) -> str:
    """The line of the file that asked for it, as it was at that run."""
    if not write.tag:
        return facts.places.get(write.name, "")
    return facts.places.get(f"tag:{write.name}") or facts.places.get(f"tags:{_prefix(write.name, facts)}", "")


def shown_name(write: Write, facts: RunFacts) -> str:
    """The name as it may be shown: one that is made of a value under the name of its list."""
    if not write.tag or f"tag:{write.name}" in facts.places:
        return write.name
    return f"{_prefix(write.name, facts)}*"


def _prefix(name: str, facts: RunFacts) -> str:
    prefixes = (entry.removeprefix("tags:") for entry in facts.places if entry.startswith("tags:"))
    return max((prefix for prefix in prefixes if name.startswith(prefix)), key=len, default="")


def made_contact(write: Write) -> bool:
    return write.act is Act.CREATE
