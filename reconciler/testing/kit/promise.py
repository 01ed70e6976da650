"""A promise: one sentence, what it needs, and a short play that fails where it is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from unittest import SkipTest

from reconciler.adapters.crm import Crm
from reconciler.model.capabilities import Ability
from reconciler.testing.stage import Stage, Subject

Need = Ability | type
"""An ability, or one of the optional protocols of the door."""

Keep = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Promise:
    """`keep(stage)` fails with AssertionError, or with the door's own error, where the promise is broken."""

    number: int
    sentence: str
    keep: Keep
    needs: tuple[Need, ...] = ()

    def __str__(self) -> str:
        return f"{self.number:02d}-{self.sentence.replace(' ', '-')}"

    def check(self, subject: Subject) -> None:
        """Raises unittest's SkipTest, with the declared reason, if the CRM cannot do what the promise is about."""
        if not __debug__:
            raise RuntimeError("promises are assertions: run Python without -O")
        stage = Stage(subject)
        try:
            for need in self.needs:
                reason = _lacking(stage.crm, need)
                if reason:
                    raise SkipTest(reason)
            self.keep(stage)
        finally:
            stage.close()


def collected(kept: list[Promise]) -> Callable[..., Callable[[Keep], Keep]]:
    """A decorator `promise(sentence, *needs)` that adds a row to that list; it is numbered among all others later."""

    def promise(sentence: str, *needs: Need) -> Callable[[Keep], Keep]:
        def add(keep: Keep) -> Keep:
            kept.append(Promise(0, sentence, keep, needs))
            return keep

        return add

    return promise


def numbered(kept: Iterable[Promise]) -> tuple[Promise, ...]:
    return tuple(replace(promise, number=number) for number, promise in enumerate(kept, 1))


def _lacking(crm: Crm, need: Need) -> str | None:
    """Why the CRM does not have it, or None."""
    if isinstance(need, Ability):
        return crm.capabilities.why_not(need)
    return None if isinstance(crm, need) else f"the adapter has no {need.__name__}"
