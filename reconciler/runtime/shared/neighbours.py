"""The other states of the same place: what they remember is looked at, and nothing of them is changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from reconciler.model.problems import Failure, Problem
from reconciler.model.shared import SharedState
from reconciler.runtime.folder import Folder
from reconciler.runtime.request import Request
from reconciler.runtime.shared.copy import Copy, Gone
from reconciler.runtime.shared.vault import Vault, open_vault


class Neighbour(NamedTuple):
    """Another state: a folder that holds its SQLite files while it is looked at, or why it cannot be looked at."""

    name: str
    folder: Path | None
    problems: tuple[Problem, ...] = ()


def neighbours(request: Request, state: SharedState) -> Iterator[Neighbour]:
    """All others, by name. Raises Failure where it cannot be told which there are."""
    with open_vault(request, state) as vault, vault.said():
        names = sorted(set(vault.store.states()) - {state.name})
    for name in names:
        with tempfile.TemporaryDirectory(prefix="reconciler-") as aside:
            try:
                with open_vault(request, replace(state, name=name)) as theirs:
                    _copied(theirs, Folder(Path(aside)))
            except (Failure, Gone) as error:
                yield Neighbour(name, None, error.problems if isinstance(error, Failure) else ())
            else:
                yield Neighbour(name, Path(aside))


def _copied(vault: Vault, folder: Folder) -> None:
    Copy(folder, vault.state).rebuild(vault, vault.content(), only=".db")
