"""Errors of the two doors become problems: the class says the code and the exit, their own sentence is the detail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.adapters.errors import AdapterError, AuthFailed, SourceFailed
from reconciler.model.messages import problem
from reconciler.model.problems import Exit, Failure, Place, Problem

_UNKNOWN = "E309"


def problem_of(error: AdapterError, where: Place | None = None) -> Problem:
    """The problem that an adapter's error reports. No foreign text can be in it: adapters' sentences are ours."""
    from reconciler.model.messages import MESSAGES

    code = error.code if error.code in MESSAGES else _UNKNOWN
    row = f"row {error.row}" if isinstance(error, SourceFailed) and error.row else ""
    detail = ", ".join(part for part in (row, error.detail) if part)
    return problem(code, detail, where, error.fix or None)


def failure_of(error: AdapterError, where: Place | None = None) -> Failure:
    return Failure(problem_of(error, where), Exit.AUTHENTICATION if isinstance(error, AuthFailed) else Exit.ERROR)


@contextmanager
def doors_said(where: Place | None = None) -> Iterator[None]:
    """Turns every adapter's error into a `Failure`."""
    try:
        yield
    except AdapterError as error:
        raise failure_of(error, where) from None
