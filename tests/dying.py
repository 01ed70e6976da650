"""An apply that dies at one instant, in this process: before or after a call of the CRM, the source or the state.

The instants are those between which something outlives the process. Nothing catches the exception, as nothing would
keep the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pyarrow as pa

from reconciler.adapters.local.door import LocalDoor
from reconciler.adapters.source import Edit, Same, Writable, Wrote
from reconciler.localcrm import LocalCrm
from reconciler.model.capabilities import Call
from reconciler.runtime.apply import Work
from reconciler.runtime.approving import approval
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.pipeline import Request
from reconciler.runtime.refusals import refusals
from reconciler.runtime.session import applying_alone, open_session
from reconciler.runtime.state import State

AT_ONCE = 2
"""Contacts and rows that one call takes, so that there are instants between the calls."""


class Died(BaseException):
    """The process is gone."""


class Death:
    """Dies at the instant of that number; each call has one before and one after it."""

    def __init__(self, instant: int) -> None:
        self._left = instant

    def amid(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self._pass()
        answer = call(*arguments, **named)
        self._pass()
        return answer

    def _pass(self) -> None:
        if self._left == 0:
            raise Died
        self._left -= 1


class DyingCrm(LocalDoor):
    def __init__(self, crm: LocalCrm, death: Death) -> None:
        super().__init__(crm)
        few = {Call.ADD_CONTACTS, Call.UPDATE_CONTACTS, Call.APPLY_TAG, Call.REMOVE_TAG, Call.LOAD_CONTACTS}
        endpoints = self.capabilities.endpoints.items()
        self.capabilities = replace(
            self.capabilities,
            endpoints={call: replace(at, batch=AT_ONCE) if call in few else at for call, at in endpoints},
        )
        self._death = death

    def add_contacts(self, items: Any) -> Any:
        return self._death.amid(super().add_contacts, items)

    def update_contacts(self, items: Any) -> Any:
        return self._death.amid(super().update_contacts, items)

    def load_many(self, ids: Any, fields: Any) -> Any:
        return self._death.amid(super().load_many, ids, fields)

    def apply_tag(self, tag: str, contact_ids: Any) -> Any:
        return self._death.amid(super().apply_tag, tag, contact_ids)

    def remove_tag(self, tag: str, contact_ids: Any) -> Any:
        return self._death.amid(super().remove_tag, tag, contact_ids)

    def add_field(self, field: Any) -> Any:
        return self._death.amid(super().add_field, field)

    def rename_field(self, key: str, new_key: str) -> None:
        self._death.amid(super().rename_field, key, new_key)

    def add_tag(self, name: str) -> Any:
        return self._death.amid(super().add_tag, name)


class DyingSource:
    """A `Writable` over another one."""

    at_once = AT_ONCE

    def __init__(self, source: Writable, death: Death) -> None:
        self._source: Any = source
        self._death = death

    def columns(self) -> Sequence[str]:
        return self._source.columns()  # type: ignore[no-any-return]  # any source

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        return self._source.read(columns)  # type: ignore[no-any-return]  # any source

    def label(self) -> str:
        return self._source.label()  # type: ignore[no-any-return]  # any source

    def close(self) -> None:
        self._source.close()

    def cannot_write(self) -> str:
        return self._source.cannot_write()  # type: ignore[no-any-return]  # any source

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        return self._death.amid(self._source.write, person, edits, same)  # type: ignore[no-any-return]  # any call


class DyingState(State):
    def __init__(self, state: State, death: Death) -> None:
        super().__init__(state.path, state.key)
        self._death = death

    def begin(self, *arguments: Any, **named: Any) -> None:
        self._death.amid(super().begin, *arguments, **named)

    def add_moves(self, batch: pa.RecordBatch) -> None:
        self._death.amid(super().add_moves, batch)

    def settle(self, *arguments: Any, **named: Any) -> None:
        self._death.amid(super().settle, *arguments, **named)

    def agree(self) -> None:
        self._death.amid(super().agree)

    def fold(self, file: Any) -> None:
        self._death.amid(super().fold, file)


def apply_and_die(request: Request, crm: LocalCrm, instant: int) -> bool:
    """One apply as `pipeline.apply` does it, over that CRM. Whether it came to its end before it could die."""
    death = Death(instant)
    try:
        with applying_alone(request), open_session(request) as session:
            session.gateway = Gateway(DyingCrm(crm, death), request.clock)
            assert isinstance(session.source, Writable)
            session.source = DyingSource(session.source, death)  # type: ignore[assignment]  # both are sources
            with closing(DyingState(session.state, death)) as state:
                session.state = state
                approved = approval(request, session)
                request = approved.request
                made = approved.of(session.diff(request, remember=True))
                assert not refusals(made)
                approved.ended("begun")
                work = Work(made, session.desired, session.inventory, request.scope, request.clock.now, session.source)
                if made.pending:
                    session.carry_out(request, work, lambda: False)
                else:
                    session.nothing_to_do(request, work)
    except Died:
        return False
    return True
